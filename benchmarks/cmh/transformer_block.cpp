// A whole transformer block on images of 197 tokens, beside Eigen's own products of exactly its shapes: `of_eigen` is
// the block's FLOP/s over that of those products alone. tape_MiB: what a step keeps.
#include <hashweave/cmh/transformer_block.hpp>
#include <hashweave/compose/recompute.hpp>

#include "support/layers.hpp"

namespace transformer_block_bench {
using namespace hashweave;

template <Size D, Size Heads, Size Hidden, class Block, bool Training, class Verb>
void block(bench::State& state, Verb verb) {
  const bench::BlockWork work{state.range(0), state.range(1), D, Hidden};
  bench::Batch<Tokens<D>> x{work.sequences, work.tokens};
  bench::Bench<Block, Tokens<D>> layer{x.view()};
  bench::EigenBlock<float> eigen{work};
  const double flop = Training ? work.training() : work.forward();
  const double eigen_flop = eigen.forward_flop() + (Training ? eigen.backward_flop() : 0);
  bench::measure_beside<float>(
      state, {.items = bench::number(work.sequences), .flop = flop}, [&] { verb(layer); }, "of_eigen",
      [&] {
        eigen.forward();
        if (Training) eigen.backward();
      },
      flop / eigen_flop);
  layer.be.tape().rewind();
  verb(layer);
  state.counters["tape_MiB"] = bench::number(layer.be.tape().step_peak()) / (1 << 20);
}

template <Size D, Size Heads, Size Hidden>
void infer(bench::State& state) {
  block<D, Heads, Hidden, TransformerBlock<D, Heads, Hidden>, false>(state, [](auto& layer) { layer.infer(); });
}
template <Size D, Size Heads, Size Hidden>
void forward(bench::State& state) {
  block<D, Heads, Hidden, TransformerBlock<D, Heads, Hidden>, false>(state, [](auto& layer) { layer.forward(); });
}
template <Size D, Size Heads, Size Hidden>
void training(bench::State& state) {
  block<D, Heads, Hidden, TransformerBlock<D, Heads, Hidden>, true>(state, [](auto& layer) { layer.training(); });
}
template <Size D, Size Heads, Size Hidden>
void recomputed(bench::State& state) {
  using Block = Recompute<TransformerBlock<D, Heads, Hidden>>;
  block<D, Heads, Hidden, Block, true>(state, [](auto& layer) { layer.training(); });
}

template <Size D, Size Heads, Size Hidden>
void add() {
  const auto one = [](const char* name, void (*f)(bench::State&)) {
    benchmark::RegisterBenchmark(name, f)
        ->ArgNames({"batch", "tokens", "width", "heads", "hidden"})
        ->Args({8, 197, D, Heads, Hidden})
        ->UseManualTime();
  };
  one("transformer_block_infer/cpu_f32", infer<D, Heads, Hidden>);
  one("transformer_block_forward/cpu_f32", forward<D, Heads, Hidden>);
  one("transformer_block_forward_backward/cpu_f32", training<D, Heads, Hidden>);
  one("transformer_block_recomputed_forward_backward/cpu_f32", recomputed<D, Heads, Hidden>);
}

[[maybe_unused]] const bool added = [] {
  add<768, 12, 3072>();
  add<384, 6, 1536>();
  return true;
}();

}  // namespace transformer_block_bench
