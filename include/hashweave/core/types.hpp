#pragma once
#include <algorithm>
#include <cstddef>
#include <string_view>

namespace hashweave {

/// Every extent, row count and offset of the library: signed, as wide as a pointer.
using Size = std::ptrdiff_t;

/// A string as a template argument: `Named<"attn", SelfAttention<768, 12>>`.
template <std::size_t N>
struct Name {
  char text[N]{};

  constexpr Name(const char (&literal)[N]) { std::copy_n(literal, N, text); }  // NOLINT: implicit by design
  constexpr std::string_view view() const { return {text, N - 1}; }
};

}  // namespace hashweave
