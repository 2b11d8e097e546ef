#include <catch2/catch.hpp>
#include <cmath>
#include <eval/brute_force.hpp>
#include <hashweave/eval/code_statistics.hpp>
#include <hashweave/eval/overlap.hpp>
#include <numeric>
#include <vector>

using namespace hashweave;

namespace {

// Bit 0: 1100, bit 1: 1100, bit 2: 0011, bit 3: 1010, bit 4: 1111, all others 0.
std::vector<Code<16>> four_codes() {
  std::vector<Code<16>> codes(4);
  for (const std::size_t i : {0u, 1u})
    for (const Size j : {0, 1}) codes[i].set(j, true);
  for (const std::size_t i : {2u, 3u}) codes[i].set(2, true);
  for (const std::size_t i : {0u, 2u}) codes[i].set(3, true);
  for (auto& code : codes) code.set(4, true);
  return codes;
}

}  // namespace

TEST_CASE("Balance is the share of codes with a bit set", "[eval][codes]") {
  std::vector<double> expected(16);
  expected[0] = expected[1] = expected[2] = expected[3] = 0.5;
  expected[4] = 1;
  REQUIRE(bit_balance(four_codes()) == expected);
}

TEST_CASE("Correlation is 1 for equal bits, -1 for opposite, 0 for unrelated and constant ones", "[eval][codes]") {
  const auto correlation = bit_correlation(four_codes());
  const auto at = [&](std::size_t i, std::size_t j) { return correlation[i * 16 + j]; };
  REQUIRE(at(0, 1) == Approx(1));
  REQUIRE(at(0, 2) == Approx(-1));
  REQUIRE(at(2, 0) == Approx(-1));
  REQUIRE(at(0, 3) == Approx(0).margin(1e-15));
  REQUIRE((at(0, 4) == 0 && at(4, 9) == 0));
  for (std::size_t j = 0; j < 16; ++j) REQUIRE(at(j, j) == 1);
}

TEST_CASE("Correlation of random codes agrees with Pearson's formula", "[eval][codes]") {
  auto codes = brute_force::random_codes<24>(130, 1);
  for (auto& code : codes) code.set(3, code.bit(3) && code.bit(4));  // so that two bits are related
  const auto correlation = bit_correlation(codes);
  const auto mean = [&](auto value) {
    double sum = 0;
    for (const auto& code : codes) sum += value(code);
    return sum / 130;
  };
  for (Size i = 0; i < 24; ++i)
    for (Size j = 0; j < 24; ++j) {
      const auto sign = [](const Code<24>& code, Size k) { return code.bit(k) ? 1.0 : -1.0; };
      const double mi = mean([&](const auto& code) { return sign(code, i); });
      const double mj = mean([&](const auto& code) { return sign(code, j); });
      const double covariance = mean([&](const auto& code) { return (sign(code, i) - mi) * (sign(code, j) - mj); });
      const double scale = std::sqrt((1 - mi * mi) * (1 - mj * mj));  // signs have variance 1 - mean^2
      REQUIRE(correlation.data()[i * 24 + j] == Approx(covariance / scale).margin(1e-13));
    }
}

TEST_CASE("Histograms count matching and other pairs by distance", "[eval][codes]") {
  const auto queries = brute_force::random_codes<16>(7, 2);
  const auto items = brute_force::random_codes<16>(50, 3);
  const auto relevant = [](Size q, Size d) { return (q + d) % 5 == 0; };
  const auto histograms = distance_histograms(hamming_table(queries, items), relevant);
  REQUIRE((histograms.matching.size() == 17 && histograms.other.size() == 17));
  for (Size distance = 0; distance <= 16; ++distance) {
    std::int64_t matching = 0;
    std::int64_t other = 0;
    for (std::size_t q = 0; q < 7; ++q)
      for (std::size_t d = 0; d < 50; ++d)
        if (hamming(queries[q], items[d]) == distance) ++((q + d) % 5 == 0 ? matching : other);
    REQUIRE(histograms.matching.data()[distance] == matching);
    REQUIRE(histograms.other.data()[distance] == other);
  }
}

TEST_CASE("Unique ratio is distinct codes over codes", "[eval][codes]") {
  auto codes = four_codes();
  REQUIRE(unique_ratio(codes) == 1);
  codes.push_back(codes[2]);
  REQUIRE(unique_ratio(codes) == Approx(0.8));
  REQUIRE(unique_ratio(std::vector<Code<128>>(10)) == Approx(0.1));
}

TEST_CASE("Statistics of no codes are refused", "[eval][codes]") {
  const std::vector<Code<16>> none;
  REQUIRE_THROWS_AS(bit_balance(none), Error);
  REQUIRE_THROWS_AS(bit_correlation(none), Error);
  REQUIRE_THROWS_AS(unique_ratio(none), Error);
  const auto always = [](Size, Size) { return true; };
  REQUIRE_THROWS_AS(distance_histograms(hamming_table(none, none), always), Error);
}

TEST_CASE("Query and database sets that overlap are refused unless asked for", "[eval]") {
  const std::vector<std::int64_t> queries{5, 3, 5, 9};
  const std::vector<std::int64_t> items{1, 9, 5, 2};
  const std::vector<std::int64_t> others{1, 2, 4};
  REQUIRE(overlap(queries, items) == 2);
  REQUIRE_THROWS_WITH(require_disjoint(queries, items),
                      "require_disjoint: ids that are in the query and the database set: expected 0, got 2");
  REQUIRE_NOTHROW(require_disjoint(queries, items, Overlap::allowed));
  REQUIRE_NOTHROW(require_disjoint(queries, others));
}
