#pragma once
#include <cmath>
#include <hashweave/cuda/device.cuh>

// Elementary functions for both scalars, by the names that C has for them: the same in a kernel and on the host.
namespace hashweave::cuda {

inline __device__ float exp_of(float x) { return ::expf(x); }
inline __device__ double exp_of(double x) { return ::exp(x); }
inline __device__ float log_of(float x) { return ::logf(x); }
inline __device__ double log_of(double x) { return ::log(x); }
inline __device__ float log1p_of(float x) { return ::log1pf(x); }
inline __device__ double log1p_of(double x) { return ::log1p(x); }
inline __device__ float exp2_of(float x) { return ::exp2f(x); }
inline __device__ double exp2_of(double x) { return ::exp2(x); }
inline __device__ float log2_of(float x) { return ::log2f(x); }
inline __device__ double log2_of(double x) { return ::log2(x); }
inline __device__ float tanh_of(float x) { return ::tanhf(x); }
inline __device__ double tanh_of(double x) { return ::tanh(x); }
inline __device__ float erfc_of(float x) { return ::erfcf(x); }
inline __device__ double erfc_of(double x) { return ::erfc(x); }
inline __device__ float root_of(float x) { return ::sqrtf(x); }
inline __device__ double root_of(double x) { return ::sqrt(x); }
inline __device__ float power_of(float x, float p) { return ::powf(x, p); }
inline __device__ double power_of(double x, double p) { return ::pow(x, p); }

template <class T>
__device__ T larger(T a, T b) {
  return a < b ? b : a;
}
template <class T>
__device__ T smaller(T a, T b) {
  return b < a ? b : a;
}
template <class T>
__device__ T magnitude(T x) {
  return x < 0 ? -x : x;
}
/// -1, 0 or 1.
template <class T>
__device__ T sign_of(T x) {
  return x > 0 ? T{1} : x < 0 ? T{-1} : T{0};
}
/// Less than any number.
template <class T>
__device__ T lowest() {
  return static_cast<T>(-HUGE_VALF);
}
template <class T>
__device__ T not_a_number() {
  return static_cast<T>(HUGE_VALF) - static_cast<T>(HUGE_VALF);
}
template <class T>
__device__ T logistic(T x) {
  return T{1} / (T{1} + exp_of(-x));
}
/// log(1 + e^x) without overflow.
template <class T>
__device__ T softplus(T x) {
  return larger(x, T{0}) + log1p_of(exp_of(-magnitude(x)));
}
/// The standard normal distribution function, and its density.
template <class T>
__device__ T normal_cumulative(T x) {
  return T(0.5) * erfc_of(-x * T(0.70710678118654752440));
}
template <class T>
__device__ T normal_density(T x) {
  return T(0.39894228040143267794) * exp_of(T(-0.5) * x * x);
}

}  // namespace hashweave::cuda
