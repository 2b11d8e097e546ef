#include <hashweave/nn/embedding.hpp>
#include <hashweave/nn/patch_embed.hpp>
#include <hashweave/nn/pick.hpp>
#include <hashweave/nn/split_tokens.hpp>

#include "support/check_gradient.hpp"

using namespace hashweave;
using namespace hashweave::test;

TEST_CASE("Embedding gradient agrees with central differences", "[nn][gradient]") {
  for (const Lengths& lengths : usual_shapes) check_gradient_on_ids(Embedding<7, 5>{}, some_tokens(lengths, 7));
}
TEST_CASE("TokenEmbed gradient with positions and types agrees with central differences", "[nn][gradient]") {
  for (const Lengths& lengths : usual_shapes) {
    check_gradient_on_ids(TokenEmbed<7, 6, 5, 2>{}, some_tokens(lengths, 7, 2));
    check_gradient_on_ids(TokenEmbed<7, 6, 5, 2>{}, some_tokens(lengths, 7));  // no types given: all 0
  }
}
TEST_CASE("TokenEmbed gradient with positions or types alone agrees with central differences", "[nn][gradient]") {
  for (const Lengths& lengths : usual_shapes) {
    check_gradient_on_ids(TokenEmbed<7, 6, 5>{}, some_tokens(lengths, 7));
    check_gradient_on_ids(TokenEmbed<7, 0, 5, 3>{}, some_tokens(lengths, 7, 3));
  }
}
TEST_CASE("TokenEmbed gradient agrees with central differences when its columns are cut into slices",
          "[nn][gradient]") {
  check_gradient_on_ids(TokenEmbed<3, 4, 70, 2>{}, some_tokens({2, 4}, 3, 2));
}

TEST_CASE("PatchEmbed gradient agrees with central differences", "[nn][gradient]") {
  check_layer<Pixels<3, 4, 4>>(PatchEmbed<3, 4, 4, 2, 5>{}, {{1}, {3}});
  check_layer<Pixels<2, 6, 3>>(PatchEmbed<2, 6, 3, 3, 4>{}, {{1}, {2}});  // not square
  check_layer<Pixels<1, 3, 3>>(PatchEmbed<1, 3, 3, 3, 2>{}, {{2}});       // one patch
}
TEST_CASE("PatchEmbed gradient without a bias agrees with central differences", "[nn][gradient]") {
  check_layer<Pixels<3, 4, 4>>(PatchEmbed<3, 4, 4, 2, 5, NoBias>{}, {{1}, {3}});
}
TEST_CASE("PatchEmbed without the image gradient has the same parameter gradients", "[nn][gradient]") {
  using L = PatchEmbed<3, 4, 4, 2, 5>;
  const auto gradients = [](ImageGradient which) {
    B be{1};
    Parameters<B, L> params, grads;
    randomise(params, 5);
    Batch<Pixels<3, 4, 4>> x{{2}};
    randomise(x.values, 6);
    L layer;
    layer.image_gradient = which;
    const auto step = layer.forward(be, *params, x.view());
    const auto dx = layer.backward(be, *params, step.saved, step.y, *grads);
    CHECK((dx.data == nullptr) == (which == ImageGradient::skipped));
    return grads;
  };
  const auto all = gradients(ImageGradient::computed), some = gradients(ImageGradient::skipped);
  for (const ParameterEntry& e : all.entries()) CHECK(all.values(e.name) == some.values(e.name));
}

TEST_CASE("FirstToken, LastToken and MeanPool gradients agree with central differences", "[nn][gradient]") {
  const std::vector<Lengths> shapes{{1}, {4}, {5, 1, 3}, {1, 1, 1}};
  check_layer<Tokens<3>>(FirstToken<3>{}, shapes);
  check_layer<Tokens<3>>(LastToken<3>{}, shapes);
  check_layer<Tokens<3>>(MeanPool<3>{}, shapes);
}
TEST_CASE("SplitTokens gradient agrees with central differences", "[nn][gradient]") {
  check_layer<Tokens<3>>(SplitTokens<1, 3>{}, {{2}, {4, 2}});
  check_layer<Tokens<3>>(SplitTokens<2, 3>{}, {{3}, {5, 3, 8}});
  check_layer<Tokens<2>>(SplitTokens<3, 2>{}, {{4}, {6, 5, 7}});
}
TEST_CASE("FoldRows gradient agrees with central differences", "[nn][gradient]") {
  check_layer<Vectors<3>>(FoldRows<1, 3>{}, {{1}, {4}});
  check_layer<Vectors<3>>(FoldRows<2, 3>{}, {{2}, {6}});
}
