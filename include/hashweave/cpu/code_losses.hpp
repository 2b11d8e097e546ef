#pragma once
#include <hashweave/cpu/losses.hpp>

// Losses of deep hashing beside those of losses.hpp; in one thread and in a fixed order as they are.
namespace hashweave {

/// With D_ij = |h_i - h_j|², taken from the inner products: value = mean over i != j of D/2 for similar pairs and of
/// [margin - D]₊/2 for others; dinner its gradient in h_i · h_j.
template <class T>
void contrastive_pairs(Cpu<T>&, Out<T> value, Out<T> dinner, In<T> inner, In<T> similar, double margin) {
  const T m = static_cast<T>(margin), half = T(0.5), pairs = static_cast<T>(inner.rows * (inner.rows - 1));
  T sum = 0;
  for (Size i = 0; i < inner.rows; ++i) {
    T own = 0;
    for (Size j = 0; j < inner.rows; ++j) {
      if (i == j) continue;
      const T d = inner(i, i) + inner(j, j) - 2 * inner(i, j);
      const bool same = similar(i, j) > 0;
      sum += same ? half * d : half * std::max(m - d, T{0});
      const T slope = (same ? half : d < m ? -half : T{0}) / pairs;
      dinner(i, j) = -2 * slope;
      own += 2 * slope;
    }
    dinner(i, i) = own;
  }
  value(0, 0) = sum / pairs;
}

/// The target of sample r, ±1 for each bit: the sign of votes (r, bit) = Σ of its labels' centres; where they are tied,
/// its first label decides. A sample without labels has target 0 and adds nothing. value = mean over the values of
/// samples with labels of -log((1 + t h)/2); dh its gradient. (1 + t h)/2 counts as at least `least`.
template <class T>
void central_similarity(Cpu<T>&, Out<T> value, Out<T> dh, In<T> h, In<T> votes, In<T> labels, In<T> centres,
                        double least) {
  const T eps = static_cast<T>(least);
  T sum = 0;
  Size counted = 0;
  for (Size r = 0; r < h.rows; ++r) {
    const T* end = labels.row(r) + labels.cols;
    const Size first = std::find_if(labels.row(r), end, [](T l) { return l > 0; }) - labels.row(r);
    if (first == labels.cols) {
      std::fill_n(dh.row(r), h.cols, T{0});
      continue;
    }
    counted += h.cols;
    for (Size c = 0; c < h.cols; ++c) {
      const T t = votes(r, c) != 0 ? cpu::sign_of(votes(r, c)) : centres(first, c);
      const T p = std::max((1 + t * h(r, c)) / 2, eps);
      sum -= std::log(p);
      dh(r, c) = -t / (2 * p);
    }
  }
  const T n = static_cast<T>(std::max<Size>(1, counted));
  value(0, 0) = sum / n;
  for (Size r = 0; r < h.rows; ++r) {
    for (Size c = 0; c < h.cols; ++c) dh(r, c) /= n;
  }
}

/// value = mean_i -Σ_c t_ic/Σt_i log softmax(x_i)_c, rows of zeros left out of the sum; dx its gradient.
template <class T>
void softmax_cross_entropy(Cpu<T>&, Out<T> value, Out<T> dx, In<T> x, In<T> target) {
  const T n = static_cast<T>(x.rows);
  T sum = 0;
  for (Size r = 0; r < x.rows; ++r) {
    T mass = 0, top = x(r, 0), total = 0;
    for (Size c = 0; c < x.cols; ++c) {
      mass += target(r, c);
      top = std::max(top, x(r, c));
    }
    for (Size c = 0; c < x.cols; ++c) total += std::exp(x(r, c) - top);
    const T log_total = top + std::log(total);
    for (Size c = 0; c < x.cols; ++c) {
      const T t = mass > 0 ? target(r, c) / mass : T{0};
      sum += t * (log_total - x(r, c));
      dx(r, c) = mass > 0 ? (std::exp(x(r, c) - log_total) - t) / n : T{0};
    }
  }
  value(0, 0) = sum / n;
}

/// With s_c = Σ_rows h: value = Σ_c s_c²/rows, dh = 2 s_c/rows; or, signed, value = Σ_c s_c/rows, dh = 1/rows.
template <class T>
void code_balance(Cpu<T>&, Out<T> value, Out<T> dh, In<T> h, bool is_signed) {
  const T n = static_cast<T>(h.rows);
  T* sums = dh.row(0);  // until the gradient is written
  std::fill_n(sums, h.cols, T{0});
  for (Size r = 0; r < h.rows; ++r) {
    for (Size c = 0; c < h.cols; ++c) sums[c] += h(r, c);
  }
  T sum = 0;
  for (Size c = 0; c < h.cols; ++c) sum += is_signed ? sums[c] : sums[c] * sums[c];
  value(0, 0) = sum / n;
  for (Size c = 0; c < h.cols; ++c) sums[c] = is_signed ? T{1} / n : 2 * sums[c] / n;
  for (Size r = 1; r < h.rows; ++r) std::copy_n(sums, h.cols, dh.row(r));
}

}  // namespace hashweave
