#pragma once
#include <cstdint>
#include <hashweave/core/mat.hpp>
#include <hashweave/cuda/backend.hpp>
#include <type_traits>

// The few words with which all kernels are written. For nvcc they are here; a host's compiler gets them from an
// emulator of the device, which the tests include before any kernel.
#if defined(__CUDACC__)
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ < 700
#error "hashweave's CUDA backend is for GPUs of compute capability 7.0 or higher: set CMAKE_CUDA_ARCHITECTURES"
#endif
#include <cuda_runtime.h>

#include <hashweave/cuda/check.cuh>

/// Before a loop over values that are to lie in registers.
#define HASHWEAVE_UNROLL _Pragma("unroll")

namespace hashweave::cuda {

inline __device__ Size thread_x() { return static_cast<Size>(threadIdx.x); }
inline __device__ Size threads_x() { return static_cast<Size>(blockDim.x); }
inline __device__ Size block_x() { return static_cast<Size>(blockIdx.x); }
inline __device__ Size block_y() { return static_cast<Size>(blockIdx.y); }
inline __device__ Size blocks_x() { return static_cast<Size>(gridDim.x); }

/// Element i; element (r, c).
template <class T>
__device__ T& at(T* p, Size i) {
  return p[i];
}
template <class T>
__device__ T& at(const Mat<T>& m, Size r, Size c) {
  return m.data[r * m.ld + c];
}

/// N values that the threads of a block share; not initialised.
template <class T, int N>
struct Shared {
  T values[N];
  __device__ T& operator[](Size i) { return values[i]; }
  __device__ T add_atomically(Size i, T v) { return atomicAdd(values + i, v); }
};

/// All threads of the block are here before any goes on.
inline __device__ void barrier() { __syncthreads(); }

/// What a lane of the own warp gives. All 32 lanes take part.
template <class T>
__device__ T shuffle(T mine, Size lane) {
  return __shfl_sync(0xffffffffU, mine, static_cast<int>(lane));
}
template <class T>
__device__ T shuffle_xor(T mine, int mask) {
  return __shfl_xor_sync(0xffffffffU, mine, mask);
}
/// One bit a lane: where `holds` is true.
inline __device__ std::uint32_t ballot(bool holds) { return __ballot_sync(0xffffffffU, holds); }
/// d += a b by the whole warp on tensor cores: a (16, 16) and b (16, 8) in bf16, two values to a word, d (16, 8) in
/// float. Lane l has, with g = l / 4 and t = 2 (l mod 4): of a rows g and g + 8 at columns t, t + 1 (a[0], a[1]) and t
/// + 8, t + 9 (a[2], a[3]); of b column g at rows t, t + 1 (b[0]) and t + 8, t + 9 (b[1]); of d rows g (d[0], d[1]) and
/// g + 8 (d[2], d[3]) at columns t, t + 1. Only where `has_fragments`. Source: PTX ISA, mma.m16n8k16 with floating
/// point type.
inline __device__ void multiply_fragments(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile(  // so that it stays where all lanes are
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, "
      "%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  __trap();
#endif
}
__global__ void fragments_kernel() {}
/// Whether `multiply_fragments` is there: what runs on this device was compiled for compute capability 8.0 or higher. A
/// program that was compiled for less has no such code, wherever it runs.
inline bool has_fragments() {
  static const bool compiled = [] {
    cudaFuncAttributes attributes{};
    check(cudaFuncGetAttributes(&attributes, fragments_kernel), "cudaFuncGetAttributes", __FILE__, __LINE__);
    return attributes.ptxVersion >= 80;
  }();
  return compiled;
}
/// Whether it holds for any thread of the block; a barrier as `barrier` is.
inline __device__ bool any_of_block(bool holds) { return __syncthreads_or(holds ? 1 : 0) != 0; }

inline __device__ std::uint32_t bits_of(float x) { return __float_as_uint(x); }
inline __device__ float float_of_bits(std::uint32_t bits) { return __uint_as_float(bits); }
inline __device__ int bits_set(std::uint32_t v) { return __popc(v); }
inline __device__ int bits_set(std::uint64_t v) { return __popcll(v); }
inline __device__ std::uint32_t high_product(std::uint32_t a, std::uint32_t b) { return __umulhi(a, b); }

/// Adds to an integer that other threads add to; gives what it was.
template <class T>
__device__ T add_atomically(T* p, T v) {
  static_assert(std::is_integral_v<T>, "sums of floating-point numbers would depend on the order");
  return atomicAdd(p, v);
}

/// Runs kernel(args...) in across x down blocks of so many threads (a multiple of 32).
struct Blocks {
  Size across = 1, down = 1;
};
template <class... P>
void launch(Device& device, Blocks blocks, Size threads, void (*kernel)(P...), std::type_identity_t<P>... args) {
  if (blocks.across == 0 || blocks.down == 0) return;
  kernel<<<dim3(static_cast<unsigned>(blocks.across), static_cast<unsigned>(blocks.down)),
           static_cast<unsigned>(threads), 0, stream_of(device)>>>(args...);
  check(cudaGetLastError(), "launch of a kernel", __FILE__, __LINE__);
}

/// Copies any memory of the host or the device to the device's, when the stream comes to it.
inline void copy_shared(Device& device, void* to, const void* from, std::size_t bytes) {
  require_recordable(device, from);
  check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDefault, stream_of(device)), "cudaMemcpyAsync", __FILE__, __LINE__);
}

}  // namespace hashweave::cuda

#elif !defined(HASHWEAVE_CUDA_EMULATED)
#error "hashweave/cuda/*.cuh are compiled by nvcc, in the one .cu file that includes <hashweave/cuda/definitions.cuh>"
#endif
