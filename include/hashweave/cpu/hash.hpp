#pragma once
#include <hashweave/cpu/backend.hpp>
#include <hashweave/cpu/math.hpp>
#include <hashweave/cpu/norm.hpp>

namespace hashweave {

/// p = softmax(x), h = tanh(x - p_m), m = the place of the lower median of p; row by row. median (rows, 1) = m.
/// The softmax is monotone, so m is the place of the lower median of x (the first one where values are equal).
template <class T>
void median_tanh(Cpu<T>& be, Out<T> h, Out<T> p, Out<T> median, In<T> x) {
  softmax(be, p, x);
  for_row_chunks(be, x.rows, x.cols, [&](Size first, Size count) {
    for (Size r = first; r < first + count; ++r) {
      const T* in = x.row(r);
      std::copy_n(in, x.cols, h.row(r));
      std::nth_element(h.row(r), h.row(r) + (x.cols - 1) / 2, h.row(r) + x.cols);
      const T middle = h(r, (x.cols - 1) / 2);
      const Size m = std::find(in, in + x.cols, middle) - in;
      const Size place = std::min(m, x.cols - 1);  // a row of NaN has no median: any place carries the NaN on
      median(r, 0) = static_cast<T>(place);
      for (Size c = 0; c < x.cols; ++c) h(r, c) = cpu::tanh(in[c] - p(r, place));
    }
  });
}
/// With u = dy (1 - h²) and s = Σ u: dx = u - s p_m (δ_m - p)
template <class T>
void median_tanh_backward(Cpu<T>& be, Out<T> dx, In<T> dy, In<T> h, In<T> p, In<T> median) {
  for_row_chunks(be, h.rows, h.cols, [&](Size first, Size count) {
    for (Size r = first; r < first + count; ++r) {
      const auto y = cpu::row(h.row(r), h.cols);
      auto d = cpu::row(dx.row(r), h.cols);
      d = cpu::row(dy.row(r), h.cols) * (T{1} - y.square());
      const Size m = static_cast<Size>(median(r, 0));
      const T pull = d.sum() * p(r, m);
      d += pull * cpu::row(p.row(r), h.cols);
      d[m] -= pull;
    }
  });
}

}  // namespace hashweave
