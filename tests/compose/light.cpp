#include <bit>
#include <cmath>
#include <cstring>
#include <hashweave/cmh/transformer_block.hpp>
#include <hashweave/compose/recompute.hpp>
#include <hashweave/compose/repeat.hpp>
#include <hashweave/optim/groups.hpp>
#include <limits>

#include "support/step.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

/// The layer, but its output is kept.
template <class L>
struct Kept : L {
  static constexpr bool light = false;
};

template <template <class> class Of>
using Hidden = Chain<Linear<3, 5>, Of<Gelu>, Of<Dropout>, Linear<5, 3>>;
template <template <class> class Of>
using LightBlock = Chain<Residual<Of<LayerNorm<3>>, SelfAttention<3, 1>, Dropout>, Of<LayerNorm<3>>,
                         Residual<Hidden<Of>, Dropout, LayerScale<3>>, LayerNorm<3>>;
template <class L>
using AsItIs = L;

/// Forward and backward on sequences of 5, 1 and 3 tokens.
template <class L>
StepOutcome step_light(double rate, int rounds = 1) {
  B be{1, 3};
  L layer;
  set_dropout(layer, rate);
  return step_of<Tokens<3>>(be, layer, {5, 1, 3}, 0.4, rounds);
}

/// Bytes of `columns` numbers for each of the 9 tokens, as the tape rounds them.
constexpr std::size_t bytes(std::size_t columns) { return (columns * 9 * sizeof(double) + 63) / 64 * 64; }

}  // namespace

TEST_CASE("A chain computes the outputs of light layers again, with the same bits", "[compose][chain]") {
  for (const double rate : {0.0, 0.3}) {
    for (const int rounds : {1, 3}) {
      const StepOutcome kept = step_light<LightBlock<Kept>>(rate, rounds),
                        light = step_light<LightBlock<AsItIs>>(rate, rounds);
      CHECK((kept.y == light.y));
      CHECK((kept.dx == light.dx));
      CHECK((kept.grads == light.grads));
      CHECK(kept.after == light.after);
      CHECK(light.kept < kept.kept);
    }
  }
}
TEST_CASE("What a chain keeps of light layers is their input", "[compose][chain]") {
  CHECK(step_light<Hidden<AsItIs>>(0).kept == bytes(5) + bytes(3));
  CHECK(step_light<Hidden<Kept>>(0).kept == bytes(5) + bytes(5) + bytes(3));
  CHECK(step_light<Hidden<AsItIs>>(0.3).kept == bytes(5) + bytes(3));
  CHECK(step_light<Hidden<Kept>>(0.3).kept == bytes(5) + 2 * bytes(5) + bytes(3));
}
TEST_CASE("A residual keeps its branch's last output only where a layer needs it", "[compose][residual]") {
  CHECK(step_light<Residual<Linear<3, 3>>>(0).kept == bytes(3));
  CHECK(step_light<Residual<Linear<3, 3>, Dropout>>(0).kept == bytes(3));
  CHECK(step_light<Residual<Linear<3, 3>, Dropout>>(0.3).kept == bytes(3));
  CHECK(step_light<Residual<Linear<3, 3>, LayerScale<3>>>(0).kept == 2 * bytes(3));
}
TEST_CASE("A light layer's output is kept where what follows may hand it on", "[compose][chain]") {
  using Handing = Chain<Linear<3, 3>, Gelu, Dropout>;
  CHECK(step_light<Handing>(0).kept == 2 * bytes(3));
  CHECK(step_light<Handing>(0).y == step_light<Chain<Linear<3, 3>, Gelu>>(0).y);
}
TEST_CASE("In bf16 a chain keeps products in half the memory, rounded", "[compose][chain]") {
  using F = Cpu<float>;
  if (!bf16_supported()) return;
  F be{1};
  be.use(Precision::bf16);
  Hidden<AsItIs> layer;
  Parameters<F, Hidden<AsItIs>> params, grads;
  params.initialise(5);
  const Segments segments = equal_segments(be, 3, 3);
  const auto x = make<Tokens<3>>(be, segments), dy = make<Tokens<3>>(be, segments);
  for (Size i = 0; i < 27; ++i) {
    x.data[i] = std::sin(static_cast<float>(i));
    dy.data[i] = std::cos(static_cast<float>(i));
  }
  const std::size_t before = be.tape().used();
  const auto step = layer.forward(be, *params, x);
  CHECK(be.tape().used() - before == (9 * 5 * 2 + 63) / 64 * 64 + (9 * 3 * 4 + 63) / 64 * 64);
  layer.backward(be, *params, step.saved, dy, *grads);

  // the same with what was rounded, part by part
  const auto hidden = Linear<3, 5>{}.forward(be, params->head, x).y;
  std::vector<std::uint16_t> half(45);
  round_to_half(be, hidden.mat(), half.data());
  const auto active = Gelu{}.forward(be, {}, hidden).y;
  const auto y = Linear<5, 3>{}.forward(be, params->tail.tail.tail.head, active).y;
  for (Size i = 0; i < 27; ++i) CHECK(step.y.data[i] == y.data[i]);
  Linear<5, 3>::Params<F> g = grads->tail.tail.tail.head;
  std::vector<float> weight(g.weight.data, g.weight.data + 15);
  std::fill_n(g.weight.data, 15, 0.0F);
  const Linear<5, 3>::Saved<F, Tokens<5>> of_active{active};
  Linear<5, 3>{}.backward(be, params->tail.tail.tail.head, of_active, dy, g);
  CHECK((weight == std::vector<float>(g.weight.data, g.weight.data + 15)));
}
TEST_CASE("In bf16, too, what was computed again lies where it lay", "[compose][chain]") {
  if (!bf16_supported()) return;
  const auto step = []<class L>(L layer, int rounds) {
    set_dropout(layer, 0.3);
    Cpu<float> be{1};
    be.use(Precision::bf16);
    return step_of<Tokens<8>>(be, layer, {5, 5, 5}, 0.3, rounds);
  };
  const auto check = [&]<class Block>(Block) {
    const StepOutcome wanted = step(Repeat<2, Block>{}, 1);
    for (const StepOutcome& again : {step(Repeat<2, Block>{}, 3), step(Repeat<2, Recompute<Block>>{}, 2)}) {
      CHECK((again.y == wanted.y));
      CHECK((again.dx == wanted.dx));
      CHECK((again.grads == wanted.grads));
    }
  };
  check(TransformerBlock<8, 2, 16>{});
  check(ScaledBlock<8, 2, 16>{});
  check(PostNormBlock<8, 2, 16>{});
}
TEST_CASE("Rounding to bf16 is to nearest, ties to even; infinity and NaN stay what they are", "[cpu][half]") {
  Cpu<float> be{1};
  const float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> values{1.0F,       -0.0F,    0x1.01p0F, 0x1.03p0F,   0x1.010002p0F,
                            -0x1.03p0F, infinity, -infinity, 0x1.fep127F, std::numeric_limits<float>::max()};
  const std::vector<float> wanted{1.0F,       -0.0F,    1.0F,      0x1.04p0F,   0x1.02p0F,
                                  -0x1.04p0F, infinity, -infinity, 0x1.fep127F, infinity};
  values.push_back(std::bit_cast<float>(0x7FFFFFFFU));
  values.push_back(std::bit_cast<float>(0xFF800001U));
  std::vector<std::uint16_t> half(values.size());
  const Mat<float> row = matrix(values.data(), 1, std::ssize(values));
  round_to_half(be, row, half.data());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    INFO(i);
    CHECK(std::bit_cast<std::uint32_t>(values[i]) == std::bit_cast<std::uint32_t>(wanted[i]));
  }
  CHECK(std::isnan(values[10]));
  CHECK(std::isnan(values[11]));
  std::vector<float> back(values.size());
  from_half(be, matrix(back.data(), 1, std::ssize(back)), half.data());
  CHECK(std::memcmp(back.data(), values.data(), values.size() * sizeof(float)) == 0);
}
TEST_CASE("Gradients through light layers", "[compose][gradient]") {
  check_gradient<Tokens<3>>(LightBlock<AsItIs>{});
  check_gradient<Tokens<3>>(Hidden<AsItIs>{});
}
