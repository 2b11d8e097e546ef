// Random numbers, in one thread. Items: numbers.
#include <hashweave/core/random.hpp>

#include "support/bench.hpp"

namespace random_bench {
using namespace hashweave;

constexpr std::uint64_t count = 1 << 16;

void philox_bits(bench::State& state) {
  const RandomStream stream{2022, 1, 2};
  bench::measure<float>(state, {.items = count, .bytes = 4 * count}, [&] {
    std::uint32_t all = 0;
    for (std::uint64_t i = 0; i < count / 4; ++i) {
      for (const std::uint32_t word : stream.block(i)) all ^= word;
    }
    benchmark::DoNotOptimize(all);
  });
}
void uniform_numbers(bench::State& state) {
  const RandomStream stream{2022, 1, 2};
  bench::measure<float>(state, {.items = count}, [&] {
    float sum = 0;
    for (std::uint64_t i = 0; i < count; ++i) sum += uniform(stream.bits(i));
    benchmark::DoNotOptimize(sum);
  });
}
void normals(bench::State& state) {
  const RandomStream stream{2022, 1, 2};
  bench::measure<float>(state, {.items = count}, [&] {
    double sum = 0;
    for (std::uint64_t i = 0; i < count; ++i) sum += stream.normal(i);
    benchmark::DoNotOptimize(sum);
  });
}

BENCHMARK(philox_bits)->Name("philox")->ArgNames({"numbers"})->Args({count})->UseRealTime();
BENCHMARK(uniform_numbers)->Name("uniform")->ArgNames({"numbers"})->Args({count})->UseRealTime();
BENCHMARK(normals)->Name("normal")->ArgNames({"numbers"})->Args({count})->UseRealTime();

}  // namespace random_bench
