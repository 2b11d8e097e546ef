#pragma once
#include <hashweave/cuda/norm.cuh>

// Losses that are a mean of terms, one for each element of a matrix: a warp takes a row, writes its gradient and the
// sum of its terms.
namespace hashweave {

namespace cuda {

/// f(i, j, d) gives the term of an element and sets the gradient d.
template <class T, class F>
struct TermsRow {
  F f;
  Mat<T> gradient;
  T* terms;
  __device__ void operator()(Size i) const {
    T sum = 0;
    for (Size j = lane(); j < gradient.cols; j += warp_threads) {
      T d = 0;
      sum += f(i, j, d);
      at(gradient, i, j) = d;
    }
    sum = warp_sum(sum);
    if (lane() == 0) at(terms, i) = sum;
  }
};
template <class T, class F>
void mean_of_terms(Cuda<T>& be, Mat<T> value, Mat<T> gradient, Size count, const F& f) {
  const auto mark = be.tape().mark();
  T* terms = be.tape().template take<T>(gradient.rows);
  for_rows(be, gradient.rows, TermsRow<T, F>{f, gradient, terms});
  sum_values<T>(be, value.data, terms, gradient.rows, T{1} / static_cast<T>(count));
  be.tape().release(mark);
}

/// weights (2): |S|/|S₁| and |S|/|S₀| over the pairs i != j, or 1 and 1 where a kind is missing. One block.
template <class T>
__global__ void __launch_bounds__(256) pair_weights_kernel(T* weights, Mat<const T> similar, bool balanced) {
  const Size n = similar.rows, all = n * (n - 1);
  long long mine = 0;
  for (Size i = thread_x(); balanced && i < n * n; i += threads_x()) {
    mine += i / n != i % n && at(similar, i / n, i % n) > 0 ? 1 : 0;
  }
  const Size same = static_cast<Size>(block_sum(mine));
  if (thread_x() != 0) return;
  const bool both = same != 0 && same != all;
  at(weights, 0) = both ? static_cast<T>(all) / static_cast<T>(same) : T{1};
  at(weights, 1) = both ? static_cast<T>(all) / static_cast<T>(all - same) : T{1};
}
template <class T>
const T* pair_weights(Cuda<T>& be, Mat<const T> similar, bool balanced) {
  T* weights = be.tape().template take<T>(2);
  launch(be.device(), {1, 1}, block_threads, pair_weights_kernel<T>, weights, similar, balanced);
  return weights;
}

template <class T>
struct CauchyPair {
  Mat<const T> cos, similar;
  const T* weights;
  T g, most, half, pairs;
  __device__ T operator()(Size i, Size j, T& d) const {
    if (i == j) return 0;
    const T x = at(cos, i, j), s = at(similar, i, j) > 0 ? T{1} : T{0}, w = at(weights, s > 0 ? 0 : 1);
    const T far = half * (1 - smaller(x, most));
    if (x <= most) d = -half * w * (s / far - g / (far * (far + g))) / pairs;
    return w * (s * log_of(far / g) + log1p_of(g / far));
  }
};
template <class T>
struct LogisticPair {
  Mat<const T> inner, similar;
  const T* weights;
  T alpha, pairs;
  __device__ T operator()(Size i, Size j, T& d) const {
    if (i == j) return 0;
    const T s = at(similar, i, j) > 0 ? T{1} : T{0}, w = at(weights, s > 0 ? 0 : 1), theta = alpha * at(inner, i, j);
    d = w * alpha * (logistic(theta) - s) / pairs;
    return w * (softplus(theta) - s * theta);
  }
};
template <class T>
struct CrossLogisticPair {
  Mat<const T> inner, shared;
  T alpha, pairs;
  __device__ T operator()(Size i, Size j, T& d) const {
    const T s = at(shared, i, j) > 0 ? T{1} : T{0}, theta = alpha * at(inner, i, j);
    d = alpha * (logistic(theta) - s) / pairs;
    return softplus(theta) - s * theta;
  }
};
/// The diagonal of the gradient is -Σ of the rest of its row; a warp finds it after the row.
template <class T>
struct ContrastivePair {
  Mat<const T> inner, similar;
  T margin, pairs;
  __device__ T operator()(Size i, Size j, T& d) const {
    if (i == j) return 0;
    const T far = at(inner, i, i) + at(inner, j, j) - 2 * at(inner, i, j), half = T(0.5);
    const bool same = at(similar, i, j) > 0;
    d = -2 * (same ? half : far < margin ? -half : T{0}) / pairs;
    return same ? half * far : half * larger(margin - far, T{0});
  }
};
template <class T>
struct BalanceDiagonal {
  Mat<T> d;
  __device__ void operator()(Size i) const {
    T sum = 0;
    for (Size j = lane(); j < d.cols; j += warp_threads) sum += j == i ? T{0} : T{at(d, i, j)};
    sum = warp_sum(sum);
    if (lane() == 0) at(d, i, i) = -sum;
  }
};
template <class T>
struct QuantisationTerm {
  Mat<const T> h;
  T power, n;
  __device__ T operator()(Size r, Size c, T& d) const {
    const T x = at(h, r, c), off = magnitude(x) - 1, far = magnitude(off);
    const T slope = power == 2 ? far : power_of(far, power - 1);
    d = power * slope * sign_of(off) * sign_of(x) / n;
    return slope * far;
  }
};
/// Cross entropy of a logit against a target, or against one number with a weight a row.
template <class T>
struct CrossEntropyTerm {
  Mat<const T> x, target, weight;
  T number, n;
  __device__ T operator()(Size r, Size c, T& d) const {
    const T v = at(x, r, c), t = target.data == nullptr ? number : T{at(target, r, c)};
    const T w = weight.data == nullptr ? T{1} : T{at(weight, r, 0)};
    d = w * (logistic(v) - t) / n;
    return w * (softplus(v) - t * v);
  }
};
template <class T>
struct SquaredTerm {
  Mat<const T> x, target;
  T n;
  __device__ T operator()(Size r, Size c, T& d) const {
    const T off = at(x, r, c) - at(target, r, c);
    d = 2 * off / n;
    return off * off;
  }
};

}  // namespace cuda

template <class T>
void cauchy_pairs(Cuda<T>& be, Out<T> value, Out<T> dcos, In<T> cos, In<T> similar, Size bits, double gamma,
                  double clamp) {
  const Size pairs = cos.rows * (cos.rows - 1);
  const auto mark = be.tape().mark();
  const cuda::CauchyPair<T> f{cos,
                              similar,
                              cuda::pair_weights<T>(be, similar, true),
                              static_cast<T>(gamma),
                              static_cast<T>(clamp),
                              static_cast<T>(bits) / 2,
                              static_cast<T>(pairs)};
  cuda::mean_of_terms<T>(be, value, dcos, pairs, f);
  be.tape().release(mark);
}
template <class T>
void logistic_pairs(Cuda<T>& be, Out<T> value, Out<T> dinner, In<T> inner, In<T> similar, double alpha, bool balanced) {
  const Size pairs = inner.rows * (inner.rows - 1);
  const auto mark = be.tape().mark();
  const cuda::LogisticPair<T> f{inner, similar, cuda::pair_weights<T>(be, similar, balanced), static_cast<T>(alpha),
                                static_cast<T>(pairs)};
  cuda::mean_of_terms<T>(be, value, dinner, pairs, f);
  be.tape().release(mark);
}
template <class T>
void contrastive_pairs(Cuda<T>& be, Out<T> value, Out<T> dinner, In<T> inner, In<T> similar, double margin) {
  const Size pairs = inner.rows * (inner.rows - 1);
  cuda::mean_of_terms<T>(be, value, dinner, pairs,
                         cuda::ContrastivePair<T>{inner, similar, static_cast<T>(margin), static_cast<T>(pairs)});
  cuda::for_rows(be, dinner.rows, cuda::BalanceDiagonal<T>{dinner});
}
template <class T>
void cross_logistic_pairs(Cuda<T>& be, Out<T> value, Out<T> dinner, In<T> inner, In<T> shared, double alpha) {
  const T pairs = static_cast<T>(inner.size());
  cuda::mean_of_terms<T>(be, value, dinner, inner.size(),
                         cuda::CrossLogisticPair<T>{inner, shared, static_cast<T>(alpha), pairs});
}
template <class T>
void quantisation(Cuda<T>& be, Out<T> value, Out<T> dh, In<T> h, double power) {
  cuda::mean_of_terms<T>(be, value, dh, h.size(),
                         cuda::QuantisationTerm<T>{h, static_cast<T>(power), static_cast<T>(h.size())});
}
template <class T>
void binary_cross_entropy(Cuda<T>& be, Out<T> value, Out<T> dx, In<T> x, In<T> target) {
  cuda::mean_of_terms<T>(be, value, dx, x.size(),
                         cuda::CrossEntropyTerm<T>{x, target, {}, T{0}, static_cast<T>(x.size())});
}
template <class T>
void weighted_cross_entropy(Cuda<T>& be, Out<T> value, Out<T> dx, In<T> x, In<T> weight, double target) {
  cuda::mean_of_terms<T>(be, value, dx, x.rows,
                         cuda::CrossEntropyTerm<T>{x, {}, weight, static_cast<T>(target), static_cast<T>(x.rows)});
}
template <class T>
void mean_squared_error(Cuda<T>& be, Out<T> value, Out<T> dx, In<T> x, In<T> target) {
  cuda::mean_of_terms<T>(be, value, dx, x.size(), cuda::SquaredTerm<T>{x, target, static_cast<T>(x.size())});
}

}  // namespace hashweave
