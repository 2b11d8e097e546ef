// LayerNorm: bound by memory.
#include <hashweave/nn/layer_norm.hpp>

#include "support/layers.hpp"

namespace layer_norm_bench {
using namespace hashweave;

template <Size D>
void forward(bench::State& state) {
  const Size rows = state.range(0);
  bench::Batch<Vectors<D>> x{rows};
  bench::Bench<LayerNorm<D>, Vectors<D>> layer{x.view()};
  bench::measure<float>(state, {.items = bench::number(rows), .bytes = bench::float_bytes(2, rows * D)},
                        [&] { layer.forward(); });
}
template <Size D>
void backward(bench::State& state) {
  const Size rows = state.range(0);
  bench::Batch<Vectors<D>> x{rows};
  bench::Bench<LayerNorm<D>, Vectors<D>> layer{x.view()};
  layer.measure_backward(state, {.items = bench::number(rows), .bytes = bench::float_bytes(3, rows * D)});
}

const bench::Names axes{"rows", "width"};

BENCHMARK(forward<768>)
    ->Name("layer_norm/cpu_f32")
    ->ArgNames(axes)
    ->Args({1576, 768})
    ->Args({6304, 768})
    ->UseRealTime();
BENCHMARK(forward<384>)->Name("layer_norm/cpu_f32")->ArgNames(axes)->Args({6304, 384})->UseRealTime();
BENCHMARK(backward<768>)
    ->Name("layer_norm_backward/cpu_f32")
    ->ArgNames(axes)
    ->Args({1576, 768})
    ->Args({6304, 768})
    ->UseRealTime();
BENCHMARK(backward<384>)->Name("layer_norm_backward/cpu_f32")->ArgNames(axes)->Args({6304, 384})->UseRealTime();

}  // namespace layer_norm_bench
