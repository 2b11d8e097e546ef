#include <hashweave/cmh/transformer_block.hpp>
#include <hashweave/compose/recompute.hpp>
#include <hashweave/compose/repeat.hpp>
#include <hashweave/nn/batch_norm.hpp>
#include <hashweave/optim/groups.hpp>

#include "support/step.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

using Block = TransformerBlock<32, 4, 128>;
using Plain = Repeat<12, Block>;
using Again = Repeat<12, Recompute<Block>>;

/// Forward and backward on 8 sequences of 17 tokens.
template <class L>
StepOutcome deep_step(double dropout) {
  B be{1, 3};
  L layer;
  set_dropout(layer, dropout);
  return step_of<Tokens<32>>(be, layer, Lengths(8, 17), 0.2);
}

}  // namespace

TEST_CASE("Recompute more than halves the memory of a step and changes no bit of its gradients",
          "[compose][recompute]") {
  const StepOutcome plain = deep_step<Plain>(0), again = deep_step<Again>(0);
  CHECK((plain.y == again.y));
  CHECK((plain.dx == again.dx));
  CHECK((plain.grads == again.grads));
  CHECK(2 * again.peak < plain.peak);
}
TEST_CASE("Recomputable is the branch itself until it is made active", "[compose][recompute]") {
  const StepOutcome plain = deep_step<Plain>(0.3), idle = deep_step<Repeat<12, Recomputable<Block>>>(0.3);
  CHECK((plain.y == idle.y));
  CHECK((plain.dx == idle.dx));
  CHECK((plain.grads == idle.grads));
  CHECK(plain.peak == idle.peak);
  Chain<Linear<32, 32>, Named<"blocks", Repeat<12, Recomputable<Block>>>> deep;
  CHECK_FALSE(deep.tail.head.block.active);
  set_recompute(deep, true);
  CHECK(deep.tail.head.block.active);
  set_recompute(deep, false);
  CHECK_FALSE(deep.tail.head.block.active);
}
TEST_CASE("Recompute draws the numbers of its dropouts again", "[compose][recompute]") {
  const StepOutcome plain = deep_step<Plain>(0.3), again = deep_step<Again>(0.3);
  CHECK((plain.y != deep_step<Plain>(0).y));
  CHECK((plain.y == again.y));
  CHECK((plain.dx == again.dx));
  CHECK((plain.grads == again.grads));
  CHECK(plain.after == again.after);  // what comes after it draws the same numbers too
}
TEST_CASE("A step that hands its memory back as it goes changes no bit", "[compose][recompute]") {
  const auto step = []<class L>(L layer, std::size_t may, int rounds) {
    Cpu<float> be{2, 3};
    be.tape().may_hand_back(may);
    set_dropout(layer, 0.3);
    StepOutcome out = step_of<Tokens<256>>(be, layer, Lengths(40, 125), 0.05, rounds);
    CHECK((be.tape().handed_back() > 0) == (may > 0));
    CHECK(be.tape().handed_back() <= may);
    return out;
  };
  using Wide = TransformerBlock<256, 4, 512>;
  const auto check = [&]<class L>(L layer) {
    for (const int rounds : {1, 2}) {
      const StepOutcome kept = step(layer, 0, rounds);
      for (const std::size_t may : {std::size_t{1} << 22, std::size_t{1} << 40}) {
        const StepOutcome handed = step(layer, may, rounds);
        CHECK((kept.y == handed.y));
        CHECK((kept.dx == handed.dx));
        CHECK((kept.grads == handed.grads));
      }
    }
  };
  check(Repeat<3, Wide>{});
  Repeat<3, Recompute<Wide>> again;
  again.block.samples = 5;
  check(again);
}
TEST_CASE("Recompute counts a batch once in running statistics", "[compose][recompute]") {
  const auto statistics = []<class L>(L layer) {
    B be{1};
    Parameters<B, L> params, grads;
    params.initialise(1);
    Batch<Vectors<3>> x{{6}};
    randomise(x.values, 4);
    const auto step = layer.forward(be, *params, x.view());
    layer.backward(be, *params, step.saved, x.view(), *grads);
    update_statistics(be, params, grads);
    auto all = params.values("norm.running_mean");
    for (const double v : params.values("norm.running_var")) all.push_back(v);
    return all;
  };
  using Norm = Named<"norm", BatchNorm<3>>;
  CHECK(statistics(Norm{}) == statistics(Recompute<Norm>{}));
}
TEST_CASE("Repeat and Recompute give tape memory back as they go when in use", "[compose][recompute]") {
  const auto peak = []<class L>(L layer) {
    B be{1};
    Parameters<B, L> params;
    Batch<Tokens<32>> x{{17}};
    infer(be, layer, *params, x.view());
    return be.tape().step_peak();
  };
  const std::size_t y = 17 * 32 * sizeof(double);
  CHECK(peak(Plain{}) == peak(Block{}) + y);
  CHECK(peak(Again{}) <= peak(Block{}) + 2 * y);
}
