#pragma once
#include <hashweave/cpu/backend.hpp>
#include <hashweave/cpu/norm.hpp>

namespace hashweave {

namespace cpu {

/// y = x / max(|x|, 1e-12), in place; gives that length.
template <class T>
T to_unit(Mat<T> x) {
  const T length = std::max(std::sqrt(row(x.data, x.cols).square().sum()), static_cast<T>(1e-12));
  row(x.data, x.cols) /= length;
  return length;
}

}  // namespace cpu

/// Power iterations on w (out, in): v = wᵀ u / |wᵀ u|, then u = w v / |w v|, `times` times from u (1, out); sigma (1,
/// 1) = |w v|, which is uᵀ w v. next (1, out) and v (1, in) are the last ones.
template <class T>
void power_iteration(Cpu<T>& be, Out<T> sigma, Out<T> next, Out<T> v, In<T> w, In<T> u, Size times) {
  for (Size i = 0; i < times; ++i) {
    const T* from = i == 0 ? u.data : next.data;
    for_column_chunks(be, w.cols, [&](Size first, Size count) {
      T sum[column_chunk]{};
      for (Size r = 0; r < w.rows; ++r) {
        const T* in = w.row(r) + first;
        for (Size c = 0; c < count; ++c) sum[c] += from[r] * in[c];
      }
      std::copy_n(sum, count, v.data + first);
    });
    cpu::to_unit<T>(v);
    for_row_chunks(be, w.rows, w.cols, [&](Size first, Size count) {
      for (Size r = first; r < first + count; ++r) {
        next.data[r] = (cpu::row(w.row(r), w.cols) * cpu::row(v.data, w.cols)).sum();
      }
    });
    sigma(0, 0) = cpu::to_unit<T>(next);
  }
}

/// y = x / d, d one number
template <class T>
void divide(Cpu<T>& be, Out<T> y, In<T> x, In<T> d) {
  for_row_chunks(be, x.rows, x.cols, [&](Size first, Size count) {
    const T factor = T{1} / d(0, 0);
    for (Size r = first; r < first + count; ++r) cpu::row(y.row(r), x.cols) = cpu::row(x.row(r), x.cols) * factor;
  });
}

/// The gradient through y = w / sigma with sigma = uᵀ w v, u and v constant: dw += (dy - (Σ dy y) u vᵀ) / sigma.
template <class T>
void spectral_backward(Cpu<T>& be, Out<T> dw, In<T> dy, In<T> y, In<T> u, In<T> v, In<T> sigma) {
  const auto mark = be.tape().mark();
  T* sums = be.tape().template take<T>(dy.rows);  // row by row, then in order: the same for any number of threads
  for_row_chunks(be, dy.rows, dy.cols, [&](Size first, Size count) {
    for (Size r = first; r < first + count; ++r) {
      sums[r] = (cpu::row(dy.row(r), dy.cols) * cpu::row(y.row(r), dy.cols)).sum();
    }
  });
  T dot = 0;
  for (Size r = 0; r < dy.rows; ++r) dot += sums[r];
  for_row_chunks(be, dy.rows, dy.cols, [&](Size first, Size count) {
    const T inverse = T{1} / sigma(0, 0);
    for (Size r = first; r < first + count; ++r) {
      cpu::row(dw.row(r), dy.cols) +=
          (cpu::row(dy.row(r), dy.cols) - cpu::row(v.data, dy.cols) * (dot * u.data[r])) * inverse;
    }
  });
  be.tape().release(mark);
}

}  // namespace hashweave
