#pragma once
#include <hashweave/cuda/check.cuh>

// The device's memory. Copies and zeros run on CUDA's legacy stream, which waits for the backend's stream and which
// that waits for: they come in the order of the calls.
namespace hashweave {

std::byte* CudaMemory::allocate(std::size_t bytes, std::size_t) {
  void* p = nullptr;
  cuda::check(cudaMalloc(&p, bytes > 0 ? bytes : 1), "cudaMalloc", __FILE__, __LINE__);
  return static_cast<std::byte*>(p);
}
void CudaMemory::deallocate(std::byte* p, std::size_t) noexcept { cudaFree(p); }
void CudaMemory::zero(void* p, std::size_t bytes) {
  cuda::check(cudaMemset(p, 0, bytes), "cudaMemset", __FILE__, __LINE__);
}
void CudaMemory::copy(void* to, const void* from, std::size_t bytes) {
  cuda::check(cudaMemcpy(to, from, bytes, cudaMemcpyDeviceToDevice), "cudaMemcpy", __FILE__, __LINE__);
}
void CudaMemory::copy_from_host(void* to, const void* host, std::size_t bytes) {
  cuda::check(cudaMemcpy(to, host, bytes, cudaMemcpyHostToDevice), "cudaMemcpy", __FILE__, __LINE__);
}
void CudaMemory::copy_to_host(void* host, const void* from, std::size_t bytes) {
  cuda::check(cudaMemcpy(host, from, bytes, cudaMemcpyDeviceToHost), "cudaMemcpy", __FILE__, __LINE__);
}
void CudaMemory::forbid(void*, std::size_t) {}
void CudaMemory::permit(void*, std::size_t) {}

std::byte* CudaSharedMemory::allocate(std::size_t bytes, std::size_t) {
  void* p = nullptr;
  cuda::check(cudaHostAlloc(&p, bytes > 0 ? bytes : 1, cudaHostAllocMapped), "cudaHostAlloc", __FILE__, __LINE__);
  return static_cast<std::byte*>(p);
}
void CudaSharedMemory::deallocate(std::byte* p, std::size_t) noexcept {
  cudaDeviceSynchronize();  // copies on the stream may still read it
  cudaFreeHost(p);
}
void CudaSharedMemory::zero(void* p, std::size_t bytes) { std::memset(p, 0, bytes); }

}  // namespace hashweave
