// Dropout: a Philox number for every value, drawn again in backward.
#include <hashweave/nn/dropout.hpp>

#include "support/layers.hpp"

namespace dropout_bench {
using namespace hashweave;

constexpr Size width = 768;

void forward(bench::State& state) {
  const Size rows = state.range(0);
  bench::Batch<Vectors<width>> x{rows};
  bench::Bench<Dropout, Vectors<width>> layer{x.view(), {.rate = 0.1}};
  bench::measure<float>(state, {.items = bench::number(rows * width), .bytes = bench::float_bytes(2, rows * width)},
                        [&] { layer.forward(); });
}
void backward(bench::State& state) {
  const Size rows = state.range(0);
  bench::Batch<Vectors<width>> x{rows};
  bench::Bench<Dropout, Vectors<width>> layer{x.view(), {.rate = 0.1}};
  layer.measure_backward(state, {.items = bench::number(rows * width), .bytes = bench::float_bytes(2, rows * width)});
}

const bench::Names axes{"rows", "width"};

BENCHMARK(forward)->Name("dropout/cpu_f32")->ArgNames(axes)->Args({1576, width})->UseRealTime();
BENCHMARK(backward)->Name("dropout_backward/cpu_f32")->ArgNames(axes)->Args({1576, width})->UseRealTime();

}  // namespace dropout_bench
