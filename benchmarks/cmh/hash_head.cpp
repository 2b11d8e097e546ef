// The hash head: 768 -> bits, and packing its output into codes.
#include <hashweave/cmh/hash_head.hpp>
#include <hashweave/index/pack.hpp>

#include "support/layers.hpp"

namespace hash_head_bench {
using namespace hashweave;

constexpr Size width = 768;

template <Size Bits>
bench::Work work(Size rows, double products) {
  return {.items = bench::number(rows), .flop = products * 2.0 * bench::number(rows * width * Bits)};
}

template <Size Bits>
void forward(bench::State& state) {
  bench::Batch<Vectors<width>> x{state.range(0)};
  bench::Bench<HashHead<width, Bits>, Vectors<width>> layer{x.view()};
  bench::measure<float>(state, work<Bits>(state.range(0), 1), [&] { layer.forward(); });
}
template <Size Bits>
void backward(bench::State& state) {
  bench::Batch<Vectors<width>> x{state.range(0)};
  bench::Bench<HashHead<width, Bits>, Vectors<width>> layer{x.view()};
  layer.measure_backward(state, work<Bits>(state.range(0), 2));
}
template <Size Bits>
void pack_codes(bench::State& state) {
  bench::Batch<Vectors<Bits>> h{state.range(0)};
  bench::measure<float>(state, {.items = bench::number(state.range(0))},
                        [&] { benchmark::DoNotOptimize(pack<Bits>(h.view().mat()).data()); });
}

const bench::Names axes{"rows", "bits"};

BENCHMARK(forward<64>)->Name("hash_head/cpu_f32")->ArgNames(axes)->Args({128, 64})->UseRealTime();
BENCHMARK(forward<128>)->Name("hash_head/cpu_f32")->ArgNames(axes)->Args({128, 128})->UseRealTime();
BENCHMARK(backward<64>)->Name("hash_head_backward/cpu_f32")->ArgNames(axes)->Args({128, 64})->UseRealTime();
BENCHMARK(backward<128>)->Name("hash_head_backward/cpu_f32")->ArgNames(axes)->Args({128, 128})->UseRealTime();
BENCHMARK(pack_codes<64>)->Name("pack/cpu_f32")->ArgNames(axes)->Args({4096, 64})->UseRealTime();

}  // namespace hash_head_bench
