#include <hashweave/cmh/transformer_block.hpp>
#include <hashweave/compose/in_slices.hpp>
#include <hashweave/nn/dropout.hpp>

#include "support/check_error.hpp"
#include "support/check_gradient.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

using SmallBlock = Named<"block", PostNormBlock<6, 2, 8>>;

template <class L>
L sliced(Size samples, double dropout = 0) {
  L layer;
  for_each_layer(layer, [samples](auto& part) {
    if constexpr (requires { part.samples; }) part.samples = samples;
  });
  set_dropout(layer, dropout);
  return layer;
}

struct SlicedStep {
  std::vector<double> y, dx, grads;
  std::size_t peak = 0;
  RandomState after;
};
/// Forward and backward on sequences of unequal lengths.
template <class L>
SlicedStep step_of(const L& layer) {
  B be{1, 3};
  Parameters<B, L> params, grads;
  randomise(params, 5, 0.3);
  std::vector<Size> lengths(24, 17);
  lengths[3] = 1;
  lengths[9] = 5;
  Batch<Tokens<6>> x{lengths}, dy{lengths};
  randomise(x.values, 6);
  randomise(dy.values, 7);
  be.random().begin_step(1);
  const auto step = layer.forward(be, *params, x.view());
  SlicedStep out;
  out.y.assign(step.y.data, step.y.data + x.values.size());
  const auto dx = layer.backward(be, *params, step.saved, dy.view(), *grads);
  out.dx.assign(dx.data, dx.data + x.values.size());
  const auto g = grads.trainable();
  out.grads.assign(g.data, g.data + g.size());
  out.peak = be.tape().step_peak();
  out.after = be.random();
  return out;
}
void check_near(const std::vector<double>& a, const std::vector<double>& b) {
  REQUIRE(a.size() == b.size());
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  CHECK(worst < 1e-10);
}

}  // namespace

TEST_CASE("InSlices gradient agrees with central differences", "[compose][gradient]") {
  for (const Size samples : {1, 2, 7}) {
    check_layer<Tokens<6>>(sliced<InSlices<SmallBlock>>(samples), {{3}, {2, 1, 3}});
    check_layer<Vectors<3>>(sliced<InSlices<Named<"fc", Linear<3, 5>>, Tanh>>(samples), {{1}, {5}});
  }
}
TEST_CASE("InSlices gradient agrees with central differences with dropout: the same numbers are drawn again",
          "[compose][gradient]") {
  check_gradient<Tokens<6>>(sliced<Chain<InSlices<SmallBlock>, Dropout>>(2, 0.3), {{2, 1, 3, 2, 1}});
}
TEST_CASE("InSlices computes what its chain computes", "[compose]") {
  const SlicedStep whole = step_of(SmallBlock{});
  for (const Size samples : {1, 5, 24, 100}) {
    const SlicedStep cut = step_of(sliced<InSlices<SmallBlock>>(samples));
    check_near(whole.y, cut.y);
    check_near(whole.dx, cut.dx);
    check_near(whole.grads, cut.grads);
    if (samples == 1) CHECK(2 * cut.peak < whole.peak);
  }
}
TEST_CASE("What comes after InSlices draws other numbers than its slices did", "[compose]") {
  const SlicedStep one = step_of(sliced<InSlices<SmallBlock>>(100, 0.3)),
                   cut = step_of(sliced<InSlices<SmallBlock>>(6, 0.3));
  CHECK(one.after.place == 4);
  CHECK(cut.after.place == 16);
  CHECK((one.y != cut.y));
}
TEST_CASE("InSlices refuses slices of no samples", "[compose][errors]") {
  check_error([] { step_of(sliced<InSlices<SmallBlock>>(0)); },
              {"InSlices", "samples of a slice", "at least 1, got 0"});
}
