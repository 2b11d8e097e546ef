#pragma once
#include <Eigen/Core>
#include <hashweave/cpu/backend.hpp>
#include <hashweave/cpu/math.hpp>

namespace hashweave {

namespace cpu {

/// n values in a row, as Eigen sees them.
template <class T>
auto row(T* data, Size n) {
  using Scalar = std::remove_const_t<T>;
  using Array = Eigen::Array<Scalar, 1, Eigen::Dynamic>;
  return Eigen::Map<std::conditional_t<std::is_const_v<T>, const Array, Array>>(data, n);
}

}  // namespace cpu

/// y = (x - mean) / deviation * g + b, row by row; moments (rows, 2) = mean, 1/deviation.
template <class T>
void layer_norm(Cpu<T>& be, Out<T> y, Out<T> moments, In<T> x, In<T> g, In<T> b, double eps) {
  for_row_chunks(be, x.rows, x.cols, [&](Size first, Size count) {
    const auto gain = cpu::row(g.data, x.cols);
    const auto bias = cpu::row(b.data, x.cols);
    for (Size r = first; r < first + count; ++r) {
      const auto in = cpu::row(x.row(r), x.cols);
      const T mean = in.sum() / static_cast<T>(x.cols);
      const T variance = (in - mean).square().sum() / static_cast<T>(x.cols);
      const T inverse = T{1} / std::sqrt(variance + static_cast<T>(eps));
      moments(r, 0) = mean;
      moments(r, 1) = inverse;
      cpu::row(y.row(r), x.cols) = (in - mean) * inverse * gain + bias;
    }
  });
}

/// With x̂ = (x - mean)/deviation and h = dy * g: dx = (h - mean(h) - x̂ mean(h x̂)) / deviation;
/// dg += Σ_rows dy x̂; db += Σ_rows dy. The sums are taken chunk by chunk, then over the chunks in order. dx may be dy.
template <class T>
void layer_norm_backward(Cpu<T>& be, Out<T> dx, Out<T> dg, Out<T> db, In<T> dy, In<T> x, In<T> moments, In<T> g) {
  const Size n = x.cols;
  const Size each = std::max<Size>(16, (x.rows + 31) / 32);
  const Size chunks = (x.rows + each - 1) / each;
  const auto mark = be.tape().mark();
  Mat<T> sums = matrix(be.tape().template take<T>(chunks * 2 * n), chunks, 2 * n);
  be.threads().run(chunks, [&](Size chunk, Size) {
    const auto gain = cpu::row(g.data, n);
    auto sum_g = cpu::row(sums.row(chunk), n);
    auto sum_b = cpu::row(sums.row(chunk) + n, n);
    sum_g.setZero();
    sum_b.setZero();
    const Size end = std::min(x.rows, (chunk + 1) * each);
    for (Size r = chunk * each; r < end; ++r) {
      const auto in = cpu::row(x.row(r), n);
      const auto d = cpu::row(dy.row(r), n);
      const T mean = moments(r, 0), inverse = moments(r, 1);
      const T m1 = (d * gain).sum() / static_cast<T>(n);
      const T m2 = (d * gain * (in - mean)).sum() * inverse / static_cast<T>(n);
      sum_g += d * (in - mean) * inverse;
      sum_b += d;
      cpu::row(dx.row(r), n) = (d * gain - m1 - (in - mean) * (inverse * m2)) * inverse;
    }
  });
  for (Size chunk = 0; chunk < chunks; ++chunk) {
    cpu::row(dg.data, n) += cpu::row(sums.row(chunk), n);
    cpu::row(db.data, n) += cpu::row(sums.row(chunk) + n, n);
  }
  be.tape().release(mark);
}

/// moments (2, cols) = mean and 1/sqrt(var + eps) of each column, var biased.
template <class T>
void column_moments(Cpu<T>& be, Out<T> moments, In<T> x, double eps) {
  for_column_chunks(be, x.cols, [&](Size first, Size count) {
    T mean[column_chunk]{}, variance[column_chunk]{};
    for (Size r = 0; r < x.rows; ++r) {
      const T* in = x.row(r) + first;
      for (Size c = 0; c < count; ++c) mean[c] += in[c];
    }
    for (Size c = 0; c < count; ++c) mean[c] /= static_cast<T>(x.rows);
    for (Size r = 0; r < x.rows; ++r) {
      const T* in = x.row(r) + first;
      for (Size c = 0; c < count; ++c) variance[c] += (in[c] - mean[c]) * (in[c] - mean[c]);
    }
    for (Size c = 0; c < count; ++c) {
      moments(0, first + c) = mean[c];
      moments(1, first + c) = T{1} / std::sqrt(variance[c] / static_cast<T>(x.rows) + static_cast<T>(eps));
    }
  });
}
/// The same from running statistics.
template <class T>
void running_moments(Cpu<T>&, Out<T> moments, In<T> mean, In<T> variance, double eps) {
  for (Size c = 0; c < moments.cols; ++c) {
    moments(0, c) = mean.data[c];
    moments(1, c) = T{1} / std::sqrt(variance.data[c] + static_cast<T>(eps));
  }
}
/// y = (x - mean) * inverse * g + b, column by column
template <class T>
void normalise_columns(Cpu<T>& be, Out<T> y, In<T> x, In<T> moments, In<T> g, In<T> b) {
  for_row_chunks(be, x.rows, x.cols, [&](Size first, Size count) {
    const T *mean = moments.row(0), *inverse = moments.row(1);
    for (Size r = first; r < first + count; ++r) {
      T* __restrict__ out = y.row(r);
      const T* in = x.row(r);
      for (Size c = 0; c < x.cols; ++c) out[c] = (in[c] - mean[c]) * inverse[c] * g.data[c] + b.data[c];
    }
  });
}
/// dx = (h - mean(h) - x̂ mean(h x̂)) / deviation with h = dy * g, column by column; dg += Σ dy x̂; db += Σ dy.
template <class T>
void batch_norm_backward(Cpu<T>& be, Out<T> dx, Out<T> dg, Out<T> db, In<T> dy, In<T> x, In<T> moments, In<T> g) {
  for_column_chunks(be, x.cols, [&](Size first, Size count) {
    const T n = static_cast<T>(x.rows);
    const T *mean = moments.row(0) + first, *inverse = moments.row(1) + first, *gain = g.data + first;
    T sum[column_chunk]{}, dot[column_chunk]{};
    for (Size r = 0; r < x.rows; ++r) {
      const T *d = dy.row(r) + first, *in = x.row(r) + first;
      for (Size c = 0; c < count; ++c) {
        sum[c] += d[c];
        dot[c] += d[c] * (in[c] - mean[c]) * inverse[c];
      }
    }
    for (Size c = 0; c < count; ++c) {
      dg.data[first + c] += dot[c];
      db.data[first + c] += sum[c];
    }
    for (Size r = 0; r < x.rows; ++r) {
      const T *d = dy.row(r) + first, *in = x.row(r) + first;
      T* __restrict__ out = dx.row(r) + first;
      for (Size c = 0; c < count; ++c) {
        out[c] = gain[c] * inverse[c] * (d[c] - sum[c] / n - (in[c] - mean[c]) * inverse[c] * dot[c] / n);
      }
    }
  });
}
/// d_mean += momentum (batch mean - running mean); d_var the same with the batch's unbiased variance.
template <class T>
void running_update(Cpu<T>&, Out<T> d_mean, Out<T> d_var, In<T> mean, In<T> var, In<T> moments, Size rows, double eps,
                    double momentum) {
  const T k = static_cast<T>(momentum), n = static_cast<T>(rows);
  for (Size c = 0; c < moments.cols; ++c) {
    const T biased = T{1} / (moments(1, c) * moments(1, c)) - static_cast<T>(eps);
    d_mean.data[c] += k * (moments(0, c) - mean.data[c]);
    d_var.data[c] += k * (biased * n / (n - 1) - var.data[c]);
  }
}

/// y = softmax(x), row by row
template <class T>
void softmax(Cpu<T>& be, Out<T> y, In<T> x) {
  for_row_chunks(be, x.rows, x.cols, [&](Size first, Size count) {
    for (Size r = first; r < first + count; ++r) {
      const T top = cpu::row(x.row(r), x.cols).maxCoeff();
      for (Size c = 0; c < x.cols; ++c) y(r, c) = cpu::exp(x(r, c) - top);
      cpu::row(y.row(r), x.cols) /= cpu::row(y.row(r), x.cols).sum();
    }
  });
}
/// dx = y * (dy - Σ dy y), row by row
template <class T>
void softmax_backward(Cpu<T>& be, Out<T> dx, In<T> dy, In<T> y) {
  for_row_chunks(be, y.rows, y.cols, [&](Size first, Size count) {
    for (Size r = first; r < first + count; ++r) {
      const auto p = cpu::row(y.row(r), y.cols);
      const auto d = cpu::row(dy.row(r), y.cols);
      const T dot = (p * d).sum();
      cpu::row(dx.row(r), y.cols) = p * (d - dot);
    }
  });
}

/// y = x / max(|x|, eps), row by row; norm (rows, 1) = max(|x|, eps)
template <class T>
void normalise_rows(Cpu<T>& be, Out<T> y, Out<T> norm, In<T> x, double eps) {
  for_row_chunks(be, x.rows, x.cols, [&](Size first, Size count) {
    for (Size r = first; r < first + count; ++r) {
      const auto in = cpu::row(x.row(r), x.cols);
      norm(r, 0) = std::max(std::sqrt(in.square().sum()), static_cast<T>(eps));
      cpu::row(y.row(r), x.cols) = in / norm(r, 0);
    }
  });
}
/// dx = (dy - y (dy · y)) / norm, row by row
template <class T>
void normalise_rows_backward(Cpu<T>& be, Out<T> dx, In<T> dy, In<T> y, In<T> norm) {
  for_row_chunks(be, y.rows, y.cols, [&](Size first, Size count) {
    for (Size r = first; r < first + count; ++r) {
      const auto u = cpu::row(y.row(r), y.cols);
      const auto d = cpu::row(dy.row(r), y.cols);
      const T dot = (u * d).sum();
      cpu::row(dx.row(r), y.cols) = (d - u * dot) / norm(r, 0);
    }
  });
}

}  // namespace hashweave
