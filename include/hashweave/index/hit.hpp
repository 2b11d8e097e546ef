#pragma once
#include <cstdint>
#include <hashweave/core/types.hpp>
#include <tuple>

namespace hashweave {

/// One answer to a query: an item's id, and in how many bits its code differs from the query's.
struct Hit {
  std::int64_t id = 0;
  Size distance = 0;

  friend constexpr bool operator==(const Hit&, const Hit&) = default;
};

/// The order of answers: the nearer first, of equally near ones the lower id.
constexpr bool ranks_before(const Hit& a, const Hit& b) {
  return std::tie(a.distance, a.id) < std::tie(b.distance, b.id);
}

}  // namespace hashweave
