// BatchNorm by the batch's statistics (forward), by the running ones (infer), and backward.
#include <hashweave/nn/batch_norm.hpp>

#include "support/layers.hpp"

namespace batch_norm_bench {
using namespace hashweave;

constexpr Size width = 512;

bench::Work work(Size rows, Size arrays) {
  return {.items = bench::number(rows), .bytes = bench::float_bytes(arrays, rows * width)};
}

void infer(bench::State& state) {
  bench::Batch<Vectors<width>> x{state.range(0)};
  bench::Bench<BatchNorm<width>, Vectors<width>> layer{x.view()};
  bench::measure<float>(state, work(state.range(0), 2), [&] { layer.infer(); });
}
void forward(bench::State& state) {
  bench::Batch<Vectors<width>> x{state.range(0)};
  bench::Bench<BatchNorm<width>, Vectors<width>> layer{x.view()};
  bench::measure<float>(state, work(state.range(0), 2), [&] { layer.forward(); });
}
void backward(bench::State& state) {
  bench::Batch<Vectors<width>> x{state.range(0)};
  bench::Bench<BatchNorm<width>, Vectors<width>> layer{x.view()};
  layer.measure_backward(state, work(state.range(0), 3));
}

const bench::Names axes{"rows", "width"};

BENCHMARK(infer)->Name("batch_norm_infer/cpu_f32")->ArgNames(axes)->Args({1024, width})->UseRealTime();
BENCHMARK(forward)->Name("batch_norm/cpu_f32")->ArgNames(axes)->Args({128, width})->Args({1024, width})->UseRealTime();
BENCHMARK(backward)
    ->Name("batch_norm_backward/cpu_f32")
    ->ArgNames(axes)
    ->Args({128, width})
    ->Args({1024, width})
    ->UseRealTime();

}  // namespace batch_norm_bench
