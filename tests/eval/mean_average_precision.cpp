#include <catch2/catch.hpp>
#include <eval/brute_force.hpp>
#include <hashweave/eval/mean_average_precision.hpp>
#include <vector>

using namespace hashweave;

namespace {

// Three queries, six items already in order. Relevant: query 0 at places 1, 3, 6; query 1 nowhere; query 2 at place 5.
const std::vector<double> scores{6, 5, 4, 3, 2, 1, 6, 5, 4, 3, 2, 1, 6, 5, 4, 3, 2, 1};
const std::vector<std::vector<int>> flags{{1, 0, 1, 0, 0, 1}, {0, 0, 0, 0, 0, 0}, {0, 0, 0, 0, 1, 0}};

auto hand_table() { return score_table(matrix(scores.data(), 3, 6)); }
bool hand_relevance(Size q, Size d) { return flags.data()[q].data()[d] == 1; }

struct Drawn {  // codes of 16 bits, many of them tied, and labels of six classes
  std::vector<Code<16>> queries = brute_force::random_codes<16>(20, 1);
  std::vector<Code<16>> items = brute_force::random_codes<16>(200, 2);
  std::vector<std::uint8_t> query_labels = labels(20, 3);
  std::vector<std::uint8_t> item_labels = labels(200, 4);

  static std::vector<std::uint8_t> labels(Size n, std::uint64_t seed) {
    std::vector<std::uint8_t> out;
    for (const auto value : brute_force::random_integers(n * 6, 5, seed)) out.push_back(value == 0 ? 1 : 0);
    for (int c = 0; c < 6; ++c) out[static_cast<std::size_t>(c)] = 0;  // the first has no label at all
    return out;
  }

  /// The relevances of the items in each query's order.
  std::vector<std::vector<int>> rankings() const {
    std::vector<std::vector<int>> out;
    for (std::size_t q = 0; q < queries.size(); ++q) {
      std::vector<Size> distances;
      std::vector<int> relevant;
      for (std::size_t d = 0; d < items.size(); ++d) {
        int shared = 0;
        for (std::size_t c = 0; c < 6; ++c) shared += query_labels[q * 6 + c] * item_labels[d * 6 + c];
        distances.push_back(hamming(queries[q], items[d]));
        relevant.push_back(shared > 0 ? 1 : 0);
      }
      out.push_back(brute_force::ranked(distances, relevant));
    }
    return out;
  }

  SharedLabels shared() const { return {matrix(query_labels.data(), 20, 6), matrix(item_labels.data(), 200, 6)}; }
};

}  // namespace

TEST_CASE("The three protocols differ as their definitions do", "[eval][map]") {
  // AP of query 0: (1 + 2/3 + 3/6) / 3 = 13/18; of query 2: 1/5.
  const auto all = map_all(hand_table(), hand_relevance);
  REQUIRE(all.value == Approx((13.0 / 18 + 0.2) / 2));
  REQUIRE((all.queries == 2 && all.without_relevant == 1));
  // Top 4: query 0 (1 + 2/3) / 2 found, queries 1 and 2 find nothing.
  const auto at_4 = map_at_k(hand_table(), hand_relevance, 4);
  REQUIRE(at_4.value == Approx((1 + 2.0 / 3) / 2 / 3));
  REQUIRE((at_4.queries == 3 && at_4.without_relevant == 1));
  // First 4 hits: all three of query 0, wherever they stand; the one of query 2.
  REQUIRE(map_cmh_k(hand_table(), hand_relevance, 4).value == Approx((13.0 / 18 + 0.2) / 3));
  // First 2 hits of query 0: (1 + 2/3) / min(2, 3).
  const auto cmh_2 = map_cmh_k(hand_table(), hand_relevance, 2);
  REQUIRE(cmh_2.value == Approx(((1 + 2.0 / 3) / 2 + 0.2) / 3));
  REQUIRE((cmh_2.queries == 3 && cmh_2.without_relevant == 1));
}

TEST_CASE("Mean average precision of codes agrees with the definitions, ties in database order", "[eval][map]") {
  const Drawn drawn;
  const auto table = hamming_table(drawn.queries, drawn.items);
  double all = 0;
  double counted = 0;
  for (const auto& ranking : drawn.rankings())
    if (brute_force::total(ranking) > 0) {
      all += brute_force::average_precision(ranking);
      ++counted;
    }
  REQUIRE(counted < 20);  // so that the exclusion is seen
  const auto got = map_all(table, drawn.shared());
  REQUIRE(got.value == Approx(all / counted).epsilon(1e-12));
  REQUIRE(static_cast<double>(got.queries) == counted);
  REQUIRE(got.queries + got.without_relevant == 20);
  for (const Size k : {1, 3, 30, 199, 200, 500}) {
    double at_k = 0;
    double cmh_k = 0;
    for (const auto& ranking : drawn.rankings()) {
      at_k += brute_force::average_precision_at_k(ranking, k) / 20;
      cmh_k += brute_force::average_precision_cmh_k(ranking, k) / 20;
    }
    REQUIRE(map_at_k(table, drawn.shared(), k).value == Approx(at_k).epsilon(1e-12));
    REQUIRE(map_cmh_k(table, drawn.shared(), k).value == Approx(cmh_k).epsilon(1e-12));
  }
}

TEST_CASE("A query's average precision is missing where nothing is relevant", "[eval][map]") {
  const auto aps = average_precisions(hand_table(), hand_relevance);
  REQUIRE(aps.size() == 3);
  REQUIRE(aps[0].value() == Approx(13.0 / 18));
  REQUIRE(!aps[1].has_value());
  REQUIRE(aps[2].value() == Approx(0.2));
}

TEST_CASE("A class has the mean of the queries that carry it", "[eval][map]") {
  // Class 0: queries 0 and 1; class 1: queries 0 and 2; class 2: none; class 3: query 1, which has no AP.
  const std::vector<float> labels{1, 1, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0};
  const auto classes = map_per_class(hand_table(), hand_relevance, matrix(labels.data(), 3, 4));
  REQUIRE(classes.size() == 4);
  REQUIRE(classes[0].value == Approx(13.0 / 18));
  REQUIRE((classes[0].queries == 1 && classes[0].without_relevant == 1));
  REQUIRE(classes[1].value == Approx((13.0 / 18 + 0.2) / 2));
  REQUIRE(classes[1].queries == 2);
  REQUIRE((classes[2].value == 0 && classes[2].queries == 0 && classes[2].without_relevant == 0));
  REQUIRE((classes[3].value == 0 && classes[3].queries == 0 && classes[3].without_relevant == 1));
  REQUIRE_THROWS_AS(map_per_class(hand_table(), hand_relevance, matrix(labels.data(), 2, 4)), Error);
}

TEST_CASE("Mean average precision refuses what it can't average", "[eval][map]") {
  const auto nothing = [](Size, Size) { return false; };
  REQUIRE_THROWS_WITH(map_all(hand_table(), nothing),
                      "map_all: queries with anything relevant: expected at least 1, got 0");
  REQUIRE(map_at_k(hand_table(), nothing, 3).value == 0);
  REQUIRE(map_at_k(hand_table(), nothing, 3).without_relevant == 3);
  REQUIRE_THROWS_WITH(map_at_k(hand_table(), nothing, 0), "map_at_k: K: expected at least 1, got 0");
  REQUIRE_THROWS_AS(map_cmh_k(hand_table(), nothing, -1), Error);
  const Drawn drawn;
  REQUIRE_THROWS_WITH(map_all(hamming_table(drawn.items, drawn.items), drawn.shared()),
                      "map_all: queries whose relevance is known: expected 200, got 20");
}
