// Hamming search on the GPU, from queries on the host to answers there. Items: codes compared with a query. Four
// queries share what is read of the codes: bytes are those that the kernel asks for, once for each four.
// popcounts_of_bandwidth: the bytes of all codes for every query, over the memory's rate; above 1, reading them once
// serves several queries.
#include <map>
#include <memory>

#include "support/codes.hpp"
#include "support/cuda.hpp"

namespace cuda_hamming_bench {
using namespace hashweave;

/// The index of n codes; the last one is kept, since each benchmark is entered more than once.
template <Size Bits>
CudaHammingIndex<Code<Bits>>& index_of(Size n) {
  static auto& last = *new std::unique_ptr<CudaHammingIndex<Code<Bits>>>;  // never closed, as the backend
  if (last == nullptr || last->size() != n) {
    last.reset();
    last = std::make_unique<CudaHammingIndex<Code<Bits>>>(bench::random_codes<Bits>(n, 0));
  }
  return *last;
}

template <Size Bits, bool Filtered>
void search(bench::State& state) {
  constexpr Size together = 4, words = Code<Bits>::word_count;
  const Size n = state.range(0), queries = state.range(2), passes = (queries + together - 1) / together;
  auto& index = index_of<Bits>(n);
  const auto asked = bench::random_codes<Bits>(queries, 1);
  const std::vector<std::uint64_t> every_other(static_cast<std::size_t>((n + 63) / 64), 0x5555555555555555u);
  const IdBits where{every_other};
  SearchOptions options;
  if (Filtered) options.where = where;
  const double seconds = bench::measure_on_device(
      state, {.items = bench::number(queries * n), .bytes = bench::number(passes * n * words * 8)},
      [&] { benchmark::DoNotOptimize(index.search(asked, state.range(3), options).data()); });
  const double popcounts = bench::number(queries * n * words) / seconds;
  state.counters["popcounts/s"] = popcounts;
  state.counters["popcounts_of_bandwidth"] = 8 * popcounts / bench::device_bandwidth();
}

/// From codes in the host's memory to an index that can be searched.
template <Size Bits>
void build(bench::State& state) {
  const auto codes = bench::random_codes<Bits>(state.range(0), 0);
  bench::measure_on_device(
      state, {.items = bench::number(std::ssize(codes)), .bytes = bench::number(std::ssize(codes) * Bits / 8)},
      [&] { benchmark::DoNotOptimize(CudaHammingIndex<Code<Bits>>{codes}.size()); });
}

template <Size Bits>
void add() {
  for (const Size codes : {1'000'000, 10'000'000}) {
    for (const Size queries : {1, 4, 100, 1000})
      bench::on_device("hamming_search/cuda", search<Bits, false>, {"codes", "bits", "queries", "k"})
          ->Args({codes, Bits, queries, 10});
  }
}

[[maybe_unused]] const bool added = [] {
  add<64>();
  add<128>();
  add<256>();
  bench::on_device("hamming_search_filtered/cuda", search<128, true>, {"codes", "bits", "queries", "k"})
      ->Args({10'000'000, 128, 1, 10})
      ->Args({10'000'000, 128, 1000, 10});
  bench::on_device("hamming_build/cuda", build<128>, {"codes", "bits"})->Args({10'000'000, 128});
  return true;
}();

}  // namespace cuda_hamming_bench
