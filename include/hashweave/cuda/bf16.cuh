#pragma once
#include <hashweave/cuda/device.cuh>

namespace hashweave::cuda {

/// The upper half of a float, rounded to nearest, ties to even; NaN stays NaN.
inline __device__ std::uint32_t to_bf16(float x) {
  const std::uint32_t bits = bits_of(x);
  return x != x ? 0x7fc0U : (bits + 0x7fffU + (bits >> 16 & 1U)) >> 16;
}
/// Two of them in a word, `low` in its lower half: one instruction on devices that have it.
inline __device__ std::uint32_t bf16_pair(float low, float high) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  std::uint32_t pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
#else
  return to_bf16(low) | to_bf16(high) << 16;
#endif
}

}  // namespace hashweave::cuda
