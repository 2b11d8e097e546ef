#pragma once
#include <algorithm>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <span>

namespace hashweave {

/// Where the sequences of a packed batch begin and end: sequence i is rows [offsets[i], offsets[i+1]) of the matrix.
/// There is no padding, so there are no masks. Non-owning; `offsets` has `count + 1` entries, starts at 0 and rises.
/// The memory can be read by the host and by the backend.
struct Segments {
  const Size* offsets = nullptr;
  Size count = 0;

  constexpr Size rows() const { return count == 0 ? 0 : offsets[count]; }
  constexpr Size begin(Size i) const { return offsets[i]; }
  constexpr Size length(Size i) const { return offsets[i + 1] - offsets[i]; }
  /// The length of the longest sequence.
  constexpr Size longest() const {
    Size most = 0;
    for (Size i = 0; i < count; ++i) most = std::max(most, length(i));
    return most;
  }
};

/// Segments over offsets that come from a user.
/// @throws Error unless they start at 0, rise (no sequence is empty) and end at `rows`.
inline Segments checked_segments(std::span<const Size> offsets, Size rows) {
  require(offsets.size() >= 2, "segments", "number of offsets", "at least 2 (one sequence)", offsets.size());
  require(offsets.front() == 0, "segments", "first offset", 0, offsets.front());
  for (std::size_t i = 1; i < offsets.size(); ++i) {
    require(offsets[i] > offsets[i - 1], "segments", "length of sequence " + std::to_string(i - 1), "at least 1",
            offsets[i] - offsets[i - 1]);
  }
  require(offsets.back() == rows, "segments", "last offset", rows, offsets.back());
  return {offsets.data(), static_cast<Size>(offsets.size()) - 1};
}

}  // namespace hashweave
