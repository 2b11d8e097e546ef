#pragma once
#include <hashweave/core/triplet.hpp>
#include <hashweave/cuda/norm.cuh>

namespace hashweave {

namespace cuda {

/// What one anchor has of its own: the factor of its graded weights, how many positives count, and whether its row
/// holds a number that is not finite.
template <class T>
struct AnchorRow {
  T *scale, *pairs;
  Mat<const T> cos, shared;
  bool graded;
  __device__ void operator()(Size a) const {
    const Size n = cos.cols;
    T check = 0, positives = 0, ideal = 0;
    for (Size p = lane(); p < n; p += warp_threads) {
      check += at(cos, a, p);
      const T r = at(shared, a, p);
      if (!(r > 0)) continue;
      positives += 1;
      Size rank = 0;  // among the positives, most labels first
      for (Size q = 0; graded && q < n; ++q) {
        const T other = at(shared, a, q);
        rank += other > r || (other == r && q < p) ? 1 : 0;
      }
      ideal += (exp2_of(r) - 1) / log2_of(static_cast<T>(rank + 2));
    }
    check = warp_sum(check);
    positives = warp_sum(positives);
    ideal = warp_sum(ideal);
    if (lane() != 0) return;
    const bool finite = check - check == 0;
    at(scale, a) = finite ? (graded ? T{1} / ideal : T{1}) : not_a_number<T>();
    at(pairs, a) = positives < static_cast<T>(n) ? positives : T{0};
  }
};

/// A warp takes an anchor, its lanes positives: each looks for the nearest negative beyond the positive, and for the
/// nearest of all. chosen(a, p): the negative of a triplet with a positive hinge, else -1; weight(a, p).
template <class T>
struct FindNegatives {
  Mat<std::int32_t> chosen;
  Mat<T> weight;
  T* terms;
  Mat<const T> cos, shared;
  const T* scale;
  T margin;
  bool semi_hard, graded;
  __device__ void operator()(Size a) const {
    const Size n = cos.cols;
    const T factor = at(scale, a);
    T sum = 0;
    for (Size p = lane(); p < n; p += warp_threads) {
      const T r = at(shared, a, p), near = 1 - at(cos, a, p);
      Best<T> nearest{T{0}, -1}, beyond{T{0}, -1};  // of -distance
      for (Size j = 0; r > 0 && j < n; ++j) {
        if (at(shared, a, j) > 0) continue;
        const T distance = 1 - at(cos, a, j);
        nearest.see(-distance, j);
        if (distance > near) beyond.see(-distance, j);
      }
      const bool within = semi_hard && beyond.place >= 0 && -beyond.value < near + margin;
      const Best<T> best = within ? beyond : nearest;
      const T hinge = near + best.value + margin, w = graded ? (exp2_of(r) - 1) * factor : factor;
      const bool counts = best.place >= 0 && hinge > 0;
      at(chosen, a, p) = static_cast<std::int32_t>(counts ? best.place : -1);
      at(weight, a, p) = counts ? w : T{0};
      sum += counts ? w * hinge : T{0};
    }
    sum = warp_sum(sum);
    if (lane() == 0) at(terms, a) = factor == factor ? sum : factor;
  }
};
template <class T>
struct LabelTripletGradient {
  Mat<T> dcos;
  Mat<const std::int32_t> chosen;
  Mat<const T> weight;
  const T *scale, *pairs;
  __device__ void operator()(Size a, Size j) const {
    T sum = -at(weight, a, j);
    for (Size p = 0; p < dcos.cols; ++p) sum += at(chosen, a, p) == j ? T{at(weight, a, p)} : T{0};
    const T factor = at(scale, a), mean = T{1} / larger(T{at(pairs, 0)}, T{1});
    at(dcos, a, j) = factor == factor ? sum * mean : factor;
  }
};
template <class T>
struct MeanOverPairs {
  T* value;
  const T* pairs;
  __device__ void operator()(Size, Size) const { at(value, 0) = at(value, 0) * (T{1} / larger(T{at(pairs, 0)}, T{1})); }
};

template <class T>
struct SemanticSimilarity {
  Mat<T> y;
  Mat<const T> cos, shared;
  T jaccard;
  __device__ void operator()(Size i, Size j) const {
    const T either = at(shared, i, i) + at(shared, j, j) - at(shared, i, j);
    T sum = jaccard * (either > 0 ? 2 * at(shared, i, j) / either - 1 : T{1});
    if (cos.data != nullptr) sum += (1 - jaccard) * (2 * larger(T{at(cos, i, j)}, T{0}) - 1);
    at(y, i, j) = sum;
  }
};
template <class T>
struct BalanceWeightsRow {
  Mat<T> w;
  Mat<const T> labels, factor;
  __device__ void operator()(Size i) const {
    T sum = 0, count = 0;
    for (Size c = lane(); c < labels.cols; c += warp_threads) {
      const bool counts = at(labels, i, c) > 0 && at(factor, 0, c) > 0;
      sum += counts ? T{at(factor, 0, c)} : T{0};
      count += counts ? T{1} : T{0};
    }
    sum = warp_sum(sum);
    count = warp_sum(count);
    if (lane() == 0) at(w, i, 0) = count > 0 ? sum / count : T{1};
  }
};
template <class T>
struct DivideByMean {
  Mat<T> w;
  const T* total;
  __device__ void operator()(Size i, Size c) const {
    at(w, i, c) = at(w, i, c) * (static_cast<T>(w.rows) / at(total, 0));
  }
};

}  // namespace cuda

template <class T>
void label_triplet(Cuda<T>& be, Out<T> value, Out<T> dcos, In<T> cos, In<T> shared, const TripletRule& rule) {
  const Size n = cos.rows;
  const auto mark = be.tape().mark();
  const auto chosen = matrix(be.tape().template take<std::int32_t>(n * n), n, n);
  const Mat<T> weight = matrix(be.tape().template take<T>(n * n), n, n);
  T* terms = be.tape().template take<T>(n);
  T* scale = be.tape().template take<T>(n);
  T* own = be.tape().template take<T>(n);
  T* pairs = be.tape().template take<T>(1);
  cuda::for_rows(be, n, cuda::AnchorRow<T>{scale, own, cos, shared, rule.graded});
  cuda::for_rows(be, n,
                 cuda::FindNegatives<T>{chosen, weight, terms, cos, shared, scale, static_cast<T>(rule.margin),
                                        rule.semi_hard, rule.graded});
  cuda::sum_values<T>(be, pairs, own, n);
  cuda::sum_values<T>(be, value.data, terms, n);
  cuda::for_each(be, n, n, cuda::LabelTripletGradient<T>{dcos, chosen, weight, scale, pairs});
  cuda::for_each(be, 1, 1, cuda::MeanOverPairs<T>{value.data, pairs});
  be.tape().release(mark);
}
template <class T>
void semantic_similarity(Cuda<T>& be, Out<T> y, In<T> cos, In<T> shared, double blend) {
  const T jaccard = cos.data == nullptr ? T{1} : static_cast<T>(blend);
  cuda::for_each(be, y.rows, y.cols, cuda::SemanticSimilarity<T>{y, cos, shared, jaccard});
}
template <class T>
void balance_weights(Cuda<T>& be, Out<T> w, In<T> labels, In<T> factor) {
  const auto mark = be.tape().mark();
  T* total = be.tape().template take<T>(1);
  cuda::for_rows(be, labels.rows, cuda::BalanceWeightsRow<T>{w, labels, factor});
  cuda::sum_values<T>(be, total, w.data, w.rows);
  cuda::for_each(be, w.rows, 1, cuda::DivideByMean<T>{w, total});
  be.tape().release(mark);
}

}  // namespace hashweave
