// InSlices on the blocks of BSTH's concept encoder (width 128, one head), beside the same blocks on the whole batch.
#include <hashweave/cmh/transformer_block.hpp>
#include <hashweave/compose/recompute.hpp>
#include <hashweave/compose/repeat.hpp>

#include "support/layers.hpp"

namespace in_slices_bench {
using namespace hashweave;

constexpr Size width = 128;
using Blocks = Repeat<2, PostNormBlock<width, 1, width>>;
using Sliced = InSlices<Blocks>;

/// Forward and backward of a batch of sequences, a slice of samples at a time; "whole_over_slices" is above 1 where
/// slices are faster though they compute forward twice.
void training(bench::State& state) {
  const Size batch = state.range(0), tokens = state.range(1);
  bench::Batch<Tokens<width>> x{batch, tokens};
  Sliced layer;
  layer.samples = state.range(2);
  bench::Bench<Sliced, Tokens<width>> sliced{x.view(), layer};
  bench::Bench<Blocks, Tokens<width>> whole{x.view()};
  const double rows = bench::number(batch * tokens), products = bench::number(6 * width * width);
  const double flop = 2 * (2 * rows * products + 4 * rows * bench::number(tokens * width));  // two blocks, one forward
  bench::measure_beside<float>(
      state, {.items = rows, .flop = 4 * flop}, [&] { sliced.training(); }, "whole_over_slices",
      [&] { whole.training(); });
}

BENCHMARK(training)
    ->Name("in_slices_training/cpu_f32")
    ->ArgNames({"batch", "tokens", "slice"})
    ->Args({128, 64, 4})
    ->Args({128, 64, 16})
    ->Args({128, 16, 16})
    ->UseManualTime();

}  // namespace in_slices_bench
