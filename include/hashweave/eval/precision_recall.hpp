#pragma once
#include <algorithm>
#include <hashweave/core/error.hpp>
#include <hashweave/eval/ranking.hpp>
#include <span>
#include <utility>
#include <vector>

namespace hashweave {

/// One point of a precision-recall curve: the means over queries when each retrieves the items within a radius of
/// `at` bits, or its `at` nearest items.
struct PrecisionRecallPoint {
  Size at = 0;
  double precision = 0;  ///< relevant / retrieved, over all queries; a query that retrieves nothing counts 0
  double recall = 0;     ///< relevant retrieved / relevant, over the queries with anything relevant; 0 if none has
  Size empty = 0;        ///< queries that retrieve nothing
};

/// Adds up points: one call of `add` a query and point, then `mean`.
class PrecisionRecallSums {
 public:
  explicit PrecisionRecallSums(std::span<const Size> at) {
    for (const Size a : at) points_.push_back({a, 0, 0, 0});
  }

  void add(std::size_t point, double found, Size retrieved, Size relevant) {
    if (retrieved > 0) points_[point].precision += found / static_cast<double>(retrieved);
    if (retrieved == 0) ++points_[point].empty;
    if (relevant > 0) points_[point].recall += found / static_cast<double>(relevant);
  }

  std::vector<PrecisionRecallPoint> mean(Size queries, Size queries_with_relevant) && {
    for (PrecisionRecallPoint& point : points_) {
      point.precision /= static_cast<double>(queries);
      point.recall /= static_cast<double>(std::max<Size>(queries_with_relevant, 1));
    }
    return std::move(points_);
  }

 private:
  std::vector<PrecisionRecallPoint> points_;
};

/// Precision and recall within each Hamming radius, in the order given. Ties play no part: a radius has all or none.
/// Throws `Error` for empty sets, sizes that differ, a radius below 0.
/// Cost: O(items) distances a query, no sort.
template <BitDistanceTable T, Relevance P>
std::vector<PrecisionRecallPoint> precision_recall_by_radius(const T& table, const P& relevant,
                                                             const std::vector<Size>& radii) {
  require_same_sizes(table, relevant, "precision_recall_by_radius");
  for (const Size radius : radii) require(radius >= 0, "precision_recall_by_radius", "radius", "at least 0", radius);
  PrecisionRecallSums sums(radii);
  Size with_relevant = 0;
  const Size bits = table.largest;
  std::vector<Size> retrieved(static_cast<std::size_t>(bits + 1));  // by distance, then within it
  std::vector<Size> found(static_cast<std::size_t>(bits + 1));
  for (Size q = 0; q < table.queries(); ++q) {
    std::ranges::fill(retrieved, 0);
    std::ranges::fill(found, 0);
    for (Size d = 0; d < table.items(); ++d) {
      const Size distance = table(q, d);
      ++retrieved.data()[distance];
      found.data()[distance] += relevant(q, d) ? 1 : 0;
    }
    for (Size r = 1; r <= bits; ++r) {
      retrieved.data()[r] += retrieved.data()[r - 1];
      found.data()[r] += found.data()[r - 1];
    }
    with_relevant += found.back() > 0 ? 1 : 0;
    for (std::size_t i = 0; i < radii.size(); ++i) {
      const Size r = std::min(radii[i], bits);
      sums.add(i, static_cast<double>(found.data()[r]), retrieved.data()[r], found.back());
    }
  }
  return std::move(sums).mean(table.queries(), with_relevant);
}

/// The whole curve: radii 0, 1 .. the code length.
template <BitDistanceTable T, Relevance P>
std::vector<PrecisionRecallPoint> precision_recall_by_radius(const T& table, const P& relevant) {
  std::vector<Size> radii;
  for (Size r = 0; r <= table.largest; ++r) radii.push_back(r);
  return precision_recall_by_radius(table, relevant, radii);
}

/// Mean precision among the items within a Hamming radius, 2 bits by custom ("P@H=2"), in 0 .. 1; a query that
/// retrieves nothing counts 0. Throws `Error` as `precision_recall_by_radius` does.
template <BitDistanceTable T, Relevance P>
double precision_at_radius(const T& table, const P& relevant, Size radius = 2) {
  return precision_recall_by_radius(table, relevant, {radius}).front().precision;
}

/// Precision and recall of each query's N nearest items, for each N in the order given; an N beyond the database means
/// all of it. With `Ties::expected` the expectation over the orders of tied items.
/// Throws `Error` for empty sets, sizes that differ, NaN scores, N < 1.
template <DistanceTable T, Relevance P>
std::vector<PrecisionRecallPoint> precision_recall_at(const T& table, const P& relevant, const std::vector<Size>& ns,
                                                      Ties ties = Ties::order) {
  for (const Size n : ns) require(n > 0, "precision_recall_at", "N", "at least 1", n);
  PrecisionRecallSums sums(ns);
  Size with_relevant = 0;
  for_each_ranking(table, relevant, ties, "precision_recall_at", [&](Size, std::span<const TieGroup> ranking) {
    const Size all = relevant_in(ranking);
    with_relevant += all > 0 ? 1 : 0;
    for (std::size_t i = 0; i < ns.size(); ++i)
      sums.add(i, relevant_within(cut_after(ranking, ns[i])), std::min(ns[i], table.items()), all);
  });
  return std::move(sums).mean(table.queries(), with_relevant);
}

}  // namespace hashweave
