#pragma once
#include <algorithm>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <iterator>
#include <span>
#include <string>
#include <vector>

namespace hashweave {

/// Whether a query may also be an item of the database, where it finds itself at distance 0.
enum class Overlap { refused, allowed };

/// How many different ids are both a query's and a database item's.
inline Size overlap(std::span<const std::int64_t> query_ids, std::span<const std::int64_t> database_ids) {
  std::vector<std::int64_t> queries(query_ids.begin(), query_ids.end());
  std::vector<std::int64_t> items(database_ids.begin(), database_ids.end());
  std::ranges::sort(queries);
  std::ranges::sort(items);
  queries.erase(std::unique(queries.begin(), queries.end()), queries.end());
  std::vector<std::int64_t> both;
  std::ranges::set_intersection(queries, items, std::back_inserter(both));
  return std::ssize(both);
}

/// Throws `Error` with the number of common ids if the sets share any, unless that is asked for: an evaluation in which
/// queries find themselves is too good. Cost: O(n log n).
inline void require_disjoint(std::span<const std::int64_t> query_ids, std::span<const std::int64_t> database_ids,
                             Overlap allowed = Overlap::refused) {
  if (allowed == Overlap::allowed) return;
  const Size common = overlap(query_ids, database_ids);
  require(common == 0, "require_disjoint", "ids that are in the query and the database set", 0, common);
}

}  // namespace hashweave
