#pragma once
#include <hashweave/cuda/norm.cuh>

namespace hashweave {

namespace cuda {

/// A warp takes a row. A value is the lower median if at most k values are less and more than k are not greater, k =
/// (n - 1) / 2; of equal values the first counts. A row of NaN has none: its last place carries the NaN on.
template <class T>
struct MedianTanhRow {
  Mat<T> h, p, median;
  Mat<const T> x;
  __device__ void operator()(Size r) const {
    const Size n = x.cols, k = (n - 1) / 2;
    SoftmaxRow<T>{p, x}(r);
    Best<T> found{T{0}, -1};
    for (Size c = lane(); c < n; c += warp_threads) {
      const T own = at(x, r, c);
      Size less = 0, equal = 0;
      bool first = true;
      for (Size j = 0; j < n; ++j) {
        const T other = at(x, r, j);
        less += other < own ? 1 : 0;
        equal += other == own ? 1 : 0;
        first = first && !(j < c && other == own);
      }
      if (first && less <= k && k < less + equal) found.see(T{0}, c);
    }
    found = warp_best(found);
    const Size place = found.place < 0 ? n - 1 : found.place;
    if (lane() == 0) at(median, r, 0) = static_cast<T>(place);
    // p of the median once more: another lane wrote it
    T top = lowest<T>(), sum = 0;
    for (Size c = lane(); c < n; c += warp_threads) top = larger(top, T{at(x, r, c)});
    top = warp_max(top);
    for (Size c = lane(); c < n; c += warp_threads) sum += exp_of(at(x, r, c) - top);
    const T middle = exp_of(at(x, r, place) - top) / warp_sum(sum);
    for (Size c = lane(); c < n; c += warp_threads) at(h, r, c) = tanh_of(at(x, r, c) - middle);
  }
};
template <class T>
struct MedianTanhBackwardRow {
  Mat<T> dx;
  Mat<const T> dy, h, p, median;
  __device__ void operator()(Size r) const {
    T sum = 0;
    for (Size c = lane(); c < h.cols; c += warp_threads) sum += at(dy, r, c) * (T{1} - at(h, r, c) * at(h, r, c));
    const Size m = static_cast<Size>(at(median, r, 0));
    const T pull = warp_sum(sum) * at(p, r, m);
    for (Size c = lane(); c < h.cols; c += warp_threads) {
      const T u = at(dy, r, c) * (T{1} - at(h, r, c) * at(h, r, c));
      at(dx, r, c) = u + pull * at(p, r, c) - (c == m ? pull : T{0});
    }
  }
};

}  // namespace cuda

template <class T>
void median_tanh(Cuda<T>& be, Out<T> h, Out<T> p, Out<T> median, In<T> x) {
  cuda::for_rows(be, x.rows, cuda::MedianTanhRow<T>{h, p, median, x});
}
template <class T>
void median_tanh_backward(Cuda<T>& be, Out<T> dx, In<T> dy, In<T> h, In<T> p, In<T> median) {
  cuda::for_rows(be, h.rows, cuda::MedianTanhBackwardRow<T>{dx, dy, h, p, median});
}

}  // namespace hashweave
