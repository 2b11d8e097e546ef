#pragma once
#include <hashweave/cuda/norm.cuh>

// BatchNorm: sums over the rows of a column.
namespace hashweave {

namespace cuda {

template <class T>
struct ColumnSum {
  static constexpr int count = 1;
  Mat<const T> x;
  __device__ void operator()(T (&sums)[1], Size r, Size c) const { sums[0] += at(x, r, c); }
};
/// (x - sum / rows)²
template <class T>
struct ColumnSquares {
  static constexpr int count = 1;
  Mat<const T> x;
  const T* sum;
  __device__ void operator()(T (&sums)[1], Size r, Size c) const {
    const T off = at(x, r, c) - at(sum, c) / static_cast<T>(x.rows);
    sums[0] += off * off;
  }
};
/// From a column's sum and squares, in place: its mean and 1/deviation.
template <class T>
struct FinishMoments {
  Mat<T> moments;
  T rows, eps;
  __device__ void operator()(Size, Size c) const {
    at(moments, 0, c) = at(moments, 0, c) / rows;
    at(moments, 1, c) = T{1} / root_of(at(moments, 1, c) / rows + eps);
  }
};
template <class T>
struct RunningMoments {
  Mat<T> moments;
  const T *mean, *variance;
  T eps;
  __device__ void operator()(Size, Size c) const {
    at(moments, 0, c) = at(mean, c);
    at(moments, 1, c) = T{1} / root_of(at(variance, c) + eps);
  }
};
template <class T>
struct NormaliseColumns {
  Mat<T> y;
  Mat<const T> x, moments;
  const T *g, *b;
  __device__ void operator()(Size r, Size c) const {
    at(y, r, c) = (at(x, r, c) - at(moments, 0, c)) * at(moments, 1, c) * at(g, c) + at(b, c);
  }
};
/// sums: Σ dy x̂ in row 0, Σ dy in row 1
template <class T>
struct BatchNormBackward {
  Mat<T> dx;
  Mat<const T> dy, x, moments, sums;
  const T* g;
  __device__ void operator()(Size r, Size c) const {
    const T n = static_cast<T>(x.rows), inverse = at(moments, 1, c);
    const T unit = (at(x, r, c) - at(moments, 0, c)) * inverse;
    at(dx, r, c) = at(g, c) * inverse * (at(dy, r, c) - at(sums, 1, c) / n - unit * at(sums, 0, c) / n);
  }
};
template <class T>
struct RunningUpdate {
  T *d_mean, *d_var;
  const T *mean, *var;
  Mat<const T> moments;
  T rows, eps, momentum;
  __device__ void operator()(Size, Size c) const {
    const T inverse = at(moments, 1, c), biased = T{1} / (inverse * inverse) - eps;
    at(d_mean, c) += momentum * (at(moments, 0, c) - at(mean, c));
    at(d_var, c) += momentum * (biased * rows / (rows - 1) - at(var, c));
  }
};

}  // namespace cuda

template <class T>
void column_moments(Cuda<T>& be, Out<T> moments, In<T> x, double eps) {
  cuda::column_sums<T>(be, {moments.row(0)}, x.rows, x.cols, cuda::ColumnSum<T>{x}, false);
  cuda::column_sums<T>(be, {moments.row(1)}, x.rows, x.cols, cuda::ColumnSquares<T>{x, moments.row(0)}, false);
  cuda::for_each(be, 1, x.cols, cuda::FinishMoments<T>{moments, static_cast<T>(x.rows), static_cast<T>(eps)});
}
template <class T>
void running_moments(Cuda<T>& be, Out<T> moments, In<T> mean, In<T> variance, double eps) {
  cuda::for_each(be, 1, moments.cols, cuda::RunningMoments<T>{moments, mean.data, variance.data, static_cast<T>(eps)});
}
template <class T>
void normalise_columns(Cuda<T>& be, Out<T> y, In<T> x, In<T> moments, In<T> g, In<T> b) {
  cuda::for_each(be, y.rows, y.cols, cuda::NormaliseColumns<T>{y, x, moments, g.data, b.data});
}
template <class T>
void batch_norm_backward(Cuda<T>& be, Out<T> dx, Out<T> dg, Out<T> db, In<T> dy, In<T> x, In<T> moments, In<T> g) {
  const auto mark = be.tape().mark();
  const Mat<T> sums = matrix(be.tape().template take<T>(2 * x.cols), 2, x.cols);
  cuda::column_sums<T>(be, {sums.row(0), sums.row(1)}, x.rows, x.cols, cuda::GainTerms<T, false>{dy, x, moments},
                       false);
  cuda::for_each(be, dx.rows, dx.cols, cuda::BatchNormBackward<T>{dx, dy, x, moments, sums, g.data});
  add_scaled(be, matrix(dg.data, 1, x.cols), rows_of(sums, 0, 1), 1);
  add_scaled(be, matrix(db.data, 1, x.cols), rows_of(sums, 1, 1), 1);
  be.tape().release(mark);
}
template <class T>
void running_update(Cuda<T>& be, Out<T> d_mean, Out<T> d_var, In<T> mean, In<T> var, In<T> moments, Size rows,
                    double eps, double momentum) {
  cuda::for_each(be, 1, moments.cols,
                 cuda::RunningUpdate<T>{d_mean.data, d_var.data, mean.data, var.data, moments, static_cast<T>(rows),
                                        static_cast<T>(eps), static_cast<T>(momentum)});
}

}  // namespace hashweave
