#include <hashweave/compose/chain.hpp>
#include <hashweave/compose/named.hpp>
#include <hashweave/nn/label_attention.hpp>
#include <hashweave/nn/pick.hpp>
#include <hashweave/nn/self_attention.hpp>

#include "support/check_error.hpp"
#include "support/check_gradient.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

using Values = std::vector<double>;

template <Size Heads>
struct Attended : Chain<Named<"embed", LabelTokenEmbed<4, 6>>, Named<"attn", LabelAttention<6, Heads, 4>>> {};

/// The prior is a statistic, which `randomise` leaves at 0: a layer whose prior has values.
template <Size Heads>
struct WithPrior : Attended<Heads> {
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    Attended<Heads>::visit(
        [&](const Path& path, const Init& init, auto& array) {
          f(path, path.text().ends_with("prior") ? Init::statistic(-0.7) : init, array);
        },
        at, p);
  }
};

Batch<TokenIds> some_labels() {
  Batch<TokenIds> batch{{1, 4, 2, 3}};
  batch.values = {0, 0, 2, 4, 1, 0, 3, 0, 1, 4};
  return batch;
}

}  // namespace

TEST_CASE("LabelAttention gradient agrees with central differences", "[nn][gradient]") {
  check_gradient_on_ids(WithPrior<1>{}, some_labels());
  check_gradient_on_ids(WithPrior<3>{}, some_labels());
  check_gradient_on_ids(WithPrior<2>{}, Batch<TokenIds>{{1}});
}
TEST_CASE("LabelAttention gradient agrees with central differences where the prior differs", "[nn][gradient]") {
  using L = Chain<Named<"embed", LabelTokenEmbed<4, 6>>, Named<"attn", LabelAttention<6, 2, 4>>, FirstToken<6>>;
  B be{1};
  Parameters<B, L> params, grads;
  randomise(params, 3);
  Values prior(25);
  randomise(prior, 4, 1);
  params.assign("attn.prior", prior);
  Batch<TokenIds> x = some_labels();
  Values w(24);
  randomise(w, 5);
  const auto f = [&] {
    be.tape().rewind();
    const auto y = L{}.forward(be, *params, x.view()).y;
    double sum = 0;
    for (std::size_t i = 0; i < w.size(); ++i) sum += w[i] * y.data[i];
    return sum;
  };
  const auto step = L{}.forward(be, *params, x.view());
  L{}.backward(be, *params, step.saved, View<B, Vectors<6>>{w.data(), 4}, *grads);
  Worst worst;
  probe_parameters(params, grads, f, worst);
  expect_gradient(worst);
  CHECK(grads.values("attn.prior") == Values(25));  // nothing changes it
}
TEST_CASE("LabelAttention with a prior of zeros is SelfAttention", "[nn][values]") {
  using L = LabelAttention<6, 2, 4>;
  using Plain = SelfAttention<6, 2>;
  B be{1};
  Parameters<B, L> params;
  Parameters<B, Plain> plain;
  randomise(params, 3);
  for (const ParameterEntry& e : plain.entries()) plain.assign(e.name, params.values(e.name));
  Batch<TokenIds> ids = some_labels();
  Batch<Tokens<6>> x{{1, 4, 2, 3}};
  randomise(x.values, 9);
  const View<B, LabelTokens<6>> labelled{x.values.data(), LabelLayout{x.view().segments, ids.values.data()}};
  const auto y = L{}.forward(be, *params, labelled).y;
  const auto expected = Plain{}.forward(be, *plain, x.view()).y;
  for (Size i = 0; i < y.mat().size(); ++i) CHECK(y.data[i] == Approx(expected.data[i]).margin(1e-14));
}
TEST_CASE("LabelAttention by hand: the prior alone decides", "[nn][values]") {
  // One head of width 1, queries of zeros: softmax(m A) weighs the tokens' values.
  using L = LabelAttention<1, 1, 3>;
  B be{1};
  Parameters<B, L> params;
  params.assign("qkv.weight", Values{0, 0, 1});
  params.assign("proj.weight", Values{1});
  params.assign("multiple", Values{2});
  Values prior(16);
  prior[4 * 2 + 3] = std::log(3.0) / 2;  // label 1 (id 2) sees label 2 (id 3) three times as much as the rest
  params.assign("prior", prior);
  Values x{1, 10, 100};
  const std::vector<std::int32_t> ids{0, 2, 3};
  const std::vector<Size> offsets{0, 3};
  const auto y =
      L{}.forward(be, *params, View<B, LabelTokens<1>>{x.data(), LabelLayout{{offsets.data(), 1}, ids.data()}}).y;
  CHECK(y.data[0] == Approx(37));
  CHECK(y.data[1] == Approx((1 + 10 + 3 * 100) / 5.0));
  CHECK(y.data[2] == Approx(37));
}
TEST_CASE("Labels outside the table are refused", "[nn][errors]") {
  B be{1};
  const Parameters<B, Attended<1>> params;
  Batch<TokenIds> ids{{2}};
  ids.values = {0, 5};
  check_error([&] { Attended<1>{}.forward(be, *params, ids.view()); },
              {"TokenEmbed", "id of token 1", "expected 0 to 4, got 5"});
}
