#pragma once
#include <algorithm>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/eval/ranking.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace hashweave {

/// How well queries find their positives (the relevant items); recalls in percent, one for each K, ranks from 1.
struct RecallReport {
  std::vector<double> recall;           ///< queries with any positive in the top K
  std::vector<double> recall_fraction;  ///< mean share of a query's positives that is in the top K
  double median_rank = 0;               ///< of the queries' nearest positives; the lower one of an even number
  double mean_rank = 0;
};

/// The probability that a query has a positive in its top K: 0 or 1 where nothing is tied, otherwise
/// 1 - C(g - p, s) / C(g, s) for s places left to a group of g tied items with p positives, and none before it.
inline double probability_of_hit(std::span<const TieGroup> ranking, Size k) {
  const Cut cut = cut_after(ranking, k);
  return cut.relevant > 0 ? 1 : 1 - probability_of_none_in(cut.slots, cut.group.size, cut.group.relevant);
}

/// The place, from 1, of a query's nearest positive: n + (g + 1) / (p + 1) for the first group with positives, of g
/// items with p positives, after n items. There must be one.
inline double rank_of_first_relevant(std::span<const TieGroup> ranking) {
  Size before = 0;
  for (const TieGroup& group : ranking) {
    if (group.relevant > 0)
      return static_cast<double>(before) +
             static_cast<double>(group.size + 1) / static_cast<double>(group.relevant + 1);
    before += group.size;
  }
  return static_cast<double>(before + 1);
}

/// The lower median: of an even number of values the smaller of the middle two, as `torch.median` gives.
inline double lower_median(std::vector<double> values) {
  const auto middle = values.begin() + (std::ssize(values) - 1) / 2;
  std::ranges::nth_element(values, middle);
  return *middle;
}

/// R@K and ranks, in one pass:
///   recall(K) = 100/Q sum_q [any positive of q in its top K]           (what the field reports as R@K)
///   recall_fraction(K) = 100/Q sum_q |positives of q in its top K| / |positives of q|
///
/// With `Ties::expected` every query's value is its expectation over the orders of tied items, and the median rank is
/// the median of the queries' expected ranks. A K beyond the database means all of it.
/// Throws `Error` for empty sets, sizes that differ, no K or a K below 1, NaN scores, a query without a positive.
/// Cost: one row of distances and one sort a query.
/// Source: recall_fraction is eq 15 of Li et al., ViT2CMH, CSSE 46(2), 2023.
template <DistanceTable T, Relevance P>
RecallReport recall_report(const T& table, const P& positive, const std::vector<Size>& ks, Ties ties = Ties::order) {
  require(!ks.empty(), "recall", "values of K", "at least one", ks.size());
  for (const Size k : ks) require(k > 0, "recall", "K", "at least 1", k);
  RecallReport report{std::vector<double>(ks.size()), std::vector<double>(ks.size())};
  std::vector<double> ranks;
  for_each_ranking(table, positive, ties, "recall", [&](Size q, std::span<const TieGroup> ranking) {
    const Size positives = relevant_in(ranking);
    require(positives > 0, "recall", "positives of query " + std::to_string(q), "at least 1", positives);
    for (std::size_t i = 0; i < ks.size(); ++i) {
      report.recall[i] += probability_of_hit(ranking, ks[i]);
      report.recall_fraction[i] += relevant_within(cut_after(ranking, ks[i])) / static_cast<double>(positives);
    }
    ranks.push_back(rank_of_first_relevant(ranking));
  });
  const auto queries = static_cast<double>(ranks.size());
  for (double& value : report.recall) value *= 100 / queries;
  for (double& value : report.recall_fraction) value *= 100 / queries;
  for (const double rank : ranks) report.mean_rank += rank / queries;
  report.median_rank = lower_median(std::move(ranks));
  return report;
}

/// R@K in percent for each K: queries with any item of their owner in the top K. Details: `recall_report`.
template <DistanceTable T>
std::vector<double> recall(const T& table, std::span<const std::int64_t> query_owner,
                           std::span<const std::int64_t> item_owner, const std::vector<Size>& ks,
                           Ties ties = Ties::order) {
  return recall_report(table, SameOwner{query_owner, item_owner}, ks, ties).recall;
}

/// The mean share, in percent, of a query's positives that is in the top K, for each K. Details: `recall_report`.
template <DistanceTable T>
std::vector<double> recall_fraction(const T& table, std::span<const std::int64_t> query_owner,
                                    std::span<const std::int64_t> item_owner, const std::vector<Size>& ks,
                                    Ties ties = Ties::order) {
  return recall_report(table, SameOwner{query_owner, item_owner}, ks, ties).recall_fraction;
}

/// The (lower) median rank, from 1, of the queries' nearest positives. Details: `recall_report`.
template <DistanceTable T>
double median_rank(const T& table, std::span<const std::int64_t> query_owner, std::span<const std::int64_t> item_owner,
                   Ties ties = Ties::order) {
  return recall_report(table, SameOwner{query_owner, item_owner}, {1}, ties).median_rank;
}

}  // namespace hashweave
