// Every operation of the index against a map that is sorted anew for each query.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <hashweave/index/hamming_index.hpp>
#include <map>
#include <optional>
#include <random>
#include <vector>

using namespace hashweave;

namespace {

using Random = std::mt19937_64;

Size between(Random& random, Size least, Size most) {
  return least + static_cast<Size>(random() % static_cast<std::uint64_t>(most - least + 1));
}

/// Codes as learned ones are: few centres, bits of which are flipped; now and then all equal, or none alike.
template <Size Bits>
class Codes {
 public:
  explicit Codes(Random& random) : random_{random}, centres_(static_cast<std::size_t>(between(random, 1, 4))) {
    for (auto& centre : centres_)
      for (Size j = 0; j < Bits; ++j) centre.set(j, (random() & 1) != 0);
    flips_ = std::vector<double>{0, 0.02, 0.15, 0.5}[static_cast<std::size_t>(between(random, 0, 3))];
  }
  Code<Bits> next() {
    Code<Bits> code = centres_[random_() % centres_.size()];
    if (flips_ == 0) return code;
    for (auto& word : code.words) {
      std::uint64_t flipped = random_();  // half of the bits; the others by and-ing more
      for (double left = 0.5; left > flips_; left /= 2) flipped &= random_();
      word ^= flipped;
    }
    if constexpr (Bits % 64 != 0) code.words.back() &= (std::uint64_t{1} << Bits % 64) - 1;
    return code;
  }
  std::vector<Code<Bits>> some(Size n) {
    std::vector<Code<Bits>> codes;
    for (Size i = 0; i < n; ++i) codes.push_back(next());
    return codes;
  }

 private:
  Random& random_;
  std::vector<Code<Bits>> centres_;
  double flips_;
};

template <Size Bits>
using Naive = std::map<std::int64_t, Code<Bits>>;

template <Size Bits, class Passes>
std::vector<Hit> naive_answers(const Naive<Bits>& items, const Code<Bits>& query, Size k, std::optional<Size> radius,
                               const Passes& passes) {
  std::vector<Hit> hits;
  for (const auto& [id, code] : items)
    if (const Size d = hamming(code, query); passes(id) && d <= radius.value_or(Bits)) hits.push_back({id, d});
  std::sort(hits.begin(), hits.end(), ranks_before);
  if (!radius && std::ssize(hits) > k) hits.resize(static_cast<std::size_t>(k));
  return hits;
}

/// New ids: in order, or any.
std::vector<std::int64_t> new_ids(Random& random, Size n, auto& taken) {
  std::vector<std::int64_t> ids;
  while (std::ssize(ids) < n) {
    const auto id = static_cast<std::int64_t>(random() % 100000) - 50000;
    if (!taken.contains(id) && std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
  if (random() % 2 == 0) std::sort(ids.begin(), ids.end());
  return ids;
}

template <Size Bits, class Search>
void one_configuration(Random& random, Threads& threads, Size most) {
  Codes<Bits> source(random);
  HammingIndex<Bits, Search> index;
  Naive<Bits> items;
  std::int64_t largest = -1;
  const auto note = [&](const auto& codes, const auto& ids) {
    for (std::size_t i = 0; i < ids.size(); ++i) {
      items[ids[i]] = codes[i];
      largest = std::max(largest, ids[i]);
    }
  };
  const auto some_ids = [&] {  // that are there
    std::vector<std::int64_t> ids;
    for (const auto& [id, code] : items)
      if (random() % 4 == 0) ids.push_back(id);
    std::shuffle(ids.begin(), ids.end(), random);
    return ids;
  };
  const Size changes = between(random, 0, 5);
  for (Size change = 0; change < changes; ++change) {
    switch (random() % 6) {
      case 0:
      case 1: {
        const auto codes = source.some(between(random, 0, most));
        index.add(codes);
        std::vector<std::int64_t> ids;
        for (std::size_t i = 0; i < codes.size(); ++i) ids.push_back(largest + 1 + static_cast<std::int64_t>(i));
        note(codes, ids);
        break;
      }
      case 2:
      case 3: {
        const auto codes = source.some(between(random, 0, most));
        const auto ids = new_ids(random, std::ssize(codes), items);
        index.add(codes, ids);
        note(codes, ids);
        break;
      }
      case 4: {
        auto ids = some_ids();
        const Size there = std::ssize(ids);
        ids.push_back(77777);  // never there
        if (ids.size() > 1) ids.push_back(ids[0]);
        REQUIRE(index.remove(ids) == there);
        for (const auto id : ids) items.erase(id);
        break;
      }
      default: {
        const auto ids = some_ids();
        const auto codes = source.some(std::ssize(ids));
        index.update(codes, ids);
        note(codes, ids);
      }
    }
    if (random() % 8 == 0) index.compact();
  }
  REQUIRE(index.size() == std::ssize(items));

  const auto queries = source.some(between(random, 1, 6));
  const Size k = random() % 4 == 0 ? between(random, 1, 2 * most) : between(random, 1, 12);
  std::vector<ScanKernel> kernels;
  for (const ScanKernel kernel : scan_kernels)
    if (available(kernel)) kernels.push_back(kernel);
  const auto passes = [modulus = between(random, 1, 3)](std::int64_t id) { return id % modulus == 0; };
  SearchOptions options{.where = passes, .kernel = kernels[random() % kernels.size()]};
  if (random() % 8 == 0) options.threads = &threads;
  const bool by_radius = random() % 3 == 0;
  const Size radius = between(random, 0, Bits);
  const auto answers = by_radius ? index.search_radius(queries, radius, options) : index.search(queries, k, options);
  for (std::size_t q = 0; q < queries.size(); ++q)
    REQUIRE(answers[q] ==
            naive_answers<Bits>(items, queries[q], k, by_radius ? std::optional{radius} : std::nullopt, passes));
  if (!items.empty()) {
    const auto& [id, code] = *std::next(items.begin(), static_cast<std::ptrdiff_t>(random() % items.size()));
    REQUIRE(index.reconstruct(id) == code);
  }
  REQUIRE(!index.reconstruct(77777).has_value());
}

template <Size Bits>
void configurations(Size count, std::uint64_t seed) {
  Random random(seed);
  Threads threads{3};
  for (Size i = 0; i < count; ++i) {
    INFO("configuration " << i << " of seed " << seed << ", " << Bits << " bits");
    if (i % 3 == 0)
      one_configuration<Bits, LinearScan>(random, threads, i % 200 == 0 ? 6000 : 150);
    else
      one_configuration<Bits, MultiIndexHashing<>>(random, threads, i % 200 == 1 ? 6000 : 150);
  }
}

}  // namespace

TEMPLATE_TEST_CASE_SIG("An index answers as a naive one in random configurations", "[index][configurations]",
                       ((Size Bits), Bits), 16, 24, 64, 72, 128, 256, 1000) {
  // HASHWEAVE_CONFIGURATIONS=2860 makes 20,000 of them in all
  const char* wanted = std::getenv("HASHWEAVE_CONFIGURATIONS");
  configurations<Bits>(wanted != nullptr ? std::atol(wanted) : 300, static_cast<std::uint64_t>(Bits));
}

TEMPLATE_TEST_CASE_SIG("Tables find what a scan finds, without its help", "[index][configurations]",
                       ((Size Bits), Bits), 16, 64, 104, 256) {
  Random random(static_cast<std::uint64_t>(Bits) + 1);
  for (int i = 0; i < 20; ++i) {
    Codes<Bits> source(random);
    const Size n = between(random, 256, 3000);
    HammingIndex<Bits, MultiIndexHashing<>> index{source.some(n)};
    index.compact();
    const auto state = index.store().state();
    REQUIRE(state->parts[0].tables != nullptr);
    for (const auto& query : source.some(3)) {
      const Size k = between(random, 1, 40), radius = between(random, 0, Bits / 4);
      detail::NearestSelection nearest{k, Bits};
      detail::RadiusSelection within{radius};
      const auto by_tables = [&](auto& selection) {
        detail::ChunkSearch search{state->parts[0], BlockLayout{Bits}, query.words.data(), IdFilter{}, 1e6, selection};
        return search.run() ? std::optional{selection.answers()} : std::nullopt;
      };
      Naive<Bits> items;
      index.for_each([&](std::int64_t id, const Code<Bits>& code) { items[id] = code; });
      const auto all = [](std::int64_t) { return true; };
      if (const auto found = by_tables(nearest))
        REQUIRE(*found == naive_answers<Bits>(items, query, k, std::nullopt, all));
      if (const auto found = by_tables(within)) REQUIRE(*found == naive_answers<Bits>(items, query, k, radius, all));
    }
  }
}

TEST_CASE("Flipping the same bits of all codes and queries changes no answer", "[index]") {
  Random random(3);
  Codes<104> source(random);
  auto codes = source.some(5000), queries = source.some(20);
  const auto mask = source.next();
  const auto flipped = [&](std::vector<Code<104>> of) {
    for (auto& code : of)
      for (std::size_t w = 0; w < code.words.size(); ++w) code.words[w] ^= mask.words[w];
    return of;
  };
  HammingIndex<104, MultiIndexHashing<>> index{codes}, other{flipped(codes)};
  for (auto* both : {&index, &other}) both->compact();
  REQUIRE(index.search(queries, 30) == other.search(flipped(queries), 30));
}

TEST_CASE("All kernels give the same answers to any number of queries", "[index]") {
  Random random(4);
  Codes<520> source(random);
  const HammingIndex<520, LinearScan> index{source.some(3001)};
  Threads threads{2};
  for (const Size count : {1, 2, 3, 4, 5, 9, 300}) {
    const auto queries = source.some(count);
    const auto expected = index.search(queries, 7, {.kernel = ScanKernel::portable});
    for (const ScanKernel kernel : scan_kernels) {
      CAPTURE(count, name_of(kernel));
      if (!available(kernel)) {
        REQUIRE_THROWS_AS(index.search(queries, 7, {.kernel = kernel}), Error);
        continue;
      }
      REQUIRE(index.search(queries, 7, {.kernel = kernel}) == expected);
      REQUIRE(index.search(queries, 7, {.threads = &threads, .kernel = kernel}) == expected);
    }
  }
}
