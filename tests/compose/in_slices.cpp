#include <hashweave/cmh/transformer_block.hpp>
#include <hashweave/compose/recompute.hpp>
#include <hashweave/nn/dropout.hpp>

#include "support/check_error.hpp"
#include "support/step.hpp"

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

/// Forward and backward on sequences of unequal lengths.
template <class L>
StepOutcome sliced_step(const L& layer) {
  B be{1, 3};
  Lengths lengths(24, 17);
  lengths[3] = 1;
  lengths[9] = 5;
  return step_of<Tokens<6>>(be, layer, lengths, 0.3);
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
  const StepOutcome whole = sliced_step(SmallBlock{});
  for (const Size samples : {1, 5, 24, 100}) {
    const StepOutcome cut = sliced_step(sliced<InSlices<SmallBlock>>(samples));
    check_near(whole.y, cut.y);
    check_near(whole.dx, cut.dx);
    check_near(whole.grads, cut.grads);
    if (samples == 1) CHECK(2 * cut.peak < whole.peak);
  }
}
TEST_CASE("What comes after InSlices draws other numbers than its slices did", "[compose]") {
  const StepOutcome one = sliced_step(sliced<InSlices<SmallBlock>>(100, 0.3)),
                    cut = sliced_step(sliced<InSlices<SmallBlock>>(6, 0.3));
  CHECK(one.after.place == 4);
  CHECK(cut.after.place == 16);
  CHECK((one.y != cut.y));
}
TEST_CASE("InSlices refuses slices of no samples", "[compose][errors]") {
  check_error([] { sliced_step(sliced<InSlices<SmallBlock>>(0)); },
              {"Recompute", "samples of a slice", "at least 1, got 0"});
}
