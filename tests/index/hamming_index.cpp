#include <algorithm>
#include <catch2/catch.hpp>
#include <hashweave/core/search.hpp>
#include <hashweave/index/hamming_index.hpp>
#include <limits>
#include <random>
#include <vector>

using namespace hashweave;

namespace {

template <Size Bits>
std::vector<Code<Bits>> random_codes(Size n, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Code<Bits>> codes(static_cast<std::size_t>(n));
  for (auto& code : codes)
    for (Size j = 0; j < Bits; ++j) code.set(j, (random() >> 33 & 1) != 0);
  return codes;
}

/// Every item sorted by (distance, id): what a search must be the beginning of.
template <Size Bits>
std::vector<Hit> sorted_hits(const std::vector<Code<Bits>>& codes, const std::vector<std::int64_t>& ids,
                             const Code<Bits>& query) {
  std::vector<Hit> hits;
  for (std::size_t i = 0; i < codes.size(); ++i) hits.push_back({ids[i], hamming(codes[i], query)});
  std::sort(hits.begin(), hits.end(), [](const Hit& a, const Hit& b) {
    return a.distance != b.distance ? a.distance < b.distance : a.id < b.id;
  });
  return hits;
}

std::vector<std::int64_t> shuffled_ids(Size n, std::uint64_t seed) {
  std::vector<std::int64_t> ids;
  for (Size i = 0; i < n; ++i) ids.push_back(7 * i - 100);
  std::shuffle(ids.begin(), ids.end(), std::mt19937_64(seed));
  return ids;
}

static_assert(Index<HammingIndex<64>> && Index<HammingIndex<1024>>);

}  // namespace

TEST_CASE("The nearest codes come first, ties by the lower id", "[index]") {
  // Distances from the query 0: 3, 1, 0, 1, 16 bits.
  std::vector<Code<16>> codes(5);
  for (const Size j : {0, 1, 2}) codes[0].set(j, true);
  codes[1].set(9, true);
  codes[3].set(4, true);
  for (Size j = 0; j < 16; ++j) codes[4].set(j, true);

  const HammingIndex<16> rows(codes);
  REQUIRE(rows.search(Code<16>{}, 3) == std::vector<Hit>{{2, 0}, {1, 1}, {3, 1}});
  REQUIRE(rows.search(Code<16>{}, 2) == std::vector<Hit>{{2, 0}, {1, 1}});

  const HammingIndex<16> named(codes, std::vector<std::int64_t>{50, 40, 30, 20, 10});
  REQUIRE(named.search(Code<16>{}, 2) == std::vector<Hit>{{30, 0}, {20, 1}});
  REQUIRE(named.search_radius(Code<16>{}, 1) == std::vector<Hit>{{30, 0}, {20, 1}, {40, 1}});
}

TEMPLATE_TEST_CASE_SIG("A search is the beginning of all items sorted by distance and id", "[index]",
                       ((Size Bits), Bits), 16, 64, 104, 512) {
  const Size n = 700;
  const auto codes = random_codes<Bits>(n, 1);
  const auto queries = random_codes<Bits>(5, 2);
  const auto ids = shuffled_ids(n, 3);
  const HammingIndex<Bits> index(codes, ids);
  for (const Size k : {1, 2, 10, 699, 700, 10000}) {
    const auto answers = index.search(queries, k);
    REQUIRE(answers.size() == queries.size());
    for (std::size_t q = 0; q < queries.size(); ++q) {
      auto expected = sorted_hits(codes, ids, queries[q]);
      expected.resize(static_cast<std::size_t>(std::min(k, n)));
      REQUIRE(answers[q] == expected);
      REQUIRE(index.search(queries[q], k) == expected);
    }
  }
}

TEMPLATE_TEST_CASE_SIG("A radius holds every item within it and no other", "[index]", ((Size Bits), Bits), 16, 128) {
  const auto codes = random_codes<Bits>(400, 4);
  const auto ids = shuffled_ids(400, 5);
  const auto query = random_codes<Bits>(1, 6).front();
  const HammingIndex<Bits> index(codes, ids);
  for (const Size radius : {Size{0}, Bits / 3, Bits / 2, Bits, 2 * Bits}) {
    auto expected = sorted_hits(codes, ids, query);
    std::erase_if(expected, [&](const Hit& hit) { return hit.distance > radius; });
    REQUIRE(index.search_radius(query, radius) == expected);
  }
}

TEST_CASE("Answers do not depend on the order in which items were added", "[index]") {
  const auto codes = random_codes<16>(300, 7);  // 300 codes of 16 bits: many ties
  const auto ids = shuffled_ids(300, 8);
  HammingIndex<16> in_parts;
  for (std::size_t i = 300; i > 0; i -= 50)
    in_parts.add(std::span(codes).subspan(i - 50, 50), std::span(ids).subspan(i - 50, 50));
  REQUIRE(in_parts.size() == 300);
  const auto queries = random_codes<16>(20, 9);
  REQUIRE(in_parts.search(queries, 17) == HammingIndex<16>(codes, ids).search(queries, 17));
}

TEST_CASE("Ids that are not given follow the largest so far", "[index]") {
  const auto codes = random_codes<64>(6, 10);
  HammingIndex<64> index{std::span(codes).first(2)};
  index.add(std::span(codes).subspan(2, 1));
  REQUIRE(index.ids() == std::vector<std::int64_t>{0, 1, 2});
  index.add(std::span(codes).subspan(3, 1), std::vector<std::int64_t>{-4});
  index.add(std::span(codes).subspan(4, 1), std::vector<std::int64_t>{90});
  index.add(std::span(codes).subspan(5, 1));
  REQUIRE(index.ids() == std::vector<std::int64_t>{-4, 0, 1, 2, 90, 91});
  const std::vector<std::int64_t> ids{0, 1, 2, -4, 90, 91};
  for (std::size_t i = 0; i < 6; ++i) REQUIRE(index.search(codes[i], 1) == std::vector<Hit>{{ids[i], 0}});
}

TEST_CASE("Ids run out at the largest 64-bit number", "[index]") {
  const auto codes = random_codes<64>(2, 11);
  const std::int64_t last = std::numeric_limits<std::int64_t>::max();
  HammingIndex<64> index{std::span(codes).first(1), std::vector<std::int64_t>{last - 1}};
  REQUIRE_THROWS_AS(index.add(codes), Error);
  index.add(std::span(codes).first(1));
  REQUIRE(index.ids()[1] == last);
  REQUIRE_THROWS_AS(index.add(std::span(codes).first(1)), Error);
}

TEST_CASE("An id comes once, and a refused addition adds nothing", "[index]") {
  const auto codes = random_codes<64>(3, 12);
  HammingIndex<64> index(codes, std::vector<std::int64_t>{5, 9, 7});
  REQUIRE_THROWS_WITH(index.add(std::span(codes).first(2), std::vector<std::int64_t>{11, 9}),
                      "HammingIndex::add: ids: expected each once, got 9 twice");
  REQUIRE_THROWS_AS(index.add(std::span(codes).first(2), std::vector<std::int64_t>{12, 12}), Error);
  REQUIRE_THROWS_AS(index.add(codes, std::vector<std::int64_t>{1, 2}), Error);
  REQUIRE(index.size() == 3);
  REQUIRE(index.ids().size() == 3);
  REQUIRE_THROWS_AS(HammingIndex<64>(codes, std::vector<std::int64_t>{1, 1, 2}), Error);
}

TEST_CASE("An empty index answers with empty lists", "[index]") {
  const HammingIndex<32> index;
  const std::vector<Code<32>> queries(3);
  REQUIRE(index.size() == 0);
  REQUIRE(index.search(queries, 4) == std::vector<std::vector<Hit>>(3));
  REQUIRE(index.search_radius(queries[0], 32).empty());
}

TEST_CASE("A search for no neighbours or within a negative radius is refused", "[index]") {
  const HammingIndex<32> index(random_codes<32>(3, 13));
  REQUIRE_THROWS_WITH(index.search(Code<32>{}, 0), "HammingIndex::search: k: expected at least 1, got 0");
  REQUIRE_THROWS_AS(index.search(std::vector<Code<32>>(2), -1), Error);
  REQUIRE_THROWS_AS(index.search_radius(Code<32>{}, -1), Error);
}

TEST_CASE("The smallest and the largest id stand side by side", "[index]") {
  using Limits = std::numeric_limits<std::int64_t>;
  const auto codes = random_codes<64>(3, 14);
  const std::vector<std::int64_t> ids{Limits::max(), Limits::min(), 0};
  for (const bool together : {true, false}) {
    HammingIndex<64> index;
    if (together)
      index.add(codes, ids);
    else
      for (std::size_t i = 0; i < 3; ++i) index.add(std::span(codes).subspan(i, 1), std::span(ids).subspan(i, 1));
    index.compact();
    REQUIRE(index.ids() == std::vector<std::int64_t>{Limits::min(), 0, Limits::max()});
    for (std::size_t i = 0; i < 3; ++i) REQUIRE(index.search(codes[i], 1) == std::vector<Hit>{{ids[i], 0}});
  }
}

TEST_CASE("A bitset of ids is a filter", "[index]") {
  const HammingIndex<64> index{std::vector<Code<64>>(200)};
  std::vector<std::uint64_t> words(2);
  for (const int id : {3, 70, 127}) words[static_cast<std::size_t>(id / 64)] |= std::uint64_t{1} << id % 64;
  const auto ids_of = [](const std::vector<Hit>& hits) {
    std::vector<std::int64_t> ids;
    for (const Hit& hit : hits) ids.push_back(hit.id);
    return ids;
  };
  REQUIRE(ids_of(index.search(Code<64>{}, 10, {.where = IdBits{words}})) == std::vector<std::int64_t>{3, 70, 127});
  REQUIRE(ids_of(index.search(Code<64>{}, 2, {.where = IdBits{words, 10}})) == std::vector<std::int64_t>{13, 80});
}
