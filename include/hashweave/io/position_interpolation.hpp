#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <hashweave/core/error.hpp>
#include <hashweave/core/mat.hpp>
#include <string>
#include <type_traits>
#include <vector>

namespace hashweave {

/// The patches of an image, counted down and across.
struct PatchGrid {
  Size rows = 0;
  Size cols = 0;

  constexpr Size patches() const { return rows * cols; }
  friend constexpr bool operator==(const PatchGrid&, const PatchGrid&) = default;
};

namespace detail {

/// The four neighbours from which one place is interpolated, and how much of each is taken.
struct CubicTaps {
  std::array<Size, 4> at{};
  std::array<double, 4> weight{};
};

/// Keys' kernel with a = -3/4: (a + 2)|t|³ - (a + 3)|t|² + 1 for |t| <= 1, a|t|³ - 5a|t|² + 8a|t| - 4a for |t| < 2.
constexpr double cubic_kernel(double t) {
  constexpr double a = -0.75;
  t = t < 0 ? -t : t;
  if (t <= 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  if (t < 2) return ((a * t - 5 * a) * t + 8 * a) * t - 4 * a;
  return 0;
}

/// Place i of `to` lies at (i + 1/2) from/to - 1/2 of `from`; neighbours beyond the border are the border.
inline std::vector<CubicTaps> cubic_taps(Size from, Size to) {
  std::vector<CubicTaps> taps(static_cast<std::size_t>(to));
  for (Size i = 0; i < to; ++i) {
    const double x = (static_cast<double>(i) + 0.5) * static_cast<double>(from) / static_cast<double>(to) - 0.5;
    const double left = std::floor(x);
    for (Size n = 0; n < 4; ++n) {
      const Size at = static_cast<Size>(left) + n - 1;
      taps.data()[i].at.data()[n] = std::clamp<Size>(at, 0, from - 1);
      taps.data()[i].weight.data()[n] = cubic_kernel(x - static_cast<double>(at));
    }
  }
  return taps;
}

}  // namespace detail

/// A vision transformer's position embeddings for another grid of patches: the first row (the class token's) is kept,
/// the others are interpolated as an image of `from.rows` x `from.cols` points,
/// out(r, c) = Σ_i Σ_j k(r' - i) k(c' - j) in(i, j), r' = (r + 1/2) from.rows/to.rows - 1/2 and c' likewise, k the
/// cubic convolution kernel with a = -3/4. There is no smoothing before a grid is made coarser. The same grid gives the
/// same values.
///
/// Shapes: (1 + from.patches(), width) -> (1 + to.patches(), width), row after row; both in host memory.
/// @throws Error unless both grids have patches and `positions` has one row for each of `from`'s and one more.
/// Source: Keys, "Cubic convolution interpolation for digital image processing", IEEE ASSP 29(6), 1981, equation 4
/// with a = -3/4, as PyTorch's bicubic interpolation (align_corners false); use: Dosovitskiy et al., ICLR 2021,
/// section 3.2.
template <class T>
  requires std::floating_point<std::remove_const_t<T>>
std::vector<std::remove_const_t<T>> resample_positions(Mat<T> positions, PatchGrid from, PatchGrid to) {
  using Value = std::remove_const_t<T>;
  constexpr std::string_view where = "resample_positions";
  require(from.rows > 0 && from.cols > 0, where, "patches of the present grid", "at least 1 x 1",
          std::to_string(from.rows) + " x " + std::to_string(from.cols));
  require(to.rows > 0 && to.cols > 0, where, "patches of the grid wanted", "at least 1 x 1",
          std::to_string(to.rows) + " x " + std::to_string(to.cols));
  require(positions.rows == 1 + from.patches(), where, "rows of the positions", 1 + from.patches(), positions.rows);
  const Size width = positions.cols;
  const auto down = detail::cubic_taps(from.rows, to.rows), across = detail::cubic_taps(from.cols, to.cols);
  std::vector<Value> out(static_cast<std::size_t>((1 + to.patches()) * width));
  std::copy_n(positions.row(0), width, out.data());
  std::vector<double> sum(static_cast<std::size_t>(width));
  Value* next = out.data() + width;
  for (const detail::CubicTaps& row : down) {
    for (const detail::CubicTaps& col : across) {
      std::fill(sum.begin(), sum.end(), 0.0);
      for (std::size_t i = 0; i < 4; ++i) {
        for (std::size_t j = 0; j < 4; ++j) {
          const double weight = row.weight[i] * col.weight[j];
          const T* in = positions.row(1 + row.at[i] * from.cols + col.at[j]);  // (width)
          for (Size c = 0; c < width; ++c) sum.data()[c] += weight * static_cast<double>(in[c]);
        }
      }
      for (const double value : sum) *next++ = static_cast<Value>(value);
    }
  }
  return out;
}

}  // namespace hashweave
