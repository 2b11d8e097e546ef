#pragma once
#include <Eigen/Core>
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <hashweave/core/bfloat16.hpp>
#include <hashweave/core/optimise.hpp>
#include <hashweave/cpu/backend.hpp>
#include <hashweave/cpu/philox.hpp>
#include <numeric>
#include <type_traits>

namespace hashweave {

namespace cpu {
/// Values that the loops below take at once: a fixed number, so that a value's result does not depend on where it lies.
inline constexpr int lanes = 16;
template <class T>
using Lanes = Eigen::Array<T, lanes, 1>;

/// `lanes` values that are all +0.
template <class T>
bool all_zero(const T* x) {
  using Bits = std::conditional_t<sizeof(T) == 2, std::uint16_t,
                                  std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>>;
  Bits bits[lanes], any = 0;
  std::memcpy(bits, x, sizeof bits);
  for (int k = 0; k < lanes; ++k) any |= bits[k];
  return any == 0;
}

/// `lanes` moments as they are kept: as they are, or in bfloat16, rounded by 16 random bits of each word.
template <class T>
Lanes<T> moments_at(const T* p) {
  return Eigen::Map<const Lanes<T>>(p);
}
template <class T>
Lanes<T> moments_at(const BFloat16* p) {
  Lanes<T> out;
  for (int k = 0; k < lanes; ++k) out[k] = static_cast<T>(static_cast<float>(p[k]));
  return out;
}
template <class T>
void keep_moments(T* m, T* v, const Lanes<T>& mean, const Lanes<T>& square, const std::uint32_t*) {
  Eigen::Map<Lanes<T>>{m} = mean;
  Eigen::Map<Lanes<T>>{v} = square;
}
template <class T>
void keep_moments(BFloat16* m, BFloat16* v, const Lanes<T>& mean, const Lanes<T>& square, const std::uint32_t* random) {
  for (int k = 0; k < lanes; ++k) m[k] = round_randomly(static_cast<float>(mean[k]), random[k] & 0xFFFF);
  for (int k = 0; k < lanes; ++k) v[k] = round_randomly(static_cast<float>(square[k]), random[k] >> 16);
}

/// Σ x² of n values in double: `lanes` sums side by side.
template <class T>
double squared_sum(const T* x, Size n) {
  double sums[lanes] = {};
  Size i = 0;
  for (; i + lanes <= n; i += lanes)
    for (int k = 0; k < lanes; ++k) sums[k] += static_cast<double>(x[i + k]) * static_cast<double>(x[i + k]);
  for (int k = 0; i + k < n; ++k) sums[k] += static_cast<double>(x[i + k]) * static_cast<double>(x[i + k]);
  return std::accumulate(sums, sums + lanes, 0.0);
}
}  // namespace cpu

/// Σ x², summed in double over fixed chunks in order.
template <class T>
double squared_norm(Cpu<T>& be, In<T> x) {
  constexpr Size chunk = Size{1} << 16;
  const Size n = x.size(), chunks = (n + chunk - 1) / chunk;
  const auto mark = be.tape().mark();
  double* sums = be.tape().template take<double>(chunks);
  be.threads().run(
      chunks, [&](Size i, Size) { sums[i] = cpu::squared_sum(x.data + i * chunk, std::min(chunk, n - i * chunk)); });
  double sum = 0;
  for (Size i = 0; i < chunks; ++i) sum += sums[i];
  be.tape().release(mark);
  return sum;
}

namespace cpu {
/// One Adam step; M: what moments are kept in.
template <class T, class M>
void adam(Cpu<T>& be, Mat<T> w, Mat<const T> g, Mat<M> m, Mat<M> v, const AdamRule& rule) {
  constexpr bool rounded = !std::is_same_v<T, M>;
  constexpr Size group = 64;  // so many random numbers come at once
  const T b1 = static_cast<T>(rule.beta1), b2 = static_cast<T>(rule.beta2), scale = static_cast<T>(rule.scale);
  const T c1 = static_cast<T>(1 - rule.beta1), c2 = static_cast<T>(1 - rule.beta2);
  const T rate = static_cast<T>(rule.rate / rule.correction1), eps = static_cast<T>(rule.eps);
  const T root = static_cast<T>(1 / std::sqrt(rule.correction2));
  const T coupled = static_cast<T>(rule.decoupled ? 0 : rule.decay);
  const T shrink = static_cast<T>(rule.decoupled ? 1 - rule.rate * rule.decay : 1);
  const bool decays = coupled != 0 || shrink != 1;
  const auto step = [=](T* weights, const T* gradient, M* first_moment, M* second_moment, const std::uint32_t* random) {
    if (all_zero(gradient) && !decays && all_zero(first_moment) && all_zero(second_moment)) return;
    Eigen::Map<Lanes<T>> values(weights);
    const Lanes<T> grad = Eigen::Map<const Lanes<T>>(gradient) * scale + coupled * values;
    const Lanes<T> mean = b1 * moments_at<T>(first_moment) + c1 * grad;
    const Lanes<T> square = b2 * moments_at<T>(second_moment) + c2 * grad * grad;
    values = values * shrink - rate * mean / (square.sqrt() * root + eps);
    keep_moments<T>(first_moment, second_moment, mean, square, random);
  };
  for_row_chunks(be, w.size(), 1, [&](Size first, Size count) {
    const Size rest = count % lanes, whole = first + count - rest;
    std::array<std::uint32_t, group> random{};
    const auto random_at = [&](Size i) {
      if constexpr (rounded)
        if (i % group == 0) random = philox_group(rule.rounding, static_cast<std::uint64_t>(i / group));
      return random.data() + i % group;
    };
    for (Size i = first; i < whole; i += lanes) step(w.data + i, g.data + i, m.data + i, v.data + i, random_at(i));
    if (rest == 0) return;
    const auto padded = [&]<class V>(const V* x) {
      std::array<V, lanes> block{};
      std::copy_n(x + whole, rest, block.data());
      return block;
    };
    auto weights = padded(w.data), gradient = padded(g.data);
    auto means = padded(m.data), squares = padded(v.data);
    step(weights.data(), gradient.data(), means.data(), squares.data(), random_at(whole));
    std::copy_n(weights.data(), rest, w.data + whole);
    std::copy_n(means.data(), rest, m.data + whole);
    std::copy_n(squares.data(), rest, v.data + whole);
  });
}
}  // namespace cpu

/// One Adam step over n values; see `AdamRule`. Where gradient and moments are zero and nothing decays it writes
/// nothing: of a vocabulary's table only rows that have been used take memory for moments.
template <class T>
void adam_update(Cpu<T>& be, Out<T> w, In<T> g, Out<T> m, Out<T> v, const AdamRule& rule) {
  cpu::adam<T, T>(be, w, g, m, v, rule);
}
/// The same with moments kept in bfloat16, rounded at random.
template <class T>
void adam_update(Cpu<T>& be, Out<T> w, In<T> g, Out<BFloat16> m, Out<BFloat16> v, const AdamRule& rule) {
  cpu::adam<T, BFloat16>(be, w, g, m, v, rule);
}

/// One step of gradient descent with momentum over n values; see `SgdRule`.
template <class T>
void sgd_update(Cpu<T>& be, Out<T> w, In<T> g, Out<T> velocity, const SgdRule& rule) {
  const T mu = static_cast<T>(rule.momentum), scale = static_cast<T>(rule.scale), rate = static_cast<T>(rule.rate);
  const T decay = static_cast<T>(rule.decay);
  for_row_chunks(be, w.size(), 1, [&](Size first, Size count) {
    T* __restrict__ ws = w.data + first, * __restrict__ vs = velocity.data + first;
    const T* gs = g.data + first;
    for (Size i = 0; i < count; ++i) {
      vs[i] = mu * vs[i] + gs[i] * scale + decay * ws[i];
      ws[i] -= rate * (rule.nesterov ? gs[i] * scale + decay * ws[i] + mu * vs[i] : vs[i]);
    }
  });
}

}  // namespace hashweave
