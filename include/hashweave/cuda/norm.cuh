#pragma once
#include <hashweave/cuda/elementwise.cuh>

namespace hashweave {

namespace cuda {

/// A warp takes a row; its lanes take every 32nd value.
template <class T>
struct LayerNormRow {
  Mat<T> y, moments;
  Mat<const T> x;
  const T *g, *b;
  T eps;
  __device__ void operator()(Size r) const {
    const T n = static_cast<T>(x.cols);
    T sum = 0, squares = 0;
    for (Size c = lane(); c < x.cols; c += warp_threads) sum += at(x, r, c);
    const T mean = warp_sum(sum) / n;
    for (Size c = lane(); c < x.cols; c += warp_threads) {
      const T off = at(x, r, c) - mean;
      squares += off * off;
    }
    const T inverse = T{1} / root_of(warp_sum(squares) / n + eps);
    if (lane() == 0) {
      at(moments, r, 0) = mean;
      at(moments, r, 1) = inverse;
    }
    for (Size c = lane(); c < x.cols; c += warp_threads) {
      at(y, r, c) = (at(x, r, c) - mean) * inverse * at(g, c) + at(b, c);
    }
  }
};
template <class T>
struct LayerNormBackwardRow {
  Mat<T> dx;
  Mat<const T> dy, x, moments;
  const T* g;
  __device__ void operator()(Size r) const {
    const T n = static_cast<T>(x.cols), mean = at(moments, r, 0), inverse = at(moments, r, 1);
    T m1 = 0, m2 = 0;
    for (Size c = lane(); c < x.cols; c += warp_threads) {
      const T h = at(dy, r, c) * at(g, c);
      m1 += h;
      m2 += h * (at(x, r, c) - mean);
    }
    m1 = warp_sum(m1) / n;
    m2 = warp_sum(m2) * inverse / n;
    for (Size c = lane(); c < x.cols; c += warp_threads) {
      const T h = at(dy, r, c) * at(g, c);
      at(dx, r, c) = (h - m1 - (at(x, r, c) - mean) * (inverse * m2)) * inverse;
    }
  }
};
/// Terms of dg and db: dy x̂ and dy, the moments being those of the row or of the column.
template <class T, bool by_row>
struct GainTerms {
  static constexpr int count = 2;
  Mat<const T> dy, x, moments;
  __device__ void operator()(T (&sums)[2], Size r, Size c) const {
    const T mean = by_row ? at(moments, r, 0) : at(moments, 0, c);
    const T inverse = by_row ? at(moments, r, 1) : at(moments, 1, c);
    const T d = at(dy, r, c);
    sums[0] += d * (at(x, r, c) - mean) * inverse;
    sums[1] += d;
  }
};

/// Row r of a times row r of b, for every lane.
template <class T>
__device__ T row_product(const Mat<const T>& a, const Mat<const T>& b, Size r) {
  T sum = 0;
  for (Size c = lane(); c < a.cols; c += warp_threads) sum += at(a, r, c) * at(b, r, c);
  return warp_sum(sum);
}

template <class T>
struct SoftmaxRow {
  Mat<T> y;
  Mat<const T> x;
  __device__ void operator()(Size r) const {
    T top = lowest<T>(), sum = 0;
    for (Size c = lane(); c < x.cols; c += warp_threads) top = larger(top, T{at(x, r, c)});
    top = warp_max(top);
    for (Size c = lane(); c < x.cols; c += warp_threads) sum += exp_of(at(x, r, c) - top);
    sum = warp_sum(sum);
    for (Size c = lane(); c < x.cols; c += warp_threads) at(y, r, c) = exp_of(at(x, r, c) - top) / sum;
  }
};
template <class T>
struct SoftmaxBackwardRow {
  Mat<T> dx;
  Mat<const T> dy, y;
  __device__ void operator()(Size r) const {
    const T dot = row_product(dy, y, r);
    for (Size c = lane(); c < y.cols; c += warp_threads) at(dx, r, c) = at(y, r, c) * (at(dy, r, c) - dot);
  }
};
template <class T>
struct NormaliseRow {
  Mat<T> y, norm;
  Mat<const T> x;
  T eps;
  __device__ void operator()(Size r) const {
    T squares = 0;
    for (Size c = lane(); c < x.cols; c += warp_threads) squares += at(x, r, c) * at(x, r, c);
    const T length = larger(root_of(warp_sum(squares)), eps);
    if (lane() == 0) at(norm, r, 0) = length;
    for (Size c = lane(); c < x.cols; c += warp_threads) at(y, r, c) = at(x, r, c) / length;
  }
};
template <class T>
struct NormaliseBackwardRow {
  Mat<T> dx;
  Mat<const T> dy, y, norm;
  __device__ void operator()(Size r) const {
    const T dot = row_product(dy, y, r), length = at(norm, r, 0);
    for (Size c = lane(); c < y.cols; c += warp_threads) at(dx, r, c) = (at(dy, r, c) - at(y, r, c) * dot) / length;
  }
};
template <class T>
struct RowDot {
  Mat<T> p;
  Mat<const T> a, b;
  __device__ void operator()(Size r) const {
    const T sum = row_product(a, b, r);
    if (lane() == 0) at(p, r, 0) = sum;
  }
};

}  // namespace cuda

template <class T>
void layer_norm(Cuda<T>& be, Out<T> y, Out<T> moments, In<T> x, In<T> g, In<T> b, double eps) {
  cuda::for_rows(be, x.rows, cuda::LayerNormRow<T>{y, moments, x, g.data, b.data, static_cast<T>(eps)});
}
template <class T>
void layer_norm_backward(Cuda<T>& be, Out<T> dx, Out<T> dg, Out<T> db, In<T> dy, In<T> x, In<T> moments, In<T> g) {
  cuda::column_sums<T>(be, {dg.data, db.data}, x.rows, x.cols, cuda::GainTerms<T, true>{dy, x, moments});
  cuda::for_rows(be, x.rows, cuda::LayerNormBackwardRow<T>{dx, dy, x, moments, g.data});  // dx may be dy
}
template <class T>
void softmax(Cuda<T>& be, Out<T> y, In<T> x) {
  cuda::for_rows(be, x.rows, cuda::SoftmaxRow<T>{y, x});
}
template <class T>
void softmax_backward(Cuda<T>& be, Out<T> dx, In<T> dy, In<T> y) {
  cuda::for_rows(be, y.rows, cuda::SoftmaxBackwardRow<T>{dx, dy, y});
}
template <class T>
void normalise_rows(Cuda<T>& be, Out<T> y, Out<T> norm, In<T> x, double eps) {
  cuda::for_rows(be, x.rows, cuda::NormaliseRow<T>{y, norm, x, static_cast<T>(eps)});
}
template <class T>
void normalise_rows_backward(Cuda<T>& be, Out<T> dx, In<T> dy, In<T> y, In<T> norm) {
  cuda::for_rows(be, y.rows, cuda::NormaliseBackwardRow<T>{dx, dy, y, norm});
}
template <class T>
void row_dots(Cuda<T>& be, Out<T> p, In<T> a, In<T> b) {
  cuda::for_rows(be, a.rows, cuda::RowDot<T>{p, a, b});
}

}  // namespace hashweave
