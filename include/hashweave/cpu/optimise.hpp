#pragma once
#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <hashweave/core/optimise.hpp>
#include <hashweave/cpu/backend.hpp>
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
  using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
  Bits bits[lanes], any = 0;
  std::memcpy(bits, x, sizeof bits);
  for (int k = 0; k < lanes; ++k) any |= bits[k];
  return any == 0;
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

/// One Adam step over n values; see `AdamRule`. Where gradient and moments are zero and nothing decays it writes
/// nothing: of a vocabulary's table only rows that have been used take memory for moments.
template <class T>
void adam_update(Cpu<T>& be, Out<T> w, In<T> g, Out<T> m, Out<T> v, const AdamRule& rule) {
  const T b1 = static_cast<T>(rule.beta1), b2 = static_cast<T>(rule.beta2), scale = static_cast<T>(rule.scale);
  const T c1 = static_cast<T>(1 - rule.beta1), c2 = static_cast<T>(1 - rule.beta2);
  const T rate = static_cast<T>(rule.rate / rule.correction1), eps = static_cast<T>(rule.eps);
  const T root = static_cast<T>(1 / std::sqrt(rule.correction2));
  const T coupled = static_cast<T>(rule.decoupled ? 0 : rule.decay);
  const T shrink = static_cast<T>(rule.decoupled ? 1 - rule.rate * rule.decay : 1);
  const bool decays = coupled != 0 || shrink != 1;
  const auto step = [=](T* weights, const T* gradient, T* first_moment, T* second_moment) {
    if (cpu::all_zero(gradient) && !decays && cpu::all_zero(first_moment) && cpu::all_zero(second_moment)) return;
    Eigen::Map<cpu::Lanes<T>> values(weights), means(first_moment), squares(second_moment);
    const cpu::Lanes<T> grad = Eigen::Map<const cpu::Lanes<T>>(gradient) * scale + coupled * values;
    const cpu::Lanes<T> mean = b1 * means + c1 * grad, square = b2 * squares + c2 * grad * grad;
    values = values * shrink - rate * mean / (square.sqrt() * root + eps);
    means = mean;
    squares = square;
  };
  for_row_chunks(be, w.size(), 1, [&](Size first, Size count) {
    const Size rest = count % cpu::lanes, whole = first + count - rest;
    for (Size i = first; i < whole; i += cpu::lanes) step(w.data + i, g.data + i, m.data + i, v.data + i);
    if (rest == 0) return;
    const auto padded = [&](const T* x) {
      cpu::Lanes<T> block = cpu::Lanes<T>::Zero();
      std::copy_n(x + whole, rest, block.data());
      return block;
    };
    cpu::Lanes<T> values = padded(w.data), gradients = padded(g.data), means = padded(m.data), squares = padded(v.data);
    step(values.data(), gradients.data(), means.data(), squares.data());
    std::copy_n(values.data(), rest, w.data + whole);
    std::copy_n(means.data(), rest, m.data + whole);
    std::copy_n(squares.data(), rest, v.data + whole);
  });
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
