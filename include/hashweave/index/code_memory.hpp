#pragma once
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <hashweave/core/types.hpp>
#include <memory>
#include <new>

namespace hashweave::detail {

/// Memory aligned to 64 bytes, not set to anything. Large pieces ask the system for large pages, because tables are
/// read here and there. Throws `std::bad_alloc`.
template <class T>
std::shared_ptr<T[]> aligned_memory(Size count) {
  constexpr std::size_t large_page = std::size_t{1} << 21;
  const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(T);
  const std::size_t alignment = bytes >= 2 * large_page ? large_page : 64;
  const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, rounded == 0 ? alignment : rounded);
  if (memory == nullptr) throw std::bad_alloc{};
  if (alignment == large_page) ::madvise(memory, rounded, MADV_HUGEPAGE);  // a wish; without it, it is slower
  return {static_cast<T*>(memory), [](T* p) { std::free(p); }};
}

}  // namespace hashweave::detail
