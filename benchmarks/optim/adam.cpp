// A step of Adam, with the gradient's norm: bound by memory. 32 bytes a parameter: the gradient twice, parameter and
// both moments read and written.
#include <hashweave/nn/linear.hpp>
#include <hashweave/optim/adam.hpp>

#include "support/layers.hpp"

namespace adam_bench {
using namespace hashweave;
using B = Cpu<float>;

template <Size In, Size Out>
void step(bench::State& state) {
  using Arch = Linear<In, Out, NoBias>;
  static Model<B, Arch, Vectors<In>> model;  // once a process: up to 1.6 GB with the moments
  static Adam<B, Arch> adam{{.rate = 1e-3, .clip_norm = 1}};
  B& be = bench::backend<float>();
  if (adam.steps() == 0) {
    const Mat<float> g = model.grads.flat();
    for (Size i = 0; i < g.size(); ++i) g.data[i] = 0.25F;
  }
  bench::measure<float>(state, {.items = bench::number(In * Out), .bytes = bench::float_bytes(8, In * Out)},
                        [&] { adam.step(be, model.params, model.grads); });
}

BENCHMARK(step<2500, 4000>)->Name("adam/cpu_f32")->ArgNames({"parameters"})->Args({10'000'000})->UseRealTime();
BENCHMARK(step<10000, 10000>)->Name("adam/cpu_f32")->ArgNames({"parameters"})->Args({100'000'000})->UseRealTime();

}  // namespace adam_bench
