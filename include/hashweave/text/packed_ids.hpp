#pragma once
#include <concepts>
#include <cstdint>
#include <hashweave/core/samples.hpp>
#include <hashweave/core/segments.hpp>
#include <hashweave/core/view.hpp>
#include <ranges>
#include <string_view>
#include <vector>

namespace hashweave {

/// A range of texts: of std::string, std::string_view, const char*.
template <class R>
concept TextRange = std::ranges::forward_range<const R> &&
                    std::convertible_to<std::ranges::range_reference_t<const R>, std::string_view>;

/// The token ids of one text or pair of texts.
struct Encoding {
  std::vector<std::int32_t> ids;
  std::vector<std::int32_t> types;  ///< one a token: 0 for the first text, 1 for the second

  friend bool operator==(const Encoding&, const Encoding&) = default;
};

/// The token ids of a batch of texts, end to end; owns them. Sequence i is ids [offsets[i], offsets[i+1]).
struct PackedIds {
  std::vector<std::int32_t> ids;
  std::vector<std::int32_t> types;  ///< one a token, or none: all 0
  std::vector<Size> offsets{0};

  Size count() const { return static_cast<Size>(offsets.size()) - 1; }
  Segments segments() const { return {offsets.data(), count()}; }
  /// What a text tower takes; valid as long as this batch is neither changed nor destroyed.
  template <class B>
  View<B, TokenIds> view() const {
    return {ids.data(), segments(), types.empty() ? nullptr : types.data()};
  }
};

}  // namespace hashweave
