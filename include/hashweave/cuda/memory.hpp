#pragma once
#include <cstddef>
#include <hashweave/core/error.hpp>

namespace hashweave {

/// A call of CUDA or cuBLASLt that failed. The message names the call, its file and line, and what the driver says.
class CudaError : public MachineError {
 public:
  using MachineError::MachineError;
};

/// The device's memory. Host code may not touch it; the copies wait for all kernels before them.
struct CudaMemory {
  static std::byte* allocate(std::size_t bytes, std::size_t alignment);
  static void deallocate(std::byte* p, std::size_t alignment) noexcept;
  static void zero(void* p, std::size_t bytes);
  static void copy(void* to, const void* from, std::size_t bytes);
  static void copy_from_host(void* to, const void* host, std::size_t bytes);
  static void copy_to_host(void* host, const void* from, std::size_t bytes);
  static void forbid(void* p, std::size_t bytes);
  static void permit(void* p, std::size_t bytes);
};

/// The host's memory, pinned and mapped: offsets, ids and owners lie here. Kernels read it after the call has returned;
/// before the host writes it again, call `be.synchronise()` or read a result of that step.
///
///     Buffer<std::int32_t, CudaSharedMemory> ids{tokens};
struct CudaSharedMemory {
  static std::byte* allocate(std::size_t bytes, std::size_t alignment);
  static void deallocate(std::byte* p, std::size_t alignment) noexcept;
  static void zero(void* p, std::size_t bytes);
  static void forbid(void*, std::size_t) {}
  static void permit(void*, std::size_t) {}
};

}  // namespace hashweave
