#pragma once
#include <bit>
#include <cmath>
#include <cstdint>

// Elementary functions without branches or calls in float, so that loops over them become vector code. Choices are made
// by masks of bits: g++ 12 makes branches of comparisons where the processor has no mask registers (AVX2, SSE). In
// double the standard library's are used.
namespace hashweave::cpu {

/// The bits of |x|: ordered as the numbers are, NaN above infinity.
inline std::int32_t magnitude(float x) { return std::bit_cast<std::int32_t>(x) & 0x7FFFFFFF; }
/// All bits where a < b, otherwise none; neither is negative.
inline std::int32_t mask_less(std::int32_t a, std::int32_t b) { return (a - b) >> 31; }
/// All bits where x is negative, otherwise none.
inline std::int32_t mask_negative(float x) { return std::bit_cast<std::int32_t>(x) >> 31; }
/// a where the mask has all bits, b where it has none.
inline std::int32_t choose(std::int32_t mask, std::int32_t a, std::int32_t b) { return b ^ ((a ^ b) & mask); }
inline float choose(std::int32_t mask, float a, float b) {
  return std::bit_cast<float>(choose(mask, std::bit_cast<std::int32_t>(a), std::bit_cast<std::int32_t>(b)));
}

/// e^x, relative error about 1e-7 for x in [-87, 88]; clamped outside. NaN gives NaN.
/// Range reduction x = n ln 2 + r with |r| <= ln(2)/2, then the Taylor series of e^r to the seventh power.
inline float exp(float number) {
  constexpr auto lowest = std::bit_cast<std::int32_t>(87.3F), highest = std::bit_cast<std::int32_t>(88.3F);
  constexpr std::int32_t infinity = 0x7F800000;
  const std::int32_t size = magnitude(number), limit = choose(mask_negative(number), lowest, highest);
  const float x = std::copysign(std::bit_cast<float>(choose(mask_less(limit, size), limit, size)), number);
  constexpr float shift = 12582912.0F;  // 1.5 * 2^23: adding it rounds to a whole number
  const float rounded = x * 1.44269504F + shift;
  const float n = rounded - shift;
  const float r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
  float p = 1.98412698e-4F;
  p = p * r + 1.38888889e-3F;
  p = p * r + 8.33333333e-3F;
  p = p * r + 4.16666667e-2F;
  p = p * r + 1.66666667e-1F;
  p = p * r + 0.5F;
  p = p * r + 1.0F;
  p = p * r + 1.0F;
  const auto exponent = std::bit_cast<std::int32_t>(rounded) - std::bit_cast<std::int32_t>(shift) + 127;
  const float power = p * std::bit_cast<float>(static_cast<std::uint32_t>(exponent) << 23);
  return std::bit_cast<float>(std::bit_cast<std::int32_t>(power) | mask_less(infinity, size));
}
inline double exp(double x) { return std::exp(x); }

/// tanh x, relative error about 1e-6 or better.
inline float tanh(float x) {
  const float a = std::fabs(x);
  const float e = exp(-2.0F * a);
  const float far = (1.0F - e) / (1.0F + e);
  const float s = x * x;  // the series x - x³/3 + 2x⁵/15 - 17x⁷/315 where 1 - e would cancel
  const float near = a * (1.0F + s * (-0.333333333F + s * (0.133333333F - s * 0.0539682540F)));
  return std::copysign(choose(mask_less(magnitude(x), std::bit_cast<std::int32_t>(0.15F)), near, far), x);
}
inline double tanh(double x) { return std::tanh(x); }

template <class T>
T sigmoid(T x) {
  return T{1} / (T{1} + exp(-x));
}

/// The standard normal distribution function Φ(x) and its density φ(x).
template <class T>
struct Normal {
  T cumulative, density;
};
/// Absolute error below 1e-7. Source: Abramowitz, Stegun, formula 7.1.26 (Hastings 1955).
inline Normal<float> normal(float x) {
  const float z = std::fabs(x) * 0.707106781F;
  const float t = 1.0F / (1.0F + 0.3275911F * z);
  const float e = exp(-z * z);
  const float q =
      t * (0.254829592F + t * (-0.284496736F + t * (1.421413741F + t * (-1.453152027F + t * 1.061405429F))));
  const float tail = 0.5F * q * e;
  return {choose(mask_negative(x), tail, 1.0F - tail), e * 0.398942280F};
}
inline Normal<double> normal(double x) {
  return {0.5 * std::erfc(-x * 0.70710678118654752440), 0.39894228040143267794 * std::exp(-0.5 * x * x)};
}

}  // namespace hashweave::cpu
