#include <hashweave/nn/activation.hpp>
#include <hashweave/nn/batch_norm.hpp>
#include <hashweave/nn/embedding.hpp>
#include <hashweave/nn/grouped_linear.hpp>
#include <hashweave/nn/layer_norm.hpp>
#include <hashweave/nn/layer_scale.hpp>
#include <hashweave/nn/patch_embed.hpp>
#include <hashweave/nn/pick.hpp>
#include <hashweave/nn/scaled_tanh.hpp>
#include <hashweave/nn/self_attention.hpp>
#include <hashweave/nn/sign.hpp>
#include <hashweave/nn/softmax.hpp>
#include <hashweave/nn/split_tokens.hpp>
#include <hashweave/optim/groups.hpp>

#include "support/check_gradient.hpp"

// Each layer on an example small enough to compute by hand.
using namespace hashweave;
using namespace hashweave::test;

namespace {

using Values = std::vector<double>;

/// A layer with its parameters, and what it gives.
template <class L, class S>
struct Example {
  B be{1};
  L layer;
  Parameters<B, L> params, grads;

  Values forward(View<B, S> x) { return values(layer.forward(be, *params, x).y); }
  Values used(View<B, S> x) { return values(infer(be, layer, *params, x)); }
  template <class V>
  static Values values(V y) {
    return Values(y.data, y.data + y.mat().size());
  }
};
void check_near(const Values& got, const Values& expected) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    INFO("value " << i);
    CHECK(got[i] == Approx(expected[i]).margin(1e-12));
  }
}
template <class L>
Values of_row(Values x) {
  Example<L, Vectors<3>> e;
  REQUIRE(x.size() == 3);
  return e.forward({x.data(), 1});
}

}  // namespace

TEST_CASE("Linear by hand", "[nn][values]") {
  Example<Linear<2, 3>, Vectors<2>> e;
  e.params.assign("weight", Values{1, 2, 3, 4, 5, 6});
  e.params.assign("bias", Values{10, 20, 30});
  Values x{1, 2, -1, 0};
  CHECK(e.forward({x.data(), 2}) == Values{15, 31, 47, 9, 17, 25});
}
TEST_CASE("GroupedLinear by hand: each group has a weight of its own", "[nn][values]") {
  Example<GroupedLinear<3, 2, 1>, Vectors<6>> e;
  e.params.assign("weight", Values{1, 2, 3, 4, 5, 6});
  e.params.assign("bias", Values{10, 20, 30});
  Values x{1, 2, 1, 0, 0, -1, 0, 1, 2, 2, 1, 1}, dy{1, 2, 3, 1, 0, 0};
  CHECK(e.forward({x.data(), 2}) == Values{15, 23, 24, 12, 34, 41});
  const auto step = e.layer.forward(e.be, *e.params, View<B, Vectors<6>>{x.data(), 2});
  const auto dx = e.layer.backward(e.be, *e.params, step.saved, View<B, Vectors<3>>{dy.data(), 2}, *e.grads);
  CHECK(e.values(dx) == Values{1, 2, 6, 8, 15, 18, 1, 2, 0, 0, 0, 0});
  CHECK(e.grads.values("weight") == Values{1, 3, 2, 0, 0, -3});
  CHECK(e.grads.values("bias") == Values{2, 2, 3});
}
TEST_CASE("Activations by hand", "[nn][values]") {
  check_near(of_row<Relu>({-2, 0, 3}), {0, 0, 3});
  check_near(of_row<Tanh>({-1, 0, 0.5}), {-0.76159415595576489, 0, 0.46211715726000975});
  check_near(of_row<Sigmoid>({-1, 0, 2}), {0.26894142136999512, 0.5, 0.88079707797788243});
  check_near(of_row<Gelu>({-1, 0, 2}), {-0.15865525393145707, 0, 1.9544997361036416});
  check_near(of_row<GeluTanh>({-1, 0, 2}), {-0.15880800939172324, 0, 1.9545976940877752});
  check_near(of_row<QuickGelu>({-1, 0, 2}), {-1 / (1 + std::exp(1.702)), 0, 2 / (1 + std::exp(-3.404))});
}
TEST_CASE("ScaledTanh by hand", "[nn][values]") {
  Example<ScaledTanh, Vectors<3>> e;
  e.layer.beta = 4;
  Values x{-0.25, 0, 0.5};
  check_near(e.forward({x.data(), 1}), {std::tanh(-1.0), 0, std::tanh(2.0)});
}
TEST_CASE("SignStraightThrough gives ±1, -1 for 0, and hands the gradient on", "[nn][values]") {
  Example<SignStraightThrough, Vectors<3>> e;
  Values x{-0.25, 0, 0.5}, dy{1, 2, 3};
  CHECK(e.forward({x.data(), 1}) == Values{-1, -1, 1});
  const auto step = e.layer.forward(e.be, *e.params, View<B, Vectors<3>>{x.data(), 1});
  CHECK(e.values(e.layer.backward(e.be, *e.params, step.saved, View<B, Vectors<3>>{dy.data(), 1}, *e.grads)) == dy);
}
TEST_CASE("Softmax by hand", "[nn][values]") {
  check_near(of_row<Softmax>({0, 0, 0}), {1.0 / 3, 1.0 / 3, 1.0 / 3});
  check_near(of_row<Softmax>({std::log(1.0), std::log(2.0), std::log(5.0)}), {0.125, 0.25, 0.625});
  check_near(of_row<Softmax>({1000, 1000, -1000}), {0.5, 0.5, 0});
}
TEST_CASE("LayerNorm by hand", "[nn][values]") {
  Example<LayerNorm<4>, Vectors<4>> e;
  e.layer.eps = 0.75;  // variance 1.25, deviation sqrt(2)
  e.params.assign("weight", Values{1, 1, 2, 1});
  e.params.assign("bias", Values{0, 0, 0, 5});
  Values x{1, 2, 3, 4};
  const double r = std::sqrt(2.0);
  check_near(e.forward({x.data(), 1}), {-1.5 / r, -0.5 / r, 1 / r, 5 + 1.5 / r});
}
TEST_CASE("LayerScale by hand", "[nn][values]") {
  Example<LayerScale<2>, Vectors<2>> e;
  e.params.assign("gamma", Values{2, -1});
  Values x{1, 2, 3, 4};
  CHECK(e.forward({x.data(), 2}) == Values{2, -2, 6, -4});
}
TEST_CASE("BatchNorm takes the batch's statistics in training and the running ones in use", "[nn][values]") {
  Example<BatchNorm<1>, Vectors<1>> e;
  e.layer.eps = 1;
  e.params.assign("weight", Values{3});
  e.params.assign("bias", Values{10});
  e.params.assign("running_mean", Values{1});
  e.params.assign("running_var", Values{8});
  Values x{0, 4, 8, 4};  // mean 4, biased variance 8, so that the deviation is 3
  check_near(e.forward({x.data(), 4}), {6, 10, 14, 10});
  check_near(e.used({x.data(), 4}), {9, 13, 17, 13});
}
TEST_CASE("BatchNorm's running statistics follow PyTorch's rule", "[nn][values]") {
  Example<BatchNorm<1>, Vectors<1>> e;
  e.layer.momentum = 0.25;
  e.params.assign("weight", Values{1});
  e.params.assign("running_mean", Values{2});
  e.params.assign("running_var", Values{1});
  Values x{0, 4, 8, 4}, y{1, 1, 1, 1};
  const auto step = e.layer.forward(e.be, *e.params, View<B, Vectors<1>>{x.data(), 4});
  CHECK(e.params.values("running_mean") == Values{2});
  e.layer.backward(e.be, *e.params, step.saved, View<B, Vectors<1>>{y.data(), 4}, *e.grads);
  CHECK(e.params.values("running_mean") == Values{2});  // parameters do not change within a step
  update_statistics(e.be, e.params, e.grads);
  check_near(e.params.values("running_mean"), {0.75 * 2 + 0.25 * 4});
  check_near(e.params.values("running_var"), {0.75 * 1 + 0.25 * 32.0 / 3});  // the unbiased variance
  CHECK(e.params.values("weight") == Values{1});                             // nothing else is added
}
TEST_CASE("TokenEmbed by hand", "[nn][values]") {
  Example<TokenEmbed<3, 2, 2, 2>, TokenIds> e;
  e.params.assign("word", Values{1, 2, 3, 4, 5, 6});
  e.params.assign("position", Values{10, 20, 30, 40});
  e.params.assign("type", Values{100, 200, 300, 400});
  Batch<TokenIds> ids{{2, 1}};
  ids.values = {2, 0, 1};
  CHECK(e.forward(ids.view()) == Values{115, 226, 131, 242, 113, 224});
  ids.types = {1, 0, 1};
  CHECK(e.forward(ids.view()) == Values{315, 426, 131, 242, 313, 424});
}
TEST_CASE("PatchEmbed lays a patch out by channel, row and column, and puts the class token first", "[nn][values]") {
  Example<PatchEmbed<2, 2, 4, 2, 8>, Pixels<2, 2, 4>> e;
  Values identity(64, 0);
  for (std::size_t i = 0; i < 8; ++i) identity[9 * i] = 1;
  e.params.assign("proj.weight", identity);
  e.params.assign("cls_token", Values(8, 7));
  Values position(24, 0);
  position[0] = position[8] = 100;
  e.params.assign("pos_embed", position);
  Values image(16);
  for (std::size_t i = 0; i < 16; ++i) image[i] = static_cast<double>(i);
  CHECK(e.forward({image.data(), 1}) ==
        Values{107, 7, 7, 7, 7, 7, 7, 7, 100, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15});
}
TEST_CASE("FirstToken, LastToken and MeanPool by hand", "[nn][values]") {
  Batch<Tokens<1>> x{{1, 3}};
  x.values = {1, 2, 3, 7};
  CHECK(Example<FirstToken<1>, Tokens<1>>{}.forward(x.view()) == Values{1, 2});
  CHECK(Example<LastToken<1>, Tokens<1>>{}.forward(x.view()) == Values{1, 7});
  CHECK(Example<MeanPool<1>, Tokens<1>>{}.forward(x.view()) == Values{1, 4});
}
TEST_CASE("SplitTokens by hand: the first token in front of each share, the first shares longer", "[nn][values]") {
  Batch<Tokens<1>> x{{6, 3}};
  x.values = {1, 2, 3, 4, 5, 6, 10, 20, 30};
  Example<SplitTokens<2, 1>, Tokens<1>> e;
  const auto step = e.layer.forward(e.be, *e.params, x.view());
  CHECK(e.values(step.y) == Values{1, 2, 3, 4, 1, 5, 6, 10, 20, 10, 30});
  const Segments s = step.y.segments;
  CHECK(std::vector<Size>(s.offsets, s.offsets + s.count + 1) == std::vector<Size>{0, 4, 7, 9, 11});
  Values dy{1, 2, 3, 4, 100, 5, 6, 7, 8, 9, 10};
  const auto dx = e.layer.backward(e.be, *e.params, step.saved, View<B, Tokens<1>>{dy.data(), s}, *e.grads);
  CHECK(e.values(dx) == Values{101, 2, 3, 4, 5, 6, 16, 8, 10});
}
TEST_CASE("FoldRows by hand", "[nn][values]") {
  Example<FoldRows<2, 1>, Vectors<1>> e;
  Values x{1, 2, 3, 4};
  const auto y = e.layer.forward(e.be, *e.params, View<B, Vectors<1>>{x.data(), 4}).y;
  CHECK(y.rows == 2);
  CHECK(y.mat()(1, 0) == 3);
  CHECK(y.mat()(1, 1) == 4);
}
TEST_CASE("SelfAttention by hand: softmax of q k / sqrt(width) over the tokens of the same sequence", "[nn][values]") {
  const auto run = [](auto layer) {
    Example<decltype(layer), Tokens<1>> e;
    e.params.assign("qkv.weight", Values{1, 2, 3});  // q = x, k = 2x, v = 3x
    e.params.assign("proj.weight", Values{1});
    Batch<Tokens<1>> x{{2, 1}};
    x.values = {1, 2, 5};
    return e.forward(x.view());
  };
  const auto mix = [](double s1, double s2) {
    return (3 * std::exp(s1) + 6 * std::exp(s2)) / (std::exp(s1) + std::exp(s2));
  };
  check_near(run(SelfAttention<1, 1>{}), {mix(2, 4), mix(4, 8), 15});
  check_near(run(SelfAttention<1, 1, Causal>{}), {3, mix(4, 8), 15});
}
TEST_CASE("SelfAttention adds its learned bias to the logits by head, query and key", "[nn][values]") {
  Example<SelfAttention<2, 2, Full, LearnedLogitBias<2>>, Tokens<2>> e;
  Values qkv(12, 0);
  qkv[8] = qkv[11] = 1;  // q = k = 0, v = x
  e.params.assign("qkv.weight", qkv);
  e.params.assign("proj.weight", Values{1, 0, 0, 1});
  e.params.assign("bias", Values{std::log(3.0), 0, 0, 0, 0, 0, 0, std::log(4.0)});
  Batch<Tokens<2>> x{{2}};
  x.values = {0, 0, 1, 1};
  check_near(e.forward(x.view()), {0.25, 0.5, 0.5, 0.8});
}
TEST_CASE("Sequences of a packed batch do not see each other", "[nn][values]") {
  Example<SelfAttention<6, 2>, Tokens<6>> e;
  randomise(e.params, 3);
  Batch<Tokens<6>> both{{3, 2}}, second{{2}};
  randomise(both.values, 4);
  std::copy(both.values.begin() + 18, both.values.end(), second.values.begin());
  const Values all = e.forward(both.view()), alone = e.forward(second.view());
  check_near(Values(all.begin() + 18, all.end()), alone);
}
