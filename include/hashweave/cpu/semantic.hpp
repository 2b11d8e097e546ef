#pragma once
#include <algorithm>
#include <compare>
#include <functional>
#include <hashweave/core/triplet.hpp>
#include <hashweave/cpu/backend.hpp>
#include <hashweave/cpu/losses.hpp>

// Losses on pairs of two modalities that know which labels samples share: shared (n, n) = l_i · l_j, the diagonal being
// the number of sample i's labels.
namespace hashweave {

namespace cpu {

/// Z_a = Σ_k (2^{r_(k)} - 1)/log2(k + 1) over r in falling order, k from 1; `memory` holds n values.
template <class T>
T ideal_gain(const T* r, Size n, T* memory) {
  const auto positive = [](T shared) { return shared > 0; };
  T* const end = std::copy_if(r, r + n, memory, positive);
  std::sort(memory, end, std::greater<>{});
  T sum = 0;
  for (T* at = memory; at != end; ++at) sum += (std::exp2(*at) - 1) / std::log2(static_cast<T>(at - memory + 2));
  return sum;
}

/// A negative: how far from the anchor, and where.
template <class T>
struct Far {
  T distance;
  Size place;
  friend auto operator<=>(const Far&, const Far&) = default;
};

/// The triplets of one anchor: cos (n) to all, r (n) labels shared. Writes dcos, gives the sum over its positives.
template <class T>
T anchor_triplets(T* dcos, const T* cos, const T* r, Size n, const TripletRule& rule, std::byte* memory) {
  Far<T>* const negatives = reinterpret_cast<Far<T>*>(memory);
  Far<T>* end = negatives;
  T check = 0;
  for (Size j = 0; j < n; ++j) {
    dcos[j] = 0;
    check += cos[j];
    if (r[j] <= 0) *end++ = {1 - cos[j], j};
  }
  if (!std::isfinite(check)) {  // nothing can be sorted: the NaN is carried on
    std::fill_n(dcos, n, std::numeric_limits<T>::quiet_NaN());
    return std::numeric_limits<T>::quiet_NaN();
  }
  if (end == negatives) return 0;
  std::sort(negatives, end);
  const T margin = static_cast<T>(rule.margin);
  const T scale = rule.graded ? T{1} / ideal_gain(r, n, reinterpret_cast<T*>(end)) : T{1};
  T sum = 0;
  for (Size p = 0; p < n; ++p) {
    if (r[p] <= 0) continue;
    const T near = 1 - cos[p];
    const Far<T>* chosen = negatives;
    if (rule.semi_hard) {
      const Far<T>* beyond =
          std::upper_bound(negatives, end, near, [](T d, const Far<T>& f) { return d < f.distance; });
      if (beyond != end && beyond->distance < near + margin) chosen = beyond;
    }
    const T hinge = near - chosen->distance + margin;
    if (hinge <= 0) continue;
    const T w = rule.graded ? (std::exp2(r[p]) - 1) * scale : T{1};
    sum += w * hinge;
    dcos[p] -= w;
    dcos[chosen->place] += w;
  }
  return sum;
}

}  // namespace cpu

/// With d = 1 - cos, anchors in the rows of cos: value = the mean over the pairs of an anchor and a positive, of
/// anchors that have a negative, of w [d_ap - d_an + margin]₊; dcos its gradient. A graded w is (2^r_ap - 1)/Z_a,
/// else 1.
template <class T>
void label_triplet(Cpu<T>& be, Out<T> value, Out<T> dcos, In<T> cos, In<T> shared, const TripletRule& rule) {
  const Size n = cos.rows;
  const auto mark = be.tape().mark();
  T* sums = be.tape().template take<T>(n);
  const std::size_t bytes = static_cast<std::size_t>(n) * (sizeof(cpu::Far<T>) + sizeof(T));
  be.reserve_scratch(bytes);
  be.threads().run(n, [&](Size a, Size worker) {
    sums[a] = cpu::anchor_triplets(dcos.row(a), cos.row(a), shared.row(a), n, rule, be.scratch(worker, bytes));
  });
  Size pairs = 0;
  T sum = 0;
  for (Size a = 0; a < n; ++a) {
    const Size positives = std::count_if(shared.row(a), shared.row(a) + n, [](T r) { return r > 0; });
    if (positives < n) pairs += positives;
    sum += sums[a];
  }
  be.tape().release(mark);
  const T mean = T{1} / static_cast<T>(std::max<Size>(1, pairs));
  value(0, 0) = sum * mean;
  for (Size i = 0; i < dcos.size(); ++i) dcos.data[i] *= mean;
}

/// y = (1 - blend) (2 max(cos, 0) - 1) + blend (2 J - 1), J = r_ij / (r_ii + r_jj - r_ij) the Jaccard index of two
/// samples' labels, 1 for two without any. Without cos (empty): 2 J - 1.
template <class T>
void semantic_similarity(Cpu<T>&, Out<T> y, In<T> cos, In<T> shared, double blend) {
  const T jaccard = cos.data == nullptr ? T{1} : static_cast<T>(blend);
  for (Size i = 0; i < y.rows; ++i) {
    for (Size j = 0; j < y.cols; ++j) {
      const T either = shared(i, i) + shared(j, j) - shared(i, j);
      y(i, j) = jaccard * (either > 0 ? 2 * shared(i, j) / either - 1 : T{1});
      if (cos.data != nullptr) y(i, j) += (1 - jaccard) * (2 * std::max(cos(i, j), T{0}) - 1);
    }
  }
}

/// With θ = α inner: value = mean over all i, j of log(1 + e^θ) - s θ, s = 1 where a label is shared; dinner its
/// gradient.
template <class T>
void cross_logistic_pairs(Cpu<T>&, Out<T> value, Out<T> dinner, In<T> inner, In<T> shared, double alpha) {
  const T a = static_cast<T>(alpha), pairs = static_cast<T>(inner.size());
  T sum = 0;
  for (Size i = 0; i < inner.rows; ++i) {
    for (Size j = 0; j < inner.cols; ++j) {
      const T s = shared(i, j) > 0 ? T{1} : T{0}, theta = a * inner(i, j);
      sum += cpu::softplus(theta) - s * theta;
      dinner(i, j) = a * (cpu::logistic(theta) - s) / pairs;
    }
  }
  value(0, 0) = sum / pairs;
}

/// w_i (n, 1) = the mean of factor_c (1, classes) over the labels of sample i whose factor is not 0, or 1 where there
/// is none; then all divided by their mean.
template <class T>
void balance_weights(Cpu<T>&, Out<T> w, In<T> labels, In<T> factor) {
  T total = 0;
  for (Size i = 0; i < labels.rows; ++i) {
    T sum = 0, count = 0;
    for (Size c = 0; c < labels.cols; ++c) {
      const bool counts = labels(i, c) > 0 && factor(0, c) > 0;
      sum += counts ? factor(0, c) : T{0};
      count += counts ? T{1} : T{0};
    }
    w(i, 0) = count > 0 ? sum / count : T{1};
    total += w(i, 0);
  }
  for (Size i = 0; i < w.rows; ++i) w(i, 0) *= static_cast<T>(w.rows) / total;
}

/// value = mean_i w_i (log(1 + e^x_i) - t x_i), t one number: the cross entropy of σ(x) against t; dx its gradient.
template <class T>
void weighted_cross_entropy(Cpu<T>&, Out<T> value, Out<T> dx, In<T> x, In<T> weight, double target) {
  const T t = static_cast<T>(target), n = static_cast<T>(x.rows);
  T sum = 0;
  for (Size i = 0; i < x.rows; ++i) {
    sum += weight(i, 0) * (cpu::softplus(x(i, 0)) - t * x(i, 0));
    dx(i, 0) = weight(i, 0) * (cpu::logistic(x(i, 0)) - t) / n;
  }
  value(0, 0) = sum / n;
}

}  // namespace hashweave
