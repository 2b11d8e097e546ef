#pragma once
/// The CUDA backend's definitions, in float. A program compiles them in exactly one .cu file.
#ifdef CUDA_API_PER_THREAD_DEFAULT_STREAM
#error "hashweave's CUDA backend needs the legacy default stream: compile without --default-stream per-thread"
#endif
// nvcc does not know g++'s pragma in core/random.hpp, and says of Mat's conversion that Mat<const T> has no use for it.
#pragma nv_diag_suppress 1675, 554
#include <hashweave/cuda/device.cuh>
// the words of the device come before all kernels
#include <hashweave/cuda/cublas.cuh>
#include <hashweave/cuda/kernels.cuh>
#include <hashweave/cuda/memory.cuh>
#include <hashweave/cuda/replay.cuh>
#include <hashweave/cuda/uploads.cuh>

namespace hashweave {

void cuda::count_codes(Device& device, const HammingSearch& search) { count_codes_of(device, search); }
void cuda::gather_codes(Device& device, const HammingSearch& search) { gather_codes_of(device, search); }
void cuda::arrange_codes(Device& device, Mat<std::uint64_t> to, Mat<const std::uint64_t> old,
                         Mat<const std::uint64_t> added, const std::uint32_t* from) {
  arrange_codes_of(device, to, old, added, from);
}
void cuda::put_codes(Device& device, Mat<std::uint64_t> to, Mat<const std::uint64_t> codes, const std::uint32_t* rows) {
  put_codes_of(device, to, codes, rows);
}

#define HASHWEAVE_KERNEL template
#define T float
template void multiply(Cuda<T>&, Form, Out<T>, In<T>, In<T>, double, bool);
#include <hashweave/cuda/kernel_list.inc>
#undef T
#undef HASHWEAVE_KERNEL

}  // namespace hashweave
