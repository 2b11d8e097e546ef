#pragma once
#include <cmath>
#include <hashweave/core/error.hpp>
#include <hashweave/core/mat.hpp>
#include <hashweave/index/code.hpp>
#include <string>
#include <type_traits>
#include <vector>

namespace hashweave {

/// Binary codes B = sign(h): bit j of code i is 1 where h(i, j) > 0 and 0 elsewhere, so sign(0) = -1.
///
/// h: (rows, Bits) relaxed codes, any row stride -> `rows` codes.
/// Throws `Error` if h is not Bits wide, or at the first NaN, which has no sign.
template <Size Bits, class T>
  requires std::is_arithmetic_v<std::remove_const_t<T>>
std::vector<Code<Bits>> pack(Mat<T> h) {
  require(h.cols == Bits, "pack", "columns of h", Bits, h.cols);
  std::vector<Code<Bits>> codes(static_cast<std::size_t>(h.rows));
  for (Size i = 0; i < h.rows; ++i) {
    const T* row = h.row(i);  // (Bits)
    for (Size j = 0; j < Bits; ++j) {
      if constexpr (std::is_floating_point_v<std::remove_const_t<T>>)
        if (std::isnan(row[j])) [[unlikely]]
          fail("pack", "h(" + std::to_string(i) + ", " + std::to_string(j) + ")", "a number", "NaN");
      if (row[j] > T{0}) codes.data()[i].set(j, true);
    }
  }
  return codes;
}

/// The codes as numbers: +1 where the bit is 1, -1 where it is 0. (n codes) -> (n, Bits), row after row.
template <class T = float, CodeRange R>
std::vector<T> unpack(const R& codes) {
  std::vector<T> out;
  out.reserve(std::ranges::size(codes) * static_cast<std::size_t>(bits_of<R>));
  for (const auto& code : codes)
    for (Size j = 0; j < bits_of<R>; ++j) out.push_back(code.bit(j) ? T{1} : T{-1});
  return out;
}

}  // namespace hashweave
