#pragma once
#include <Eigen/Core>
#include <hashweave/core/optimise.hpp>
#include <hashweave/cpu/backend.hpp>
#include <hashweave/cpu/norm.hpp>

namespace hashweave {

/// Σ x², summed in double over fixed chunks in order.
template <class T>
double squared_norm(Cpu<T>& be, In<T> x) {
  constexpr Size chunk = Size{1} << 16;
  const Size n = x.size(), chunks = (n + chunk - 1) / chunk;
  const auto mark = be.tape().mark();
  double* sums = be.tape().template take<double>(chunks);
  be.threads().run(chunks, [&](Size i, Size) {
    sums[i] = cpu::row(x.data + i * chunk, std::min(chunk, n - i * chunk)).template cast<double>().square().sum();
  });
  double sum = 0;
  for (Size i = 0; i < chunks; ++i) sum += sums[i];
  be.tape().release(mark);
  return sum;
}

/// One Adam step over n values; see `AdamRule`.
template <class T>
void adam_update(Cpu<T>& be, Out<T> w, In<T> g, Out<T> m, Out<T> v, const AdamRule& rule) {
  const T b1 = static_cast<T>(rule.beta1), b2 = static_cast<T>(rule.beta2), scale = static_cast<T>(rule.scale);
  const T c1 = static_cast<T>(1 - rule.beta1), c2 = static_cast<T>(1 - rule.beta2);
  const T rate = static_cast<T>(rule.rate / rule.correction1), eps = static_cast<T>(rule.eps);
  const T root = static_cast<T>(1 / std::sqrt(rule.correction2));
  const T coupled = static_cast<T>(rule.decoupled ? 0 : rule.decay);
  const T shrink = static_cast<T>(rule.decoupled ? 1 - rule.rate * rule.decay : 1);
  for_row_chunks(be, w.size(), 1, [&](Size first, Size count) {
    T* __restrict__ ws = w.data + first, * __restrict__ ms = m.data + first, * __restrict__ vs = v.data + first;
    const T* gs = g.data + first;
    for (Size i = 0; i < count; ++i) {
      const T grad = gs[i] * scale + coupled * ws[i];
      ms[i] = b1 * ms[i] + c1 * grad;
      vs[i] = b2 * vs[i] + c2 * grad * grad;
      ws[i] = ws[i] * shrink - rate * ms[i] / (std::sqrt(vs[i]) * root + eps);
    }
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
