#pragma once
#include <algorithm>
#include <hashweave/core/memory.hpp>
#include <vector>

// The backend that the golden cases run on: the CPU, or CUDA where HASHWEAVE_GOLDEN_CUDA is defined.
#ifdef HASHWEAVE_GOLDEN_CUDA
#include <hashweave/cuda.hpp>
#else
#include <hashweave/cpu.hpp>
#endif

namespace hashweave::golden {

#ifdef HASHWEAVE_GOLDEN_CUDA
template <class T>
using Tested = Cuda<T>;
using SharedMemory = CudaSharedMemory;
#else
template <class T>
using Tested = Cpu<T>;
using SharedMemory = HostMemory;
#endif

/// Values in the backend's memory; ids and offsets in memory that the host and the backend can read.
template <class T>
Buffer<T, typename Tested<T>::Memory> held(const std::vector<T>& values) {
  Buffer<T, typename Tested<T>::Memory> buffer{static_cast<Size>(values.size())};
  if (!values.empty()) Tested<T>::Memory::copy_from_host(buffer.data(), values.data(), buffer.bytes());
  return buffer;
}
template <class T>
Buffer<T, SharedMemory> shared(const std::vector<T>& values) {
  Buffer<T, SharedMemory> buffer{static_cast<Size>(values.size())};
  std::copy(values.begin(), values.end(), buffer.data());
  return buffer;
}

}  // namespace hashweave::golden
