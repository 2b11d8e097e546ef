#pragma once
#include <cstddef>
#include <hashweave/core/memory.hpp>
#include <hashweave/core/types.hpp>
#include <memory>

namespace hashweave::detail {

/// Memory aligned to 64 bytes, not set to anything; large pieces in large pages, because tables are read here and
/// there. Throws `std::bad_alloc`.
template <class T>
std::shared_ptr<T[]> aligned_memory(Size count) {
  constexpr std::size_t alignment = 64;
  std::byte* const memory = HostMemory::allocate(static_cast<std::size_t>(count) * sizeof(T), alignment);
  return {reinterpret_cast<T*>(memory),
          [](T* p) { HostMemory::deallocate(reinterpret_cast<std::byte*>(p), alignment); }};
}

}  // namespace hashweave::detail
