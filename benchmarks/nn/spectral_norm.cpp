// SpectralLinear as in SATAH's discriminators: one power iteration, the scaled weight, the product; and backward.
#include <hashweave/nn/spectral_norm.hpp>

#include "support/layers.hpp"

namespace spectral_norm_bench {
using namespace hashweave;

constexpr Size in = 1024, out = 512;

bench::Work work(Size rows, double products) {
  return {.items = bench::number(rows), .flop = products * 2.0 * bench::number(rows * in * out)};
}

void forward(bench::State& state) {
  bench::Batch<Vectors<in>> x{state.range(0)};
  bench::Bench<SpectralLinear<in, out>, Vectors<in>> layer{x.view()};
  bench::measure<float>(state, work(state.range(0), 1), [&] { layer.forward(); });
}
void backward(bench::State& state) {
  bench::Batch<Vectors<in>> x{state.range(0)};
  bench::Bench<SpectralLinear<in, out>, Vectors<in>> layer{x.view()};
  layer.measure_backward(state, work(state.range(0), 2));
}

const bench::Names axes{"rows", "in", "out"};

BENCHMARK(forward)->Name("spectral_linear/cpu_f32")->ArgNames(axes)->Args({256, in, out})->UseRealTime();
BENCHMARK(backward)->Name("spectral_linear_backward/cpu_f32")->ArgNames(axes)->Args({256, in, out})->UseRealTime();

}  // namespace spectral_norm_bench
