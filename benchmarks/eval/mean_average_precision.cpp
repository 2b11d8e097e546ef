// Mean average precision of a ranking by Hamming distance. Items: pairs of query and database item.
#include <hashweave/core/random.hpp>
#include <hashweave/eval/mean_average_precision.hpp>

#include "support/bench.hpp"

namespace mean_average_precision_bench {
using namespace hashweave;

constexpr Size queries = 50;

std::vector<Code<64>> random_codes(Size n, std::uint32_t place) {
  std::vector<Code<64>> codes(static_cast<std::size_t>(n));
  const RandomStream stream{7, 0, place};
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto b = stream.block(i);
    codes[i].words[0] = std::uint64_t{b[0]} << 32 | b[1];
  }
  return codes;
}

template <class Metric>
void measure_metric(bench::State& state, Metric metric) {
  const auto asked = random_codes(queries, 0), items = random_codes(state.range(1), 1);
  const auto table = hamming_table(asked, items);
  const auto relevant = [](Size q, Size d) { return d % 10 == q % 10; };
  bench::measure<float>(state, {.items = bench::number(queries * state.range(1))},
                        [&] { benchmark::DoNotOptimize(metric(table, relevant).value); });
}
void in_order(bench::State& state) {
  measure_metric(state, [](const auto& t, const auto& r) { return map_all(t, r); });
}
void expected(bench::State& state) {
  measure_metric(state, [](const auto& t, const auto& r) { return map_all(t, r, Ties::expected); });
}
void at_k(bench::State& state) {
  measure_metric(state, [](const auto& t, const auto& r) { return map_at_k(t, r, 1000); });
}

const bench::Names axes{"queries", "items"};

BENCHMARK(in_order)->Name("map_all")->ArgNames(axes)->Args({queries, 10'000})->Args({queries, 100'000})->UseRealTime();
BENCHMARK(expected)->Name("map_all_expected")->ArgNames(axes)->Args({queries, 100'000})->UseRealTime();
BENCHMARK(at_k)->Name("map_at_1000")->ArgNames(axes)->Args({queries, 100'000})->UseRealTime();

}  // namespace mean_average_precision_bench
