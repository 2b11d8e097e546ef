#pragma once
#include <hashweave/cuda/columns.cuh>

namespace hashweave {

namespace cuda {

/// Terms of wᵀ u.
template <class T>
struct WeightedColumn {
  static constexpr int count = 1;
  Mat<const T> w;
  const T* u;
  __device__ void operator()(T (&sums)[1], Size r, Size c) const { sums[0] += at(u, r) * at(w, r, c); }
};
template <class T>
struct RowTimes {
  T* y;
  Mat<const T> w;
  const T* v;
  __device__ void operator()(Size r) const {
    T sum = 0;
    for (Size c = lane(); c < w.cols; c += warp_threads) sum += at(w, r, c) * at(v, c);
    sum = warp_sum(sum);
    if (lane() == 0) at(y, r) = sum;
  }
};
/// x = x / max(|x|, 1e-12), in place, by one block; length gets that length, where it is wanted.
template <class T>
__global__ void __launch_bounds__(256) to_unit_kernel(T* x, Size n, T* length) {
  T squares = 0;
  for (Size i = thread_x(); i < n; i += threads_x()) squares += at(x, i) * at(x, i);
  const T norm = larger(root_of(block_sum(squares)), T(1e-12));
  for (Size i = thread_x(); i < n; i += threads_x()) at(x, i) = at(x, i) / norm;
  if (thread_x() == 0 && length != nullptr) at(length, 0) = norm;
}
template <class T>
struct SpectralBackward {
  Mat<T> dw;
  Mat<const T> dy;
  const T *u, *v, *sigma, *dot;
  __device__ void operator()(Size r, Size c) const {
    at(dw, r, c) += (at(dy, r, c) - at(v, c) * (at(dot, 0) * at(u, r))) * (T{1} / at(sigma, 0));
  }
};

}  // namespace cuda

template <class T>
void power_iteration(Cuda<T>& be, Out<T> sigma, Out<T> next, Out<T> v, In<T> w, In<T> u, Size times) {
  T* none = nullptr;
  for (Size i = 0; i < times; ++i) {
    const T* from = i == 0 ? u.data : next.data;
    cuda::column_sums<T>(be, {v.data}, w.rows, w.cols, cuda::WeightedColumn<T>{w, from}, false);
    launch(be.device(), {1, 1}, cuda::block_threads, cuda::to_unit_kernel<T>, v.data, w.cols, none);
    cuda::for_rows(be, w.rows, cuda::RowTimes<T>{next.data, w, v.data});
    launch(be.device(), {1, 1}, cuda::block_threads, cuda::to_unit_kernel<T>, next.data, w.rows, sigma.data);
  }
}
template <class T>
void spectral_backward(Cuda<T>& be, Out<T> dw, In<T> dy, In<T> y, In<T> u, In<T> v, In<T> sigma) {
  const auto mark = be.tape().mark();
  const Mat<T> sums = matrix(be.tape().template take<T>(dy.rows), dy.rows, 1);
  T* dot = be.tape().template take<T>(1);
  row_dots(be, sums, dy, y);
  cuda::sum_values<T>(be, dot, sums.data, dy.rows);
  cuda::for_each(be, dw.rows, dw.cols, cuda::SpectralBackward<T>{dw, dy, u.data, v.data, sigma.data, dot});
  be.tape().release(mark);
}

}  // namespace hashweave
