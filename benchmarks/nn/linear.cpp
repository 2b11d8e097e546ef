// Linear, alone: forward y = x wᵀ + b, and backward with all three gradients.
#include <hashweave/nn/linear.hpp>

#include "support/layers.hpp"

namespace linear_bench {
using namespace hashweave;

template <Size In, Size Out>
bench::Work work(Size rows, double products) {
  return {.items = bench::number(rows), .flop = products * 2.0 * bench::number(rows * In * Out)};
}

template <Size In, Size Out>
void forward(bench::State& state) {
  bench::Batch<Vectors<In>> x{state.range(0)};
  bench::Bench<Linear<In, Out>, Vectors<In>> layer{x.view()};
  bench::EigenProduct<float> eigen{Form::nt, state.range(0), Out, In};
  bench::measure_beside<float>(
      state, work<In, Out>(state.range(0), 1), [&] { layer.forward(); }, "of_eigen", eigen);
}
template <Size In, Size Out>
void backward(bench::State& state) {
  bench::Batch<Vectors<In>> x{state.range(0)};
  bench::Bench<Linear<In, Out>, Vectors<In>> layer{x.view()};
  layer.measure_backward(state, work<In, Out>(state.range(0), 2));
}

const bench::Names axes{"rows", "in", "out"};

BENCHMARK(forward<384, 1536>)->Name("affine/cpu_f32")->ArgNames(axes)->Args({6304, 384, 1536})->UseManualTime();
BENCHMARK(forward<768, 768>)->Name("affine/cpu_f32")->ArgNames(axes)->Args({1576, 768, 768})->UseManualTime();
BENCHMARK(forward<768, 3072>)->Name("affine/cpu_f32")->ArgNames(axes)->Args({1576, 768, 3072})->UseManualTime();
BENCHMARK(backward<384, 1536>)->Name("affine_backward/cpu_f32")->ArgNames(axes)->Args({6304, 384, 1536})->UseRealTime();
BENCHMARK(backward<768, 768>)->Name("affine_backward/cpu_f32")->ArgNames(axes)->Args({1576, 768, 768})->UseRealTime();
BENCHMARK(backward<768, 3072>)->Name("affine_backward/cpu_f32")->ArgNames(axes)->Args({1576, 768, 3072})->UseRealTime();

}  // namespace linear_bench
