#include <catch2/catch.hpp>
#include <cmath>
#include <eval/brute_force.hpp>
#include <hashweave/eval/ranking.hpp>
#include <hashweave/index/pack.hpp>
#include <limits>
#include <vector>

using namespace hashweave;

namespace {

template <class T>
std::vector<Size> order_of(const std::vector<T>& distances) {
  return stable_order(std::span<const T>(distances));
}

std::vector<double> random_vectors(Size n, Size width, std::uint64_t seed) {
  std::vector<double> out;
  for (const auto value : brute_force::random_integers(n * width, 2001, seed))
    out.push_back(static_cast<double>(value - 1000) / 1000);
  return out;
}

const auto every_item = [](Size, Size) { return true; };

}  // namespace

TEST_CASE("Equally near items stay in database order", "[eval]") {
  const std::vector<Size> expected{1, 4, 0, 3, 2};
  REQUIRE(order_of(std::vector<Size>{5, 2, 9, 5, 2}) == expected);
  REQUIRE(order_of(std::vector<double>{0.5, -2, 9, 0.5, -2}) == expected);
  REQUIRE(order_of(std::vector<Size>{5, 2, 1'000'000, 5, 2}) == expected);  // too wide for counting
  REQUIRE(order_of(std::vector<Size>{-5, -8, 9, -5, -8}) == expected);
  REQUIRE(order_of(std::vector<Size>{}).empty());
}

TEST_CASE("Counting and comparing give the same order", "[eval]") {
  const auto drawn = brute_force::random_integers(3000, 40, 1);
  const std::vector<double> as_double(drawn.begin(), drawn.end());
  REQUIRE(order_of(std::vector<Size>(drawn.begin(), drawn.end())) == order_of(as_double));
}

TEST_CASE("A ranking has one group an item in database order, one a distance in expectation", "[eval][ties]") {
  const std::vector<double> scores{1, 3, 1, 3, 2, 1};  // larger is nearer
  const auto relevant = [](Size, Size d) { return d == 1 || d == 2; };
  const auto flatten = [&](Ties ties) {
    std::vector<std::vector<double>> out;
    for_each_ranking(score_table(matrix(scores.data(), 1, 6)), relevant, ties, "test", [&](Size, auto ranking) {
      for (const TieGroup& g : ranking)
        out.push_back({g.distance, static_cast<double>(g.size), static_cast<double>(g.relevant)});
    });
    return out;
  };
  REQUIRE(flatten(Ties::expected) == std::vector<std::vector<double>>{{-3, 2, 1}, {-2, 1, 0}, {-1, 3, 1}});
  REQUIRE(flatten(Ties::order) ==
          std::vector<std::vector<double>>{{-3, 1, 1}, {-3, 1, 0}, {-2, 1, 0}, {-1, 1, 0}, {-1, 1, 1}, {-1, 1, 0}});
}

TEST_CASE("A cut ends between groups or within one", "[eval][ties]") {
  const std::vector<TieGroup> ranking{{0, 2, 1}, {1, 4, 3}, {2, 1, 1}};
  const Cut between = cut_after(ranking, 2);
  REQUIRE((between.items == 2 && between.relevant == 1 && between.slots == 0));
  const Cut within = cut_after(ranking, 3);
  REQUIRE((within.items == 2 && within.relevant == 1 && within.slots == 1 && within.group.size == 4));
  REQUIRE(relevant_within(within) == 1.75);  // 1 + 1 place * 3 of 4
  const Cut beyond = cut_after(ranking, 100);
  REQUIRE((beyond.items == 7 && beyond.relevant == 5 && beyond.slots == 0));
  REQUIRE(relevant_in(ranking) == 5);
}

TEST_CASE("Real vectors are compared by cosine or inner product, in double", "[eval]") {
  // q = (3, 4): with (6, 8) product 50, cosine 1; with (1, 0) product 3, cosine 3/5; with (-4, 3) both 0.
  const std::vector<float> query{3, 4};
  const std::vector<float> items{6, 8, 1, 0, -4, 3};
  const auto q = matrix(query.data(), 1, 2);
  const auto d = matrix(items.data(), 3, 2);
  const auto products = inner_product_table(q, d);
  REQUIRE((products(0, 0) == -50 && products(0, 1) == -3 && products(0, 2) == 0));
  const auto cosines = cosine_table(q, d);
  REQUIRE(cosines(0, 0) == Approx(-1));
  REQUIRE(cosines(0, 1) == Approx(-0.6));
  REQUIRE(cosines(0, 2) == 0);

  // 2^24 + 1 is lost in float, not in double.
  const std::vector<float> large{16777216, 1};
  const std::vector<float> ones{1, 1};
  REQUIRE(inner_product_table(matrix(large.data(), 1, 2), matrix(ones.data(), 1, 2))(0, 0) == -16777217);
}

TEST_CASE("Inner products of every width agree with a plain sum", "[eval]") {
  for (const Size width : {1, 7, 8, 9, 16, 100}) {
    auto a = random_vectors(2, width, 1);
    const auto b = random_vectors(3, width, 2);
    const auto table = inner_product_table(matrix(a.data(), 2, width), matrix(b.data(), 3, width));  // one writable
    for (Size q = 0; q < 2; ++q)
      for (Size d = 0; d < 3; ++d) {
        double sum = 0;
        for (Size i = 0; i < width; ++i) sum += a.data()[q * width + i] * b.data()[d * width + i];
        REQUIRE(table(q, d) == Approx(-sum).epsilon(1e-13).margin(1e-13));
      }
  }
}

TEST_CASE("On codes, cosine and Hamming distance tell the same", "[eval]") {
  // For codes of +-1, cos = 1 - 2 hamming / Bits.
  const auto queries = brute_force::random_codes<72>(4, 3);
  const auto items = brute_force::random_codes<72>(30, 4);
  const auto q = unpack(queries);
  const auto d = unpack(items);
  const auto cosines = cosine_table(matrix(q.data(), 4, 72), matrix(d.data(), 30, 72));
  const auto bits = hamming_table(queries, items);
  REQUIRE((bits.queries() == 4 && bits.items() == 30 && cosines.queries() == 4 && cosines.items() == 30));
  for (Size i = 0; i < 4; ++i)
    for (Size j = 0; j < 30; ++j)
      REQUIRE(cosines(i, j) == Approx(2 * static_cast<double>(bits(i, j)) / 72 - 1).margin(1e-14));
}

TEST_CASE("A transposed table exchanges queries and items, a subset picks some of them", "[eval]") {
  const std::vector<double> scores{1, 2, 3, 4, 5, 6};
  const auto table = score_table(matrix(scores.data(), 2, 3));
  const auto other = transposed(table);
  REQUIRE((other.queries() == 3 && other.items() == 2 && other(2, 0) == -3 && other(0, 1) == -4));
  const Subset<decltype(table)> part{table, {1}, {2, 0}};
  REQUIRE((part.queries() == 1 && part.items() == 2 && part(0, 0) == -6 && part(0, 1) == -4));
}

TEST_CASE("Labels are shared where both vectors have one in common", "[eval]") {
  const Size classes = 130;  // three words
  std::vector<float> queries(2 * 130);
  std::vector<std::uint8_t> items(3 * 130);
  queries[3] = queries[129] = 1;
  queries[130 + 64] = 1;
  items[129] = 1;
  items[130 + 65] = 1;
  items[260 + 64] = items[260 + 3] = 1;
  const SharedLabels shared(matrix(queries.data(), 2, classes), matrix(items.data(), 3, classes));
  REQUIRE((shared(0, 0) && !shared(0, 1) && shared(0, 2)));
  REQUIRE((!shared(1, 0) && !shared(1, 1) && shared(1, 2)));
}

TEST_CASE("What can't be ranked is refused", "[eval]") {
  const std::vector<double> a{1, 0, 0, 0};
  const auto visit = [](Size, auto) {};
  const auto rank = [&](const auto& table, const auto& relevant) {
    for_each_ranking(table, relevant, Ties::order, "rank", visit);
  };
  REQUIRE_THROWS_WITH(inner_product_table(matrix(a.data(), 1, 2), matrix(a.data(), 1, 3)),
                      "inner_product_table: columns of the items: expected 2, got 3");
  REQUIRE_THROWS_AS(cosine_table(matrix(a.data(), 1, 2), matrix(a.data(), 1, 3)), Error);
  REQUIRE_THROWS_AS(inner_product_table(matrix(a.data(), 1, 0), matrix(a.data(), 1, 0)), Error);
  REQUIRE_THROWS_WITH(cosine_table(matrix(a.data(), 1, 2), matrix(a.data(), 2, 2)),
                      "cosine_table: norm of item 1: expected a positive number, got 0");
  REQUIRE_THROWS_WITH(rank(score_table(matrix(a.data(), 0, 4)), every_item),
                      "rank: queries: expected at least 1, got 0");
  REQUIRE_THROWS_AS(rank(score_table(matrix(a.data(), 4, 0)), every_item), Error);
  const std::vector<double> nan{1, 2, 3, std::numeric_limits<double>::quiet_NaN()};
  REQUIRE_THROWS_WITH(rank(score_table(matrix(nan.data(), 2, 2)), every_item),
                      "rank: score of query 1 and item 1: expected a number, got NaN");
  const std::vector<std::int64_t> owners{1, 2};
  REQUIRE_THROWS_WITH(rank(score_table(matrix(a.data(), 1, 4)), SameOwner{owners, owners}),
                      "rank: queries whose relevance is known: expected 1, got 2");
  REQUIRE_THROWS_AS(rank(score_table(matrix(a.data(), 2, 1)), SameOwner{owners, owners}), Error);
  REQUIRE_THROWS_AS(SharedLabels(matrix(a.data(), 1, 2), matrix(a.data(), 1, 3)), Error);
}
