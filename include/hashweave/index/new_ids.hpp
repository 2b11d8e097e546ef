#pragma once
#include <algorithm>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <hashweave/io/code_table.hpp>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// What an index of codes asks of the ids it is given.
namespace hashweave::detail {

/// The largest id of an index that never had one.
inline constexpr std::int64_t no_id = std::numeric_limits<std::int64_t>::min();

/// The n ids that follow the largest one that ever was there: 0, 1, 2 … where there was none, or none but negative
/// ones. Throws `Error` when these would pass the largest 64-bit number.
inline std::vector<std::int64_t> ids_after(std::int64_t largest_ever, Size n, std::string_view where) {
  constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();
  const std::int64_t largest = std::max<std::int64_t>(largest_ever, -1);
  require(n <= (largest < 0 ? last : last - largest), where, "codes to add after id " + std::to_string(largest),
          last - std::max<std::int64_t>(largest, 0), n);
  std::vector<std::int64_t> ids(static_cast<std::size_t>(n));
  for (Size i = 0; i < n; ++i) ids.data()[i] = largest + 1 + i;  // std::iota would count one further
  return ids;
}

/// Throws `Error` where an id comes twice or is there already, as `is_there(id)` says.
template <class F>
void require_new_ids(std::span<const std::int64_t> ids, const F& is_there, std::string_view where) {
  require_each_once(ids, where);
  for (const std::int64_t id : ids)
    if (is_there(id)) fail(where, "ids", "each once", std::to_string(id) + " twice");
}

/// Throws `Error` where an id comes twice or is not there, as `is_there(id)` says.
template <class F>
void require_ids_there(std::span<const std::int64_t> ids, const F& is_there, std::string_view where) {
  require_each_once(ids, where);
  for (const std::int64_t id : ids)
    if (!is_there(id)) fail(where, "ids to update", "ids that are there", id);
}

}  // namespace hashweave::detail
