#pragma once
#include <hashweave/cuda/columns.cuh>

namespace hashweave {

namespace cuda {

/// A warp takes a row of codes.
template <class T>
struct CauchyQuantisationRow {
  Mat<T> dh;
  T* terms;
  Mat<const T> h;
  T g, most;
  __device__ void operator()(Size r) const {
    T ones = 0, squares = 0;
    for (Size c = lane(); c < h.cols; c += warp_threads) {
      ones += magnitude(T{at(h, r, c)});
      squares += at(h, r, c) * at(h, r, c);
    }
    const T half = static_cast<T>(h.cols) / 2, root = root_of(static_cast<T>(h.cols));
    const T norm = larger(root_of(warp_sum(squares)), T(1e-12)), cos = warp_sum(ones) / (norm * root);
    const T q = half * (1 - smaller(cos, most)), d = cos <= most ? -half / (g + q) / static_cast<T>(h.rows) : T{0};
    if (lane() == 0) at(terms, r) = log1p_of(q / g);
    for (Size c = lane(); c < h.cols; c += warp_threads) {
      const T x = at(h, r, c);
      at(dh, r, c) = d * (sign_of(x) / (norm * root) - cos * x / (norm * norm));
    }
  }
};

/// Terms and gradient not yet divided; counted[r]: the values of a sample with labels, else 0.
template <class T>
struct CentralSimilarityRow {
  Mat<T> dh;
  T *terms, *counted;
  Mat<const T> h, votes, labels, centres;
  T least;
  __device__ void operator()(Size r) const {
    Best<T> first{T{0}, -1};
    for (Size c = lane(); c < labels.cols; c += warp_threads) {
      if (at(labels, r, c) > 0) first.see(T{0}, c);
    }
    first = warp_best(first);
    T sum = 0;
    for (Size c = lane(); c < h.cols; c += warp_threads) {
      T d = 0;
      if (first.place >= 0) {
        const T vote = at(votes, r, c), t = vote != 0 ? sign_of(vote) : T{at(centres, first.place, c)};
        const T p = larger((1 + t * at(h, r, c)) / 2, least);
        sum -= log_of(p);
        d = -t / (2 * p);
      }
      at(dh, r, c) = d;
    }
    sum = warp_sum(sum);
    if (lane() != 0) return;
    at(terms, r) = sum;
    at(counted, r) = first.place >= 0 ? static_cast<T>(h.cols) : T{0};
  }
};
template <class T>
struct DivideByCount {
  Mat<T> d;
  const T* count;
  __device__ void operator()(Size r, Size c) const { at(d, r, c) = at(d, r, c) / larger(T{at(count, 0)}, T{1}); }
};

template <class T>
struct SoftmaxCrossEntropyRow {
  Mat<T> dx;
  T* terms;
  Mat<const T> x, target;
  __device__ void operator()(Size r) const {
    const T n = static_cast<T>(x.rows);
    T mass = 0, top = lowest<T>(), total = 0, sum = 0;
    for (Size c = lane(); c < x.cols; c += warp_threads) {
      mass += at(target, r, c);
      top = larger(top, T{at(x, r, c)});
    }
    mass = warp_sum(mass);
    top = warp_max(top);
    for (Size c = lane(); c < x.cols; c += warp_threads) total += exp_of(at(x, r, c) - top);
    const T log_total = top + log_of(warp_sum(total));
    for (Size c = lane(); c < x.cols; c += warp_threads) {
      const T t = mass > 0 ? at(target, r, c) / mass : T{0};
      sum += t * (log_total - at(x, r, c));
      at(dx, r, c) = mass > 0 ? (exp_of(at(x, r, c) - log_total) - t) / n : T{0};
    }
    sum = warp_sum(sum);
    if (lane() == 0) at(terms, r) = sum;
  }
};

/// From the column sums s: terms of the value, and the gradient.
template <class T>
struct CodeBalance {
  Mat<T> dh;
  T* terms;
  const T* sums;
  bool is_signed;
  __device__ void operator()(Size, Size c) const {
    const T s = at(sums, c), n = static_cast<T>(dh.rows), d = is_signed ? T{1} / n : 2 * s / n;
    at(terms, c) = is_signed ? s : s * s;
    for (Size r = 0; r < dh.rows; ++r) at(dh, r, c) = d;
  }
};

}  // namespace cuda

template <class T>
void cauchy_quantisation(Cuda<T>& be, Out<T> value, Out<T> dh, In<T> h, double gamma, double clamp) {
  const auto mark = be.tape().mark();
  T* terms = be.tape().template take<T>(h.rows);
  cuda::for_rows(be, h.rows,
                 cuda::CauchyQuantisationRow<T>{dh, terms, h, static_cast<T>(gamma), static_cast<T>(clamp)});
  cuda::sum_values<T>(be, value.data, terms, h.rows, T{1} / static_cast<T>(h.rows));
  be.tape().release(mark);
}
template <class T>
void central_similarity(Cuda<T>& be, Out<T> value, Out<T> dh, In<T> h, In<T> votes, In<T> labels, In<T> centres,
                        double least) {
  const auto mark = be.tape().mark();
  T* terms = be.tape().template take<T>(h.rows);
  T* counted = be.tape().template take<T>(h.rows);
  T* count = be.tape().template take<T>(1);
  cuda::for_rows(be, h.rows,
                 cuda::CentralSimilarityRow<T>{dh, terms, counted, h, votes, labels, centres, static_cast<T>(least)});
  cuda::sum_values<T>(be, count, counted, h.rows);
  cuda::sum_values<T>(be, value.data, terms, h.rows);
  cuda::for_each(be, dh.rows, dh.cols, cuda::DivideByCount<T>{dh, count});
  cuda::for_each(be, 1, 1, cuda::DivideByCount<T>{value, count});
  be.tape().release(mark);
}
template <class T>
void softmax_cross_entropy(Cuda<T>& be, Out<T> value, Out<T> dx, In<T> x, In<T> target) {
  const auto mark = be.tape().mark();
  T* terms = be.tape().template take<T>(x.rows);
  cuda::for_rows(be, x.rows, cuda::SoftmaxCrossEntropyRow<T>{dx, terms, x, target});
  cuda::sum_values<T>(be, value.data, terms, x.rows, T{1} / static_cast<T>(x.rows));
  be.tape().release(mark);
}
template <class T>
void code_balance(Cuda<T>& be, Out<T> value, Out<T> dh, In<T> h, bool is_signed) {
  const auto mark = be.tape().mark();
  T* sums = be.tape().template take<T>(h.cols);
  T* terms = be.tape().template take<T>(h.cols);
  cuda::column_sums<T>(be, {sums}, h.rows, h.cols, cuda::ColumnSum<T>{h}, false);
  cuda::for_each(be, 1, h.cols, cuda::CodeBalance<T>{dh, terms, sums, is_signed});
  cuda::sum_values<T>(be, value.data, terms, h.cols, T{1} / static_cast<T>(h.rows));
  be.tape().release(mark);
}

}  // namespace hashweave
