// Softmax, row by row.
#include <hashweave/nn/softmax.hpp>

#include "support/layers.hpp"

namespace softmax_bench {
using namespace hashweave;

template <Size D>
void forward(bench::State& state) {
  const Size rows = state.range(0);
  bench::Batch<Vectors<D>> x{rows};
  bench::Bench<Softmax, Vectors<D>> layer{x.view()};
  bench::measure<float>(state, {.items = bench::number(rows * D), .bytes = bench::float_bytes(2, rows * D)},
                        [&] { layer.forward(); });
}
template <Size D>
void backward(bench::State& state) {
  const Size rows = state.range(0);
  bench::Batch<Vectors<D>> x{rows};
  bench::Bench<Softmax, Vectors<D>> layer{x.view()};
  layer.measure_backward(state, {.items = bench::number(rows * D), .bytes = bench::float_bytes(3, rows * D)});
}

const bench::Names axes{"rows", "width"};

BENCHMARK(forward<64>)->Name("softmax/cpu_f32")->ArgNames(axes)->Args({4096, 64})->UseRealTime();
BENCHMARK(forward<1024>)->Name("softmax/cpu_f32")->ArgNames(axes)->Args({1576, 1024})->UseRealTime();
BENCHMARK(backward<64>)->Name("softmax_backward/cpu_f32")->ArgNames(axes)->Args({4096, 64})->UseRealTime();
BENCHMARK(backward<1024>)->Name("softmax_backward/cpu_f32")->ArgNames(axes)->Args({1576, 1024})->UseRealTime();

}  // namespace softmax_bench
