// The linear scan over binary codes. Items: codes compared with a query.
#include <hashweave/core/random.hpp>
#include <hashweave/index/hamming_index.hpp>

#include "support/bench.hpp"

namespace hamming_index_bench {
using namespace hashweave;

template <Size Bits>
std::vector<Code<Bits>> random_codes(Size n, std::uint32_t place) {
  std::vector<Code<Bits>> codes(static_cast<std::size_t>(n));
  const RandomStream stream{7, 0, place};
  for (std::size_t i = 0; i < codes.size(); ++i) {
    for (std::size_t w = 0; w < codes[i].words.size(); ++w) {
      const auto b = stream.block(i * codes[i].words.size() + w);
      codes[i].words[w] = std::uint64_t{b[0]} << 32 | b[1];
    }
  }
  return codes;
}

constexpr Size queries = 8;

template <Size Bits>
void search(bench::State& state) {
  const Size n = state.range(0);
  const HammingIndex<Bits> index{random_codes<Bits>(n, 0)};
  const auto asked = random_codes<Bits>(queries, 1);
  bench::measure<float>(
      state, {.items = bench::number(queries * n), .bytes = bench::number(queries * n * Code<Bits>::word_count * 8)},
      [&] { benchmark::DoNotOptimize(index.search(asked, state.range(2)).data()); });
}
template <Size Bits>
void within(bench::State& state) {
  const Size n = state.range(0);
  const HammingIndex<Bits> index{random_codes<Bits>(n, 0)};
  const auto asked = random_codes<Bits>(1, 1);
  bench::measure<float>(state, {.items = bench::number(n), .bytes = bench::number(n * Code<Bits>::word_count * 8)},
                        [&] { benchmark::DoNotOptimize(index.search_radius(asked[0], Bits / 4).data()); });
}
template <Size Bits>
void build(bench::State& state) {
  const auto codes = random_codes<Bits>(state.range(0), 0);
  bench::measure<float>(state, {.items = bench::number(state.range(0))}, [&] {
    const HammingIndex<Bits> index{codes};
    benchmark::DoNotOptimize(index.size());
  });
}

const bench::Names axes{"codes", "bits", "k"};

BENCHMARK(search<64>)
    ->Name("hamming_search")
    ->ArgNames(axes)
    ->Args({100'000, 64, 10})
    ->Args({1'000'000, 64, 10})
    ->UseRealTime();
BENCHMARK(search<128>)
    ->Name("hamming_search")
    ->ArgNames(axes)
    ->Args({100'000, 128, 10})
    ->Args({1'000'000, 128, 10})
    ->UseRealTime();
BENCHMARK(within<64>)->Name("hamming_radius")->ArgNames({"codes", "bits"})->Args({1'000'000, 64})->UseRealTime();
BENCHMARK(within<128>)->Name("hamming_radius")->ArgNames({"codes", "bits"})->Args({1'000'000, 128})->UseRealTime();
BENCHMARK(build<64>)->Name("hamming_build")->ArgNames({"codes", "bits"})->Args({1'000'000, 64})->UseRealTime();

}  // namespace hamming_index_bench
