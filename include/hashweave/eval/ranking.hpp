#pragma once
#include <algorithm>
#include <cmath>
#include <concepts>
#include <hashweave/core/error.hpp>
#include <hashweave/eval/distance_table.hpp>
#include <hashweave/eval/relevance.hpp>
#include <hashweave/eval/ties.hpp>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hashweave {

/// The items by distance, nearest first; equally near ones stay in database order.
///
/// distances: (items) -> (items) row numbers. O(n) where the distances are whole numbers of a small range, as Hamming
/// distances are (counting sort), O(n log n) otherwise. No NaN.
template <class T>
std::vector<Size> stable_order(std::span<const T> distances) {
  std::vector<Size> order(distances.size());
  if constexpr (std::integral<T>) {
    const auto [least, most] = std::ranges::minmax_element(distances);
    if (least == distances.end()) return order;
    if (const T low = *least; *most - low <= static_cast<T>(4096)) {
      std::vector<Size> first(static_cast<std::size_t>(*most - low) + 2);  // where each distance's run begins
      for (const T distance : distances) ++first.data()[distance - low + 1];
      std::partial_sum(first.begin(), first.end(), first.begin());
      for (Size d = 0; d < std::ssize(distances); ++d) order.data()[first.data()[distances.data()[d] - low]++] = d;
      return order;
    }
  }
  std::iota(order.begin(), order.end(), Size{0});
  std::ranges::stable_sort(order, {}, [&](Size d) { return distances.data()[d]; });
  return order;
}

/// Calls `visit(q, ranking)` for every query q in turn, `ranking` being its `std::span<const TieGroup>`, nearest first:
/// one group an item under `Ties::order`, one a distance under `Ties::expected`. One query's row exists at a time.
///
/// Throws `Error` naming `where` if there are no queries or no items, if the relevance's sizes differ from the
/// distances', or at a distance that is NaN.
template <DistanceTable T, Relevance P, class Visit>
void for_each_ranking(const T& table, const P& relevant, Ties ties, std::string_view where, Visit visit) {
  require_same_sizes(table, relevant, where);
  std::vector<DistanceOf<T>> row(static_cast<std::size_t>(table.items()));
  std::vector<TieGroup> groups;
  for (Size q = 0; q < table.queries(); ++q) {
    for (Size d = 0; d < table.items(); ++d) {
      row.data()[d] = table(q, d);
      if constexpr (std::floating_point<DistanceOf<T>>)
        if (std::isnan(row.data()[d])) [[unlikely]]
          fail(where, "score of query " + std::to_string(q) + " and item " + std::to_string(d), "a number", "NaN");
    }
    groups.clear();
    for (const Size d : stable_order(std::span<const DistanceOf<T>>(row))) {
      const auto distance = static_cast<double>(row.data()[d]);
      const bool joins = ties == Ties::expected && !groups.empty() && groups.back().distance == distance;
      if (!joins) groups.push_back({distance, 0, 0});
      ++groups.back().size;
      groups.back().relevant += relevant(q, d) ? 1 : 0;
    }
    visit(q, std::span<const TieGroup>(groups));
  }
}

/// A ranking cut after its first K items: what lies wholly before the cut, and the group that the cut goes through.
struct Cut {
  Size items = 0;     ///< in the groups wholly within the top K
  Size relevant = 0;  ///< of them
  Size slots = 0;     ///< places of the top K left for `group`; 0 where the cut falls between groups
  TieGroup group;     ///< more than `slots` items
};

/// The first min(K, items) of a ranking.
inline Cut cut_after(std::span<const TieGroup> ranking, Size k) {
  Cut cut;
  for (const TieGroup& group : ranking) {
    if (cut.items + group.size > k) {
      cut.slots = k - cut.items;
      cut.group = group;
      break;
    }
    cut.items += group.size;
    cut.relevant += group.relevant;
  }
  return cut;
}

/// The expected number of relevant items in the top K.
inline double relevant_within(const Cut& cut) {
  if (cut.slots == 0) return static_cast<double>(cut.relevant);
  return static_cast<double>(cut.relevant) +
         static_cast<double>(cut.slots) * static_cast<double>(cut.group.relevant) / static_cast<double>(cut.group.size);
}

/// All relevant items of a ranking.
inline Size relevant_in(std::span<const TieGroup> ranking) {
  Size sum = 0;
  for (const TieGroup& group : ranking) sum += group.relevant;
  return sum;
}

}  // namespace hashweave
