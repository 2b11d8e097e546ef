#pragma once
#include <algorithm>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/core/mat.hpp>
#include <hashweave/eval/ranking.hpp>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace hashweave {

/// The expected sum of precisions at the hits among `slots` places, of which `hits` drawn at random hold a hit:
///   sum_j (hits / slots) (r + 1 + (j - 1) (hits - 1) / (slots - 1)) / (n + j),   j = 1 .. slots,
/// after n items of which r were relevant. A hit at place j is joined by (j - 1)(hits - 1) / (slots - 1) earlier ones.
/// Source: McSherry & Najork, "Computing information retrieval performance measures efficiently in the presence of
/// tied scores", ECIR 2008.
class ExpectedPrecisions {
 public:
  ExpectedPrecisions(Size items_before, Size relevant_before, Size slots)
      : slots_(static_cast<double>(slots)), relevant_before_(static_cast<double>(relevant_before)) {
    for (Size j = 1; j <= slots; ++j) {
      const auto place = static_cast<double>(items_before + j);
      inverse_ += 1 / place;
      scaled_inverse_ += static_cast<double>(j - 1) / place;
    }
  }

  double sum(Size hits) const {
    const auto x = static_cast<double>(hits);
    const double others = slots_ > 1 ? (x - 1) / (slots_ - 1) * scaled_inverse_ : 0;
    return x / slots_ * ((relevant_before_ + 1) * inverse_ + others);
  }

 private:
  double slots_;
  double relevant_before_;
  double inverse_ = 0;         // sum_j 1 / (n + j)
  double scaled_inverse_ = 0;  // sum_j (j - 1) / (n + j)
};

/// The sum of precisions at the hits of the groups that lie within the first K items; `cut` is `cut_after(ranking, k)`.
inline double sum_of_precisions(std::span<const TieGroup> ranking, const Cut& cut) {
  double sum = 0;
  Size items = 0;
  Size relevant = 0;
  for (const TieGroup& group : ranking) {
    if (items == cut.items) break;
    if (group.relevant > 0) sum += ExpectedPrecisions(items, relevant, group.size).sum(group.relevant);
    items += group.size;
    relevant += group.relevant;
  }
  return sum;
}

/// AP = 1/R sum over the R relevant items of (relevant items up to and including it) / (its place). R must not be 0.
inline double average_precision(std::span<const TieGroup> ranking) {
  Cut all;
  for (const TieGroup& group : ranking) {
    all.items += group.size;
    all.relevant += group.relevant;
  }
  return sum_of_precisions(ranking, all) / static_cast<double>(all.relevant);
}

/// AP of the top K, divided by the relevant items found in the top K; 0 if there are none. With a tied group at the
/// cut both the sum and the divisor depend on X, how many of the group's relevant items come before the cut: this is
/// the exact E[(A + B(X)) / (r + X)], A the precisions before the group, r the hits, B the expected precisions given X.
inline double average_precision_at_k(std::span<const TieGroup> ranking, Size k) {
  const Cut cut = cut_after(ranking, k);
  const double sum = sum_of_precisions(ranking, cut);
  const auto quotient = [&](double precisions, Size found) {
    return found > 0 ? precisions / static_cast<double>(found) : 0.0;
  };
  if (cut.slots == 0) return quotient(sum, cut.relevant);
  const ExpectedPrecisions tail(cut.items, cut.relevant, cut.slots);
  return expectation_of_relevant_in(cut.slots, cut.group.size, cut.group.relevant,
                                    [&](Size x) { return quotient(sum + tail.sum(x), cut.relevant + x); });
}

/// 1/m times the sum of precisions at the first m = min(K, R) relevant items, wherever they stand; 0 if R = 0. The
/// group in which the m-th one falls is summed hit by hit over the places where it may stand.
inline double average_precision_cmh_k(std::span<const TieGroup> ranking, Size k) {
  const Size wanted = std::min(k, relevant_in(ranking));
  if (wanted == 0) return 0;
  double sum = 0;
  Size items = 0;
  Size relevant = 0;
  for (const TieGroup& group : ranking) {
    if (relevant + group.relevant > wanted) {
      for (Size i = 1; relevant + i <= wanted; ++i)
        sum += expectation_of_place_of(i, group.size, group.relevant, [&](Size place) {
          return static_cast<double>(relevant + i) / static_cast<double>(items + place);
        });
      break;
    }
    if (group.relevant > 0) sum += ExpectedPrecisions(items, relevant, group.size).sum(group.relevant);
    items += group.size;
    relevant += group.relevant;
  }
  return sum / static_cast<double>(wanted);
}

/// A mean average precision, in 0 .. 1, and what it is the mean of.
struct MeanAveragePrecision {
  double value = 0;
  Size queries = 0;           ///< averaged over
  Size without_relevant = 0;  ///< queries for which the database holds nothing relevant
};

/// What becomes of a query for which the database holds nothing relevant.
enum class NothingRelevant { left_out, counts_zero };

/// The mean of `ap(ranking)` over the queries.
template <DistanceTable T, Relevance P, class Ap>
MeanAveragePrecision mean_of(const T& table, const P& relevant, Ties ties, std::string_view where,
                             NothingRelevant policy, Ap ap) {
  MeanAveragePrecision mean;
  for_each_ranking(table, relevant, ties, where, [&](Size, std::span<const TieGroup> ranking) {
    const bool any = relevant_in(ranking) > 0;
    mean.without_relevant += any ? 0 : 1;
    mean.queries += any || policy == NothingRelevant::counts_zero ? 1 : 0;
    mean.value += any ? ap(ranking) : 0.0;
  });
  require(mean.queries > 0, where, "queries with anything relevant", "at least 1", mean.queries);
  mean.value /= static_cast<double>(mean.queries);
  return mean;
}

/// mAP@All: the mean of `average_precision` over the queries with anything relevant; the others are left out.
///
/// With `Ties::expected`, every AP is its expectation over the orders of tied items (exact).
/// Throws `Error` for empty sets, sizes that differ, NaN scores, or if no query has anything relevant.
/// Cost: one row of distances and one sort a query.
template <DistanceTable T, Relevance P>
MeanAveragePrecision map_all(const T& table, const P& relevant, Ties ties = Ties::order) {
  return mean_of(table, relevant, ties, "map_all", NothingRelevant::left_out, average_precision);
}

/// mAP@K as HashNet counts it: the mean of `average_precision_at_k` over all queries, 0 where nothing is relevant.
/// Throws `Error` for empty sets, sizes that differ, NaN scores, K < 1.
/// Source: Cao et al., HashNet, ICCV 2017 (the authors' evaluation code).
template <DistanceTable T, Relevance P>
MeanAveragePrecision map_at_k(const T& table, const P& relevant, Size k, Ties ties = Ties::order) {
  require(k > 0, "map_at_k", "K", "at least 1", k);
  return mean_of(table, relevant, ties, "map_at_k", NothingRelevant::counts_zero,
                 [k](std::span<const TieGroup> ranking) { return average_precision_at_k(ranking, k); });
}

/// mAP@K as the CLIP-hash line counts it: the mean of `average_precision_cmh_k` over all queries, 0 where nothing is
/// relevant. The ranking is not cut, the hits are. Throws `Error` for empty sets, sizes that differ, NaN scores, K < 1.
template <DistanceTable T, Relevance P>
MeanAveragePrecision map_cmh_k(const T& table, const P& relevant, Size k, Ties ties = Ties::order) {
  require(k > 0, "map_cmh_k", "K", "at least 1", k);
  return mean_of(table, relevant, ties, "map_cmh_k", NothingRelevant::counts_zero,
                 [k](std::span<const TieGroup> ranking) { return average_precision_cmh_k(ranking, k); });
}

/// The AP of every query, nothing where it has nothing relevant: for tests of significance, and for the worst queries.
template <DistanceTable T, Relevance P>
std::vector<std::optional<double>> average_precisions(const T& table, const P& relevant, Ties ties = Ties::order) {
  std::vector<std::optional<double>> out;
  for_each_ranking(table, relevant, ties, "average_precisions", [&](Size, std::span<const TieGroup> ranking) {
    out.push_back(relevant_in(ranking) > 0 ? std::optional(average_precision(ranking)) : std::nullopt);
  });
  return out;
}

/// `map_all` of the queries that have class c, for each of the C columns of their labels (queries, C). A class without
/// such a query has value 0 and queries 0. Throws `Error` as `map_all` does, and for a wrong number of label rows.
template <DistanceTable T, Relevance P, class L>
std::vector<MeanAveragePrecision> map_per_class(const T& table, const P& relevant, Mat<L> query_labels,
                                                Ties ties = Ties::order) {
  require(query_labels.rows == table.queries(), "map_per_class", "rows of the query labels", table.queries(),
          query_labels.rows);
  const auto aps = average_precisions(table, relevant, ties);
  std::vector<MeanAveragePrecision> classes(static_cast<std::size_t>(query_labels.cols));
  for (Size q = 0; q < query_labels.rows; ++q)
    for (Size c = 0; c < query_labels.cols; ++c) {
      if (query_labels(q, c) == L{}) continue;
      const std::optional<double>& ap = aps.data()[q];
      MeanAveragePrecision& mean = classes.data()[c];
      ++(ap ? mean.queries : mean.without_relevant);
      mean.value += ap.value_or(0);
    }
  for (MeanAveragePrecision& mean : classes) mean.value /= static_cast<double>(std::max<Size>(mean.queries, 1));
  return classes;
}

}  // namespace hashweave
