#pragma once
#include <functional>
#include <hashweave/core/types.hpp>
#include <type_traits>

namespace hashweave {

/// A row-major matrix somewhere else in memory, its widths erased: all that a kernel ever sees, and all that crosses to
/// a device compiler. Element (r, c) is `data[r * ld + c]`; `ld >= cols` is the row stride, in elements.
template <class T>
struct Mat {
  T* data = nullptr;
  Size rows = 0;
  Size cols = 0;
  Size ld = 0;

  constexpr T* row(Size r) const { return data + r * ld; }
  constexpr T& operator()(Size r, Size c) const { return data[r * ld + c]; }
  constexpr Size size() const { return rows * cols; }
  constexpr bool contiguous() const { return ld == cols || rows <= 1; }

  constexpr operator Mat<const T>() const
    requires(!std::is_const_v<T>)
  {
    return {data, rows, cols, ld};
  }
};

/// A contiguous matrix at `data`.
template <class T>
constexpr Mat<T> matrix(T* data, Size rows, Size cols) {
  return {data, rows, cols, cols};
}
/// Rows [first, first + count) of m.
template <class T>
constexpr Mat<T> rows_of(Mat<T> m, Size first, Size count) {
  return {m.data + first * m.ld, count, m.cols, m.ld};
}
/// Columns [first, first + count) of m.
template <class T>
constexpr Mat<T> cols_of(Mat<T> m, Size first, Size count) {
  return {m.data + first, m.rows, count, m.ld};
}

/// The two have memory in common.
template <class T, class U>
bool overlap(Mat<T> a, Mat<U> b) {
  const auto end = [](const auto& m) -> const void* { return m.size() == 0 ? m.data : m.row(m.rows - 1) + m.cols; };
  return std::less<const void*>{}(a.data, end(b)) && std::less<const void*>{}(b.data, end(a));
}

/// Kernel arguments: `Out<T>` is written, `In<T>` read. Neither takes part in template argument deduction, so that a
/// writable matrix can be handed to either.
template <class T>
using Out = Mat<std::type_identity_t<T>>;
template <class T>
using In = Mat<const std::type_identity_t<T>>;

}  // namespace hashweave
