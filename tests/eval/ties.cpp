#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <eval/brute_force.hpp>
#include <hashweave/eval/mean_average_precision.hpp>
#include <hashweave/eval/precision_recall.hpp>
#include <hashweave/eval/recall.hpp>
#include <vector>

using namespace hashweave;

namespace {

/// One query, the items' distances and relevances given.
struct Given {
  const std::vector<std::int64_t>& distances;
  Size queries() const { return 1; }
  Size items() const { return std::ssize(distances); }
  Size operator()(Size, Size d) const { return distances.data()[d]; }
};

Approx near(double value) { return Approx(value).epsilon(1e-12).margin(1e-13); }

}  // namespace

TEST_CASE("Two tied items, one of them relevant, have the mean of their two orders", "[eval][ties]") {
  // Relevant first: AP 1, rank 1, R@1 100. Relevant second: AP 1/2, rank 2, R@1 0.
  const std::vector<std::int64_t> distances{4, 4};
  const auto relevant = [](Size, Size d) { return d == 1; };
  REQUIRE(map_all(Given{distances}, relevant, Ties::expected).value == near(0.75));
  REQUIRE(map_all(Given{distances}, relevant, Ties::order).value == near(0.5));
  const RecallReport report = recall_report(Given{distances}, relevant, {1, 2}, Ties::expected);
  REQUIRE(report.recall == std::vector<double>{50, 100});
  REQUIRE(report.median_rank == 1.5);
}

TEST_CASE("Expectations over ties equal the mean over all orders of tied items", "[eval][ties]") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const Size n = 2 + static_cast<Size>(seed % 6);  // up to 7 items, 5040 orders
    const auto distances = brute_force::random_integers(n, 1 + static_cast<std::int64_t>(seed % 4), seed);
    std::vector<int> flags;
    for (const auto bit : brute_force::random_integers(n, 2, seed + 1000)) flags.push_back(static_cast<int>(bit));
    flags[static_cast<std::size_t>(seed) % flags.size()] = 1;
    const Given table{distances};
    const auto relevant = [&](Size, Size d) { return flags.data()[d] == 1; };
    const auto mean = [&](auto metric) { return brute_force::mean_over_orders(distances, flags, metric); };

    REQUIRE(map_all(table, relevant, Ties::expected).value == near(mean(brute_force::average_precision)));
    for (Size k = 1; k <= n + 1; ++k) {
      INFO("seed " << seed << ", " << n << " items, K = " << k);
      REQUIRE(map_at_k(table, relevant, k, Ties::expected).value ==
              near(mean([&](const auto& r) { return brute_force::average_precision_at_k(r, k); })));
      REQUIRE(map_cmh_k(table, relevant, k, Ties::expected).value ==
              near(mean([&](const auto& r) { return brute_force::average_precision_cmh_k(r, k); })));
      const RecallReport report = recall_report(table, relevant, {k}, Ties::expected);
      REQUIRE(report.recall[0] ==
              near(mean([&](const auto& r) { return brute_force::found_in_top(r, k) > 0 ? 100.0 : 0.0; })));
      REQUIRE(report.recall_fraction[0] ==
              near(mean([&](const auto& r) { return 100 * brute_force::found_in_top(r, k) / brute_force::total(r); })));
      REQUIRE(report.mean_rank == near(mean(brute_force::first_rank)));
      const auto point = precision_recall_at(table, relevant, {k}, Ties::expected).front();
      REQUIRE(point.precision == near(mean([&](const auto& r) {
                return brute_force::found_in_top(r, k) / static_cast<double>(std::min(k, n));
              })));
      REQUIRE(point.recall ==
              near(mean([&](const auto& r) { return brute_force::found_in_top(r, k) / brute_force::total(r); })));
    }
  }
}

TEST_CASE("Without ties, the expectation is the value", "[eval][ties]") {
  std::vector<std::int64_t> distances;
  for (Size d = 0; d < 50; ++d) distances.push_back(d * 37 % 50);  // a permutation of 0 .. 49
  const Given table{distances};
  const auto relevant = [](Size, Size d) { return d % 3 == 1; };
  REQUIRE(map_all(table, relevant, Ties::expected).value == map_all(table, relevant).value);
  REQUIRE(map_at_k(table, relevant, 20, Ties::expected).value == map_at_k(table, relevant, 20).value);
  REQUIRE(map_cmh_k(table, relevant, 7, Ties::expected).value == map_cmh_k(table, relevant, 7).value);
  const auto order = recall_report(table, relevant, {1, 5}, Ties::order);
  const auto expected = recall_report(table, relevant, {1, 5}, Ties::expected);
  REQUIRE(order.recall == expected.recall);
  REQUIRE(order.mean_rank == expected.mean_rank);
}

TEST_CASE("Expectations over large groups have the closed forms' means", "[eval][ties]") {
  // Hypergeometric: E[X] = s r / n, E[X^2] = Var + E[X]^2, Var = s r (n - r)(n - s) / (n^2 (n - 1)).
  // Place of the i-th relevant: i (n + 1) / (r + 1).
  const auto identity = [](Size x) { return static_cast<double>(x); };
  const auto square = [](Size x) { return static_cast<double>(x) * static_cast<double>(x); };
  for (const Size n : {1000, 54000})
    for (const Size r : {Size{1}, Size{2}, n / 10, n / 2, n - 1, n})
      for (const Size s : {Size{1}, n / 50, n / 2, n - 1, n}) {
        INFO(n << " items, " << r << " relevant, " << s << " slots");
        const auto [items, relevant, slots] =
            std::array{static_cast<double>(n), static_cast<double>(r), static_cast<double>(s)};
        const double mean = slots * relevant / items;
        const double variance = slots * relevant / items / items * (items - relevant) / (items - 1) * (items - slots);
        REQUIRE(expectation_of_relevant_in(s, n, r, identity) == Approx(mean).epsilon(1e-11));
        REQUIRE(expectation_of_relevant_in(s, n, r, square) == Approx(variance + mean * mean).epsilon(1e-11));
        REQUIRE(probability_of_none_in(s, n, r) ==
                Approx(expectation_of_relevant_in(s, n, r, [](Size x) { return x == 0 ? 1.0 : 0.0; }))
                    .epsilon(1e-9)
                    .margin(1e-18));
        for (const Size i : {Size{1}, (r + 1) / 2, r})
          REQUIRE(expectation_of_place_of(i, n, r, identity) ==
                  Approx(static_cast<double>(i) * (items + 1) / (relevant + 1)).epsilon(1e-11));
      }
}

TEST_CASE("In one large tied group the protocols agree where their cuts leave everything", "[eval][ties]") {
  const std::vector<std::int64_t> distances(5000, 3);
  const Given table{distances};
  const auto relevant = [](Size, Size d) { return d < 1200; };
  const double all = map_all(table, relevant, Ties::expected).value;
  REQUIRE(map_at_k(table, relevant, 5000, Ties::expected).value == Approx(all).epsilon(1e-12));
  REQUIRE(map_cmh_k(table, relevant, 1200, Ties::expected).value == Approx(all).epsilon(1e-12));
  // The sum over the first 1199 hits and the last one, which stands at the mean place of 1200 / place.
  const double first = map_cmh_k(table, relevant, 1199, Ties::expected).value * 1199;
  const double last = expectation_of_place_of(1200, 5000, 1200, [](Size p) { return 1200.0 / static_cast<double>(p); });
  REQUIRE((first + last) / 1200 == Approx(all).epsilon(1e-12));
}
