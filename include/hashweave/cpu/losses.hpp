#pragma once
#include <cmath>
#include <hashweave/core/owners.hpp>
#include <hashweave/cpu/backend.hpp>
#include <limits>

// Losses look at every pair of a batch once, in one thread and in a fixed order: (batch, batch) is small beside the
// products that lead to it.
namespace hashweave {

namespace cpu {

/// log(1 + e^x) without overflow, and its derivative.
template <class T>
T softplus(T x) {
  return std::max(x, T{0}) + std::log1p(std::exp(-std::abs(x)));
}
template <class T>
T logistic(T x) {
  return T{1} / (T{1} + std::exp(-x));
}
/// -1, 0 or 1.
template <class T>
T sign_of(T x) {
  return x > 0 ? T{1} : x < 0 ? T{-1} : T{0};
}
/// The place of the largest f(j) over the j that are not of i's owner; -1 where there is none. The first of equals.
template <class T, class F>
Size hardest(Size n, Size i, const Owners& owners, F f) {
  Size best = -1;
  T most = -std::numeric_limits<T>::infinity();
  for (Size j = 0; j < n; ++j) {
    if (!owners.same(i, j) && (best < 0 || f(j) > most)) {
      best = j;
      most = f(j);
    }
  }
  return best;
}

}  // namespace cpu

/// value = weight Σ_i [m - s_ii + max_j s_ij]₊ + [m - s_ii + max_j s_ji]₊ over j of other owners; ds = its gradient.
template <class T>
void hardest_triplet(Cpu<T>&, Out<T> value, Out<T> ds, In<T> s, const Owners& owners, double margin, double weight) {
  const T m = static_cast<T>(margin), w = static_cast<T>(weight);
  T sum = 0;
  std::fill_n(ds.data, ds.size(), T{0});
  for (Size i = 0; i < s.rows; ++i) {
    const Size across = cpu::hardest<T>(s.rows, i, owners, [&](Size j) { return s(i, j); });
    const Size down = cpu::hardest<T>(s.rows, i, owners, [&](Size j) { return s(j, i); });
    if (across >= 0 && m - s(i, i) + s(i, across) > 0) {
      sum += m - s(i, i) + s(i, across);
      ds(i, i) -= w;
      ds(i, across) += w;
    }
    if (down >= 0 && m - s(i, i) + s(down, i) > 0) {
      sum += m - s(i, i) + s(down, i);
      ds(i, i) -= w;
      ds(down, i) += w;
    }
  }
  value(0, 0) = w * sum;
}

/// With F_ij = 4 t² m_ij - 2 (1 + t²) p_i, t = tan α: value += weight Σ_i log(1 + exp max_j F_ij) over j of other
/// owners; dm (written) and dp (added) are its gradients.
template <class T>
void hardest_angular(Cpu<T>&, Out<T> value, Out<T> dm, Out<T> dp, In<T> m, In<T> p, const Owners& owners,
                     double tan_squared, double weight) {
  const T t = static_cast<T>(tan_squared), w = static_cast<T>(weight);
  std::fill_n(dm.data, dm.size(), T{0});
  for (Size i = 0; i < m.rows; ++i) {
    const auto f = [&](Size j) { return 4 * t * m(i, j) - 2 * (1 + t) * p(i, 0); };
    const Size j = cpu::hardest<T>(m.rows, i, owners, f);
    if (j < 0) continue;
    value(0, 0) += w * cpu::softplus(f(j));
    const T g = w * cpu::logistic(f(j));
    dm(i, j) = 4 * t * g;
    dp(i, 0) -= 2 * (1 + t) * g;
  }
}

/// p_i = a_i · b_i
template <class T>
void row_dots(Cpu<T>&, Out<T> p, In<T> a, In<T> b) {
  for (Size r = 0; r < a.rows; ++r) {
    T sum = 0;
    for (Size c = 0; c < a.cols; ++c) sum += a(r, c) * b(r, c);
    p(r, 0) = sum;
  }
}
/// y += factor_i * x_i, row by row
template <class T>
void add_scaled_rows(Cpu<T>&, Out<T> y, In<T> x, In<T> factor) {
  for (Size r = 0; r < y.rows; ++r) {
    for (Size c = 0; c < y.cols; ++c) y(r, c) += factor(r, 0) * x(r, c);
  }
}

/// value = mean over i of the cross entropy of row i of s/τ against its diagonal, entries of the same owner left out,
/// plus the same over columns, halved; ds = its gradient.
template <class T>
void info_nce(Cpu<T>&, Out<T> value, Out<T> ds, In<T> s, const Owners& owners, double temperature) {
  const Size n = s.rows;
  const T inverse = static_cast<T>(1 / temperature), w = T(0.5) / static_cast<T>(n);
  std::fill_n(ds.data, ds.size(), T{0});
  T sum = 0;
  for (const bool rows : {true, false}) {
    for (Size i = 0; i < n; ++i) {
      const auto at = [&](Size j) { return (rows ? s(i, j) : s(j, i)) * inverse; };
      const auto counts = [&](Size j) { return j == i || !owners.same(i, j); };
      T top = at(i), total = 0;
      for (Size j = 0; j < n; ++j) top = counts(j) ? std::max(top, at(j)) : top;
      for (Size j = 0; j < n; ++j) total += counts(j) ? std::exp(at(j) - top) : T{0};
      sum += w * (top + std::log(total) - at(i));
      for (Size j = 0; j < n; ++j) {
        if (!counts(j)) continue;
        const T g = w * inverse * (std::exp(at(j) - top) / total - (i == j ? T{1} : T{0}));
        (rows ? ds(i, j) : ds(j, i)) += g;
      }
    }
  }
  value(0, 0) = sum;
}

/// The weights that balance similar and other pairs i != j: |S|/|S₁| and |S|/|S₀|, or 1 and 1 where a kind is missing.
/// similar (n, n) counts shared labels.
template <class T>
std::pair<T, T> pair_weights(In<T> similar) {
  Size same = 0;
  const Size all = similar.rows * (similar.rows - 1);
  for (Size i = 0; i < similar.rows; ++i) {
    for (Size j = 0; j < similar.rows; ++j) same += i != j && similar(i, j) > 0;
  }
  if (same == 0 || same == all) return {T{1}, T{1}};
  return {static_cast<T>(all) / static_cast<T>(same), static_cast<T>(all) / static_cast<T>(all - same)};
}

/// With D = bits/2 (1 - min(cos, clamp)): value = mean over i != j of w (s log(D/γ) + log(1 + γ/D)); dcos its gradient.
template <class T>
void cauchy_pairs(Cpu<T>&, Out<T> value, Out<T> dcos, In<T> cos, In<T> similar, Size bits, double gamma, double clamp) {
  const auto [w_same, w_other] = pair_weights<T>(similar);
  const T g = static_cast<T>(gamma), most = static_cast<T>(clamp), half = static_cast<T>(bits) / 2;
  const T pairs = static_cast<T>(cos.rows * (cos.rows - 1));
  T sum = 0;
  for (Size i = 0; i < cos.rows; ++i) {
    for (Size j = 0; j < cos.rows; ++j) {
      dcos(i, j) = 0;
      if (i == j) continue;
      const T s = similar(i, j) > 0 ? T{1} : T{0}, w = s > 0 ? w_same : w_other;
      const T d = half * (1 - std::min(cos(i, j), most));
      sum += w * (s * std::log(d / g) + std::log1p(g / d));
      if (cos(i, j) <= most) dcos(i, j) = -half * w * (s / d - g / (d * (d + g))) / pairs;
    }
  }
  value(0, 0) = sum / pairs;
}

/// With θ = α h_i · h_j: value = mean over i != j of w (log(1 + e^θ) - s θ); dinner its gradient in h_i · h_j. w
/// balances the pairs or is 1.
template <class T>
void logistic_pairs(Cpu<T>&, Out<T> value, Out<T> dinner, In<T> inner, In<T> similar, double alpha, bool balanced) {
  const auto [w_same, w_other] = balanced ? pair_weights<T>(similar) : std::pair{T{1}, T{1}};
  const T a = static_cast<T>(alpha), pairs = static_cast<T>(inner.rows * (inner.rows - 1));
  T sum = 0;
  for (Size i = 0; i < inner.rows; ++i) {
    for (Size j = 0; j < inner.rows; ++j) {
      dinner(i, j) = 0;
      if (i == j) continue;
      const T s = similar(i, j) > 0 ? T{1} : T{0}, w = s > 0 ? w_same : w_other, theta = a * inner(i, j);
      sum += w * (cpu::softplus(theta) - s * theta);
      dinner(i, j) = w * a * (cpu::logistic(theta) - s) / pairs;
    }
  }
  value(0, 0) = sum / pairs;
}

/// With q_i = bits/2 (1 - min(Σ|h_i| / (|h_i| √bits), clamp)): value = mean_i log(1 + q_i/γ); dh its gradient.
template <class T>
void cauchy_quantisation(Cpu<T>&, Out<T> value, Out<T> dh, In<T> h, double gamma, double clamp) {
  const T g = static_cast<T>(gamma), most = static_cast<T>(clamp), half = static_cast<T>(h.cols) / 2;
  const T root = std::sqrt(static_cast<T>(h.cols)), n = static_cast<T>(h.rows);
  T sum = 0;
  for (Size r = 0; r < h.rows; ++r) {
    T ones = 0, squares = 0;
    for (Size c = 0; c < h.cols; ++c) {
      ones += std::abs(h(r, c));
      squares += h(r, c) * h(r, c);
    }
    const T norm = std::max(std::sqrt(squares), static_cast<T>(1e-12)), cos = ones / (norm * root);
    const T q = half * (1 - std::min(cos, most));
    sum += std::log1p(q / g);
    const T d = cos <= most ? -half / (g + q) / n : T{0};
    for (Size c = 0; c < h.cols; ++c) {
      dh(r, c) = d * (cpu::sign_of(h(r, c)) / (norm * root) - cos * h(r, c) / (norm * norm));
    }
  }
  value(0, 0) = sum / n;
}

/// value = mean ||h| - 1|^power; dh its gradient.
template <class T>
void quantisation(Cpu<T>&, Out<T> value, Out<T> dh, In<T> h, double power) {
  const T n = static_cast<T>(h.size()), p = static_cast<T>(power);
  T sum = 0;
  for (Size r = 0; r < h.rows; ++r) {
    for (Size c = 0; c < h.cols; ++c) {
      const T off = std::abs(h(r, c)) - 1, far = std::abs(off);
      const T slope = power == 2 ? far : std::pow(far, p - 1);  // |off|^(p - 1)
      sum += slope * far;
      dh(r, c) = p * slope * cpu::sign_of(off) * cpu::sign_of(h(r, c)) / n;
    }
  }
  value(0, 0) = sum / n;
}

/// value = mean (log(1 + e^x) - t x): the cross entropy of σ(x) against t; dx its gradient.
template <class T>
void binary_cross_entropy(Cpu<T>&, Out<T> value, Out<T> dx, In<T> x, In<T> target) {
  const T n = static_cast<T>(x.size());
  T sum = 0;
  for (Size r = 0; r < x.rows; ++r) {
    for (Size c = 0; c < x.cols; ++c) {
      sum += cpu::softplus(x(r, c)) - target(r, c) * x(r, c);
      dx(r, c) = (cpu::logistic(x(r, c)) - target(r, c)) / n;
    }
  }
  value(0, 0) = sum / n;
}

/// value = mean (x - t)²; dx its gradient.
template <class T>
void mean_squared_error(Cpu<T>&, Out<T> value, Out<T> dx, In<T> x, In<T> target) {
  const T n = static_cast<T>(x.size());
  T sum = 0;
  for (Size r = 0; r < x.rows; ++r) {
    for (Size c = 0; c < x.cols; ++c) {
      const T off = x(r, c) - target(r, c);
      sum += off * off;
      dx(r, c) = 2 * off / n;
    }
  }
  value(0, 0) = sum / n;
}

}  // namespace hashweave
