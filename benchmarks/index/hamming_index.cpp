// The linear scan over binary codes. Items: codes compared with a query.
#include <hashweave/index/hamming_index.hpp>

#include "support/bench.hpp"
#include "support/codes.hpp"

namespace hamming_index_bench {
using namespace hashweave;

constexpr Size queries = 8;

template <Size Bits>
void search(bench::State& state) {
  const Size n = state.range(0);
  const HammingIndex<Bits> index{bench::random_codes<Bits>(n, 0)};
  const auto asked = bench::random_codes<Bits>(queries, 1);
  bench::measure<float>(
      state, {.items = bench::number(queries * n), .bytes = bench::number(queries * n * Code<Bits>::word_count * 8)},
      [&] { benchmark::DoNotOptimize(index.search(asked, state.range(2)).data()); });
}
template <Size Bits>
void within(bench::State& state) {
  const Size n = state.range(0);
  const HammingIndex<Bits> index{bench::random_codes<Bits>(n, 0)};
  const auto asked = bench::random_codes<Bits>(1, 1);
  bench::measure<float>(state, {.items = bench::number(n), .bytes = bench::number(n * Code<Bits>::word_count * 8)},
                        [&] { benchmark::DoNotOptimize(index.search_radius(asked[0], Bits / 4).data()); });
}
template <Size Bits>
void build(bench::State& state) {
  const auto codes = bench::random_codes<Bits>(state.range(0), 0);
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
