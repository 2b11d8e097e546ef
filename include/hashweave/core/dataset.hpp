#pragma once
#include <concepts>
#include <cstdint>
#include <hashweave/core/types.hpp>

namespace hashweave {

/// Samples that can be asked for by position: `size()` of them, `operator[](i)` gives one. `owner(i)` is the id of what
/// it belongs to (the image of a caption): samples with the same owner are never negatives of each other.
template <class D>
concept Dataset = requires(const D& data, Size i) {
  { data.size() } -> std::convertible_to<Size>;
  data[i];
  { data.owner(i) } -> std::convertible_to<std::int64_t>;
};

}  // namespace hashweave
