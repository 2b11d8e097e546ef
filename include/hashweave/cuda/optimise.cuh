#pragma once
#include <hashweave/core/bfloat16.hpp>
#include <hashweave/cuda/elementwise.cuh>
#include <hashweave/cuda/philox.cuh>
#include <type_traits>

namespace hashweave {

namespace cuda {

/// sums[block] = Σ x² in double; each block takes `each` values.
template <class T>
__global__ void __launch_bounds__(256) squares_kernel(double* sums, const T* x, Size n, Size each) {
  const Size first = block_x() * each, end = smaller(n, first + each);
  double sum = 0;
  for (Size i = first + thread_x(); i < end; i += threads_x()) {
    const double v = static_cast<double>(T{at(x, i)});
    sum += v * v;
  }
  sum = block_sum(sum);
  if (thread_x() == 0) at(sums, block_x()) = sum;
}

/// One Adam step; M: what moments are kept in, as they are or as bfloat16, rounded by 16 random bits of a word each. A
/// thread has as many neighbours as lie in a word of moments.
template <class T, class M>
struct AdamStep {
  T* w;
  M *m, *v;
  const T* g;
  T b1, b2, c1, c2, scale, rate, eps, root, coupled, shrink;
  RandomStream rounding;
  Size n;
  static constexpr Size each = std::is_same_v<T, M> ? 1 : 2;

  static __device__ T value(T moment) { return moment; }
  static __device__ T value(BFloat16 moment) { return static_cast<T>(float_of_bits(std::uint32_t{moment.bits} << 16)); }
  __device__ void operator()(Size, Size word) const {
    for (Size i = word * each; i < smaller(n, (word + 1) * each); ++i) one(i);
  }
  __device__ void one(Size i) const {
    const T grad = at(g, i) * scale + coupled * at(w, i);
    const T m1 = b1 * value(at(m, i)) + c1 * grad, v1 = b2 * value(at(v, i)) + c2 * grad * grad;
    at(w, i) = at(w, i) * shrink - rate * m1 / (root_of(v1) * root + eps);
    if constexpr (std::is_same_v<T, M>) {
      at(m, i) = m1;
      at(v, i) = v1;
    } else {
      const std::uint32_t random = random_bits(rounding, static_cast<std::uint64_t>(i));
      at(m, i) = rounded(m1, random & 0xFFFFU);
      at(v, i) = rounded(v1, random >> 16);
    }
  }
  static __device__ BFloat16 rounded(T moment, std::uint32_t random) {
    return {static_cast<std::uint16_t>((bits_of(static_cast<float>(moment)) + random) >> 16)};
  }
};
template <class T>
struct SgdStep {
  T *w, *v;
  const T* g;
  T momentum, scale, rate, decay;
  bool nesterov;
  __device__ void operator()(Size, Size i) const {
    const T grad = at(g, i) * scale + decay * at(w, i), v1 = momentum * at(v, i) + grad;
    at(v, i) = v1;
    at(w, i) -= rate * (nesterov ? grad + momentum * v1 : v1);
  }
};

}  // namespace cuda

template <class T>
double squared_norm(Cuda<T>& be, In<T> x) {
  if (x.size() == 0) return 0;
  constexpr Size most_blocks = 1024, least = 4096;
  const Size n = x.size(), each = std::max<Size>(least, (n + most_blocks - 1) / most_blocks);
  const Size blocks = (n + each - 1) / each;
  const auto mark = be.tape().mark();
  double* sums = be.tape().template take<double>(blocks + 1);
  launch(be.device(), {blocks, 1}, cuda::block_threads, cuda::squares_kernel<T>, sums, x.data, n, each);
  launch(be.device(), {1, 1}, cuda::block_threads, cuda::sum_kernel<double>, sums + blocks, sums, blocks, 1.0, false);
  double sum = 0;
  CudaMemory::copy_to_host(&sum, sums + blocks, sizeof sum);
  be.tape().release(mark);
  return sum;
}
namespace cuda {
template <class T, class M>
void adam(Cuda<T>& be, Mat<T> w, Mat<const T> g, Mat<M> m, Mat<M> v, const AdamRule& rule) {
  AdamStep<T, M> step;
  step.w = w.data;
  step.m = m.data;
  step.v = v.data;
  step.g = g.data;
  step.b1 = static_cast<T>(rule.beta1);
  step.b2 = static_cast<T>(rule.beta2);
  step.c1 = static_cast<T>(1 - rule.beta1);
  step.c2 = static_cast<T>(1 - rule.beta2);
  step.scale = static_cast<T>(rule.scale);
  step.rate = static_cast<T>(rule.rate / rule.correction1);
  step.eps = static_cast<T>(rule.eps);
  step.root = static_cast<T>(1 / std::sqrt(rule.correction2));
  step.coupled = static_cast<T>(rule.decoupled ? 0 : rule.decay);
  step.shrink = static_cast<T>(rule.decoupled ? 1 - rule.rate * rule.decay : 1);
  step.rounding = rule.rounding;
  step.n = w.size();
  for_each(be, 1, (step.n + step.each - 1) / step.each, step);
}
}  // namespace cuda

template <class T>
void adam_update(Cuda<T>& be, Out<T> w, In<T> g, Out<T> m, Out<T> v, const AdamRule& rule) {
  cuda::adam<T, T>(be, w, g, m, v, rule);
}
template <class T>
void adam_update(Cuda<T>& be, Out<T> w, In<T> g, Out<BFloat16> m, Out<BFloat16> v, const AdamRule& rule) {
  cuda::adam<T, BFloat16>(be, w, g, m, v, rule);
}
template <class T>
void sgd_update(Cuda<T>& be, Out<T> w, In<T> g, Out<T> velocity, const SgdRule& rule) {
  cuda::for_each(
      be, 1, w.size(),
      cuda::SgdStep<T>{w.data, velocity.data, g.data, static_cast<T>(rule.momentum), static_cast<T>(rule.scale),
                       static_cast<T>(rule.rate), static_cast<T>(rule.decay), rule.nesterov});
}

}  // namespace hashweave
