#include <catch2/catch.hpp>
#include <hashweave/index/index_file.hpp>
#include <hashweave/index/pack.hpp>
#include <hashweave/index/rerank.hpp>
#include <hashweave/index/with_bits.hpp>
#include <limits>
#include <random>
#include <vector>

using namespace hashweave;

namespace {

std::vector<float> normal_numbers(Size n, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> numbers(static_cast<std::size_t>(n));
  for (float& number : numbers) number = normal(random);
  return numbers;
}

}  // namespace

TEST_CASE("The asymmetric score is the query times the code", "[index][rerank]") {
  constexpr Size bits = 72;
  const auto h = normal_numbers(50 * bits, 1);
  const auto codes = pack<bits>(Mat<const float>{h.data(), 50, bits, bits});
  const HammingIndex<bits> index{codes};
  const auto query = normal_numbers(bits, 2);
  const auto score = AsymmetricScores{}.of_query(index, query);
  const auto signs = unpack<double>(codes);
  for (std::size_t i = 0; i < 50; ++i) {
    double expected = 0;
    for (std::size_t j = 0; j < bits; ++j) expected += signs[i * bits + j] * static_cast<double>(query[j]) / bits;
    CHECK(static_cast<double>(score({static_cast<std::int64_t>(i), 0})) == Approx(expected).margin(1e-5));
  }
  CHECK_THROWS_AS(score({77, 0}), Error);
  CHECK_THROWS_WITH(AsymmetricScores{}.of_query(index, std::span{query}.first(3)),
                    "AsymmetricScores: numbers of the query: expected 72, got 3");
  auto wrong = query;
  wrong[3] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(AsymmetricScores{}.of_query(index, wrong),
                    "AsymmetricScores: numbers of the query: expected finite ones, got nan");
}

TEMPLATE_TEST_CASE("Stored vectors order the shortlist by cosine", "[index][rerank]", float, BFloat16, std::int8_t) {
  constexpr Size bits = 64, width = 20, n = 40;
  const auto vectors = normal_numbers(n * width, 3);
  const Mat<const float> rows{vectors.data(), n, width, width};
  std::vector<std::int64_t> ids;
  for (Size i = 0; i < n; ++i) ids.push_back(1000 - i);
  const HammingIndex<bits> index{std::vector<Code<bits>>(n), ids};  // all equally near
  VectorScores<TestType> scores{width};
  scores.add(rows, ids);
  REQUIRE(scores.size() == n);
  const Reranked reranked{index, scores, n};
  for (Size i = 0; i < n; ++i) {
    const auto hits = reranked.search(Code<bits>{}, std::span{rows.row(i), std::size_t{width}}, 3);
    REQUIRE(hits.size() == 3);
    CHECK(hits[0].id == 1000 - i);  // a vector is nearest to itself
    CHECK(static_cast<double>(hits[0].score) == Approx(1).margin(0.01));
    CHECK(hits[0].score >= hits[1].score);
  }
  const auto twice = normal_numbers(width, 3);
  scores.add({twice.data(), 1, width, width}, std::vector<std::int64_t>{5000});
  CHECK(scores.size() == n + 1);
  CHECK_THROWS_AS(scores.add({twice.data(), 1, width - 1, width}, std::vector<std::int64_t>{1}), Error);
  const std::vector<float> infinite(width, std::numeric_limits<float>::infinity());
  CHECK_THROWS_AS(scores.add({infinite.data(), 1, width, width}, std::vector<std::int64_t>{1}), Error);
  const HammingIndex<bits> others{std::vector<Code<bits>>(1), std::vector<std::int64_t>{9}};
  CHECK_THROWS_WITH((Reranked{others, scores, 1}.search(Code<bits>{}, twice, 1)),
                    "VectorScores: id of a hit: expected one with a vector, got 9");
}

TEST_CASE("A length known at run time finds its type", "[index]") {
  CHECK(with_bits(64, [](auto bits) { return static_cast<int>(sizeof(Code<bits()>)); }) == 8);
  CHECK(with_bits<BitsList<16, 4096>>(4096, [](auto bits) { return Size{bits}; }) == 4096);
  CHECK(with_bits<AllBits>(1000, [](auto bits) { return Size{bits}; }) == 1000);
  CHECK_THROWS_WITH((with_bits<BitsList<16, 32>>(20, [](auto) {})),
                    "with_bits: bits of the codes: expected one of 16, 32, got 20");
}

TEST_CASE("Numbers are rounded to the nearest bfloat16, halves to even", "[io]") {
  CHECK(round_to_bfloat16(1.0f).bits == 0x3f80);
  CHECK(round_to_bfloat16(1.00390625f).bits == 0x3f80);  // 1 + 2^-8, half way: to the even one below
  CHECK(round_to_bfloat16(1.01171875f).bits == 0x3f82);  // 1 + 3 2^-8: to the even one above
  CHECK(round_to_bfloat16(-3.4e38f).bits == 0xff80);     // beyond the largest: infinity
  const float nan = round_to_bfloat16(std::numeric_limits<float>::quiet_NaN());
  CHECK(nan != nan);
}
