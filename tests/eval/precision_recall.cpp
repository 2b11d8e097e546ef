#include <catch2/catch.hpp>
#include <eval/brute_force.hpp>
#include <hashweave/eval/precision_recall.hpp>
#include <vector>

using namespace hashweave;

namespace {

Code<16> ones(Size first, Size count) {
  Code<16> code;
  for (Size j = first; j < first + count; ++j) code.set(j, true);
  return code;
}

// Query 0 has the items at 0, 1, 2, 3, 16 bits, of which the first, third and fourth are relevant.
// Query 1 has them at 8, 9, 10, 11, 8 bits, none of them relevant.
const std::vector<Code<16>> queries{ones(0, 0), ones(8, 8)};
const std::vector<Code<16>> items{ones(0, 0), ones(0, 1), ones(0, 2), ones(0, 3), ones(0, 16)};
bool relevant(Size q, Size d) { return q == 0 && (d == 0 || d == 2 || d == 3); }

}  // namespace

TEST_CASE("Precision and recall by radius count what lies within it", "[eval][precision]") {
  const auto curve = precision_recall_by_radius(hamming_table(queries, items), relevant);
  REQUIRE(curve.size() == 17);
  // Query 1 retrieves nothing below 8 bits and nothing relevant after: half the precision of query 0, not in recall.
  const std::vector<double> precision{1.0, 1.0 / 2, 2.0 / 3, 3.0 / 4, 3.0 / 4};
  const std::vector<double> recall{1.0 / 3, 1.0 / 3, 2.0 / 3, 1, 1};
  for (std::size_t r = 0; r < 5; ++r) {
    REQUIRE(curve[r].at == static_cast<Size>(r));
    REQUIRE(curve[r].precision == Approx(precision[r] / 2));
    REQUIRE(curve[r].recall == Approx(recall[r]));
    REQUIRE(curve[r].empty == 1);
  }
  REQUIRE((curve[7].empty == 1 && curve[8].empty == 0));
  REQUIRE(curve[16].precision == Approx(3.0 / 5 / 2));
}

TEST_CASE("Precision within two bits is the point of the curve at 2", "[eval][precision]") {
  REQUIRE(precision_at_radius(hamming_table(queries, items), relevant) == Approx(1.0 / 3));
  REQUIRE(precision_at_radius(hamming_table(queries, items), relevant, 0) == Approx(0.5));
  REQUIRE(precision_at_radius(hamming_table(queries, items), relevant, 40) == Approx(0.3));
}

TEST_CASE("Precision and recall of the nearest N follow the ranking", "[eval][precision]") {
  const auto points = precision_recall_at(hamming_table(queries, items), relevant, {1, 3, 5, 8});
  REQUIRE(points[0].precision == Approx(0.5));
  REQUIRE(points[1].precision == Approx(2.0 / 3 / 2));
  REQUIRE(points[1].recall == Approx(2.0 / 3));
  REQUIRE(points[2].precision == Approx(3.0 / 5 / 2));
  REQUIRE(points[2].recall == 1);
  REQUIRE(points[3].precision == points[2].precision);  // there are only five
}

TEST_CASE("On random codes, the nearest N within a radius are what the radius holds", "[eval][precision]") {
  // For each radius, N = items within it: with one query the two curves meet there, whatever the ties.
  const auto query = brute_force::random_codes<32>(1, 1);
  const auto database = brute_force::random_codes<32>(300, 2);
  const auto drawn = brute_force::random_integers(300, 3, 3);
  const auto third = [&](Size, Size d) { return drawn.data()[d] == 0; };
  const auto table = hamming_table(query, database);
  for (const auto& by_radius : precision_recall_by_radius(table, third)) {
    Size within = 0;
    for (Size d = 0; d < 300; ++d) within += table(0, d) <= by_radius.at ? 1 : 0;
    REQUIRE(by_radius.empty == (within == 0 ? 1 : 0));
    if (within == 0) continue;
    const auto by_number = precision_recall_at(table, third, {within}).front();
    REQUIRE(by_radius.precision == Approx(by_number.precision));
    REQUIRE(by_radius.recall == Approx(by_number.recall));
  }
}

TEST_CASE("Precision refuses negative radii and no items", "[eval][precision]") {
  const std::vector<Code<16>> none;
  REQUIRE_THROWS_AS(precision_at_radius(hamming_table(queries, items), relevant, -1), Error);
  REQUIRE_THROWS_AS(precision_at_radius(hamming_table(queries, none), relevant), Error);
  REQUIRE_THROWS_WITH(precision_recall_at(hamming_table(queries, items), relevant, {0}),
                      "precision_recall_at: N: expected at least 1, got 0");
}
