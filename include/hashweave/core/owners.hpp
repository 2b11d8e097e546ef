#pragma once
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <span>
#include <vector>

namespace hashweave {

/// To what each pair of a batch belongs (image ids): pairs of one owner are never negatives of each other. Empty: every
/// pair is its own. Non-owning; the host's memory.
struct Owners {
  const std::int64_t* ids = nullptr;
  Size count = 0;

  Owners() = default;
  Owners(std::span<const std::int64_t> all) : ids{all.data()}, count{static_cast<Size>(all.size())} {}  // NOLINT

  Owners(const std::vector<std::int64_t>& all) : Owners{std::span{all}} {}  // NOLINT

  /// Pairs a and b belong together.
  constexpr bool same(Size a, Size b) const { return a == b || (ids != nullptr && ids[a] == ids[b]); }
  /// @throws Error unless there are none or one for each of `pairs` pairs.
  void check(Size pairs, std::string_view where) const {
    require(ids == nullptr || count == pairs, where, "owners", Phrase{"", pairs, " (one a pair)"}, count);
  }
};

}  // namespace hashweave
