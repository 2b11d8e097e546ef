#pragma once
#include <hashweave/cpu/backend.hpp>

// Losses on one batch of codes, in one thread and in a fixed order.
namespace hashweave {

/// With s_c = Σ_rows h: value = Σ_c s_c²/rows, dh = 2 s_c/rows; or, signed, value = Σ_c s_c/rows, dh = 1/rows.
template <class T>
void code_balance(Cpu<T>&, Out<T> value, Out<T> dh, In<T> h, bool is_signed) {
  const T n = static_cast<T>(h.rows);
  T* sums = dh.row(0);  // until the gradient is written
  std::fill_n(sums, h.cols, T{0});
  for (Size r = 0; r < h.rows; ++r) {
    for (Size c = 0; c < h.cols; ++c) sums[c] += h(r, c);
  }
  T sum = 0;
  for (Size c = 0; c < h.cols; ++c) sum += is_signed ? sums[c] : sums[c] * sums[c];
  value(0, 0) = sum / n;
  for (Size c = 0; c < h.cols; ++c) sums[c] = is_signed ? T{1} / n : 2 * sums[c] / n;
  for (Size r = 1; r < h.rows; ++r) std::copy_n(sums, h.cols, dh.row(r));
}

}  // namespace hashweave
