// GroupedLinear, alone: one small product for each group of columns.
#include <hashweave/nn/grouped_linear.hpp>

#include "support/layers.hpp"

namespace grouped_linear_bench {
using namespace hashweave;

template <Size Groups, Size In, Size Out>
bench::Work work(Size rows, double products) {
  return {.items = bench::number(rows), .flop = products * 2.0 * bench::number(rows * Groups * In * Out)};
}

template <Size Groups, Size In, Size Out>
void forward(bench::State& state) {
  bench::Batch<Vectors<Groups * In>> x{state.range(0)};
  bench::Bench<GroupedLinear<Groups, In, Out>, Vectors<Groups * In>> layer{x.view()};
  bench::measure<float>(state, work<Groups, In, Out>(state.range(0), 1), [&] { layer.forward(); });
}
template <Size Groups, Size In, Size Out>
void backward(bench::State& state) {
  bench::Batch<Vectors<Groups * In>> x{state.range(0)};
  bench::Bench<GroupedLinear<Groups, In, Out>, Vectors<Groups * In>> layer{x.view()};
  layer.measure_backward(state, work<Groups, In, Out>(state.range(0), 2));
}

const bench::Names axes{"rows", "groups", "in", "out"};

// BSTH's bit-wise MLPs at 64 bits: 128 -> 64 -> 1 for each bit
BENCHMARK(forward<64, 128, 64>)
    ->Name("grouped_affine/cpu_f32")
    ->ArgNames(axes)
    ->Args({1024, 64, 128, 64})
    ->UseRealTime();
BENCHMARK(forward<64, 64, 1>)->Name("grouped_affine/cpu_f32")->ArgNames(axes)->Args({1024, 64, 64, 1})->UseRealTime();
BENCHMARK(backward<64, 128, 64>)
    ->Name("grouped_affine_backward/cpu_f32")
    ->ArgNames(axes)
    ->Args({1024, 64, 128, 64})
    ->UseRealTime();
BENCHMARK(backward<64, 64, 1>)
    ->Name("grouped_affine_backward/cpu_f32")
    ->ArgNames(axes)
    ->Args({1024, 64, 64, 1})
    ->UseRealTime();

}  // namespace grouped_linear_bench
