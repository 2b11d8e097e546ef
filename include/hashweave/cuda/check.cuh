#pragma once
#include <cuda_runtime.h>

#include <hashweave/cuda/backend.hpp>
#include <string>

namespace hashweave::cuda {

/// @throws CudaError that names the call, its place and the driver's word for it, unless it succeeded.
inline void check(cudaError_t status, const char* call, const char* file, int line) {
  if (status != cudaSuccess) [[unlikely]] {
    cudaGetLastError();  // so that the next launch is not blamed
    throw CudaError{std::string{call} + " at " + file + ":" + std::to_string(line) + ": " + cudaGetErrorString(status)};
  }
}

/// The stream of a device, on which all its kernels run.
cudaStream_t stream_of(Device& device);
/// @throws CudaError while a device records, for memory that a copy could not read later: the host's, unless pinned.
void require_recordable(Device& device, const void* from);

}  // namespace hashweave::cuda
