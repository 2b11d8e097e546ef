#pragma once
#include <algorithm>
#include <hashweave/core/mat.hpp>

namespace hashweave::cpu {

/// What a product is added to: the result as it is, a row of biases for every row, or nothing.
template <class T>
struct Start {
  const T* bias = nullptr;
  bool keep = false;

  /// The same for the columns from `first` on.
  Start from_column(Size first) const { return {bias == nullptr ? nullptr : bias + first, keep}; }
  /// Writes the start values.
  void write(Mat<T> c) const {
    if (keep) return;
    for (Size r = 0; r < c.rows; ++r) {
      if (bias == nullptr) {
        std::fill_n(c.row(r), c.cols, T{0});
      } else {
        std::copy_n(bias, c.cols, c.row(r));
      }
    }
  }
};

}  // namespace hashweave::cpu
