#pragma once
#include <concepts>
#include <hashweave/core/types.hpp>
#include <span>

namespace hashweave {

/// How far apart two codes C are: a whole number.
template <class D, class C>
concept Distance = requires(const D& distance, const C& a, const C& b) {
  { distance(a, b) } -> std::convertible_to<Size>;
};

/// A searchable collection of codes: codes are added, and the k nearest of each query are found.
template <class I>
concept Index = requires(I& index, const I& filled, std::span<const typename I::CodeType> codes, Size k) {
  index.add(codes);
  filled.search(codes, k);
  { filled.size() } -> std::convertible_to<Size>;
};

}  // namespace hashweave
