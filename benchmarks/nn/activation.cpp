// The activations, value by value.
#include <hashweave/nn/activation.hpp>

#include "support/layers.hpp"

namespace activation_bench {
using namespace hashweave;

constexpr Size width = 3072;

template <class Act>
void forward(bench::State& state) {
  const Size rows = state.range(0);
  bench::Batch<Vectors<width>> x{rows};
  bench::Bench<Act, Vectors<width>> layer{x.view()};
  bench::measure<float>(state, {.items = bench::number(rows * width), .bytes = bench::float_bytes(2, rows * width)},
                        [&] { layer.forward(); });
}
template <class Act>
void backward(bench::State& state) {
  const Size rows = state.range(0);
  bench::Batch<Vectors<width>> x{rows};
  bench::Bench<Act, Vectors<width>> layer{x.view()};
  layer.measure_backward(state, {.items = bench::number(rows * width), .bytes = bench::float_bytes(3, rows * width)});
}

template <class Act>
void add(const std::string& name) {
  const auto one = [&](const char* suffix, void (*f)(bench::State&)) {
    benchmark::RegisterBenchmark((name + suffix + "/cpu_f32").c_str(), f)
        ->ArgNames({"rows", "width"})
        ->Args({1576, width})
        ->UseRealTime();
  };
  one("", forward<Act>);
  one("_backward", backward<Act>);
}

[[maybe_unused]] const bool added = [] {
  add<Gelu>("gelu");
  add<GeluTanh>("gelu_tanh");
  add<QuickGelu>("quick_gelu");
  add<Relu>("relu");
  add<LeakyRelu>("leaky_relu");
  add<Tanh>("tanh");
  add<Sigmoid>("sigmoid");
  return true;
}();

}  // namespace activation_bench
