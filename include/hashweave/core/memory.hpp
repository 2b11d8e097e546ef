#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <hashweave/core/types.hpp>
#include <new>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#if defined(__SANITIZE_ADDRESS__)
#define HASHWEAVE_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HASHWEAVE_ADDRESS_SANITIZER 1
#endif
#endif
#ifdef HASHWEAVE_ADDRESS_SANITIZER
#include <sanitizer/asan_interface.h>
#endif

namespace hashweave {

/// Where a backend's buffers live. A device backend has its own type with the same members, but for `clear`,
/// `hand_back` and `use_small_pages`, which are about the system's pages. Large pieces ask for large pages: fewer
/// faults when they are first touched, fewer misses afterwards.
struct HostMemory {
  /// Not set to anything. @throws std::bad_alloc when there is no memory left.
  static std::byte* allocate(std::size_t bytes, std::size_t alignment) {
    if (bytes > PTRDIFF_MAX) throw std::bad_alloc{};
    if (large(bytes)) alignment = large_page;
    void* const p = std::aligned_alloc(alignment, rounded(bytes, alignment));
    if (p == nullptr) throw std::bad_alloc{};
#if defined(__linux__)
    if (large(bytes)) ::madvise(p, rounded(bytes, alignment), MADV_HUGEPAGE);  // a wish
#endif
    return static_cast<std::byte*>(p);
  }
  /// Makes a whole piece, as `allocate` gave it, zero. A large one gives its pages back to the system and gets zero
  /// pages for them, which cost nothing until they are written.
  static void clear(void* p, std::size_t bytes) {
#if defined(__linux__)
    if (large(bytes) && ::madvise(p, rounded(bytes, large_page), MADV_DONTNEED) == 0) return;
#endif
    zero(p, bytes);
  }
  /// Gives the whole large pages among these bytes back to the system; what they held is lost. -> how many bytes they
  /// are.
  static std::size_t hand_back([[maybe_unused]] void* p, [[maybe_unused]] std::size_t bytes) {
#if defined(__linux__)
    const Inner inner = whole_pages(p, bytes, large_page);
    if (inner.bytes > 0 && ::madvise(inner.data, inner.bytes, MADV_DONTNEED) == 0) return inner.bytes;
#endif
    return 0;
  }
  /// Of these bytes few will be written, here and there: each such place is to take a small page, not a large one.
  static void use_small_pages([[maybe_unused]] void* p, [[maybe_unused]] std::size_t bytes) {
#if defined(__linux__)
    const Inner inner = whole_pages(p, bytes, small_page);
    if (inner.bytes > 0) ::madvise(inner.data, inner.bytes, MADV_NOHUGEPAGE);  // a wish
#endif
  }
  static void deallocate(std::byte* p, std::size_t) noexcept { std::free(p); }
  static void zero(void* p, std::size_t bytes) { std::memset(p, 0, bytes); }
  static void copy(void* to, const void* from, std::size_t bytes) { std::memcpy(to, from, bytes); }
  static void copy_from_host(void* to, const void* host, std::size_t bytes) { std::memcpy(to, host, bytes); }
  static void copy_to_host(void* host, const void* from, std::size_t bytes) { std::memcpy(host, from, bytes); }

  /// Under the address sanitizer, touching tape memory that was given back is an error like any use after free.
  static void forbid([[maybe_unused]] void* p, [[maybe_unused]] std::size_t bytes) {
#ifdef HASHWEAVE_ADDRESS_SANITIZER
    __asan_poison_memory_region(p, bytes);
#endif
  }
  static void permit([[maybe_unused]] void* p, [[maybe_unused]] std::size_t bytes) {
#ifdef HASHWEAVE_ADDRESS_SANITIZER
    __asan_unpoison_memory_region(p, bytes);
#endif
  }

 private:
  static constexpr std::size_t small_page = std::size_t{1} << 12, large_page = std::size_t{1} << 21;
  struct Inner {
    void* data;
    std::size_t bytes;
  };
  static Inner whole_pages(void* p, std::size_t bytes, std::size_t page) {
    const auto begin = reinterpret_cast<std::uintptr_t>(p);
    const std::size_t before = (page - begin % page) % page;
    if (bytes < before) return {p, 0};
    return {static_cast<std::byte*>(p) + before, (bytes - before) / page * page};
  }
  static constexpr bool large(std::size_t bytes) { return bytes >= 2 * large_page; }
  static constexpr std::size_t rounded(std::size_t bytes, std::size_t alignment) {
    return bytes == 0 ? alignment : (bytes + alignment - 1) / alignment * alignment;
  }
};

/// An owned array of T in a backend's memory, zero at first.
template <class T, class Memory>
class Buffer {
 public:
  static constexpr std::size_t alignment = 64;

  Buffer() = default;
  explicit Buffer(Size n) : Buffer{} {  // a whole object from here on: should zero throw, the destructor runs
    size_ = n;
    if (n > 0) data_ = reinterpret_cast<T*>(Memory::allocate(bytes(), alignment));
    zero();
  }
  Buffer(Buffer&& other) noexcept : data_{std::exchange(other.data_, nullptr)}, size_{std::exchange(other.size_, 0)} {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Buffer() {
    if (data_ != nullptr) Memory::deallocate(reinterpret_cast<std::byte*>(data_), alignment);
  }

  void zero() {
    if (size_ == 0) return;
    if constexpr (requires { Memory::clear(data_, bytes()); }) {
      Memory::clear(data_, bytes());
    } else {
      Memory::zero(data_, bytes());
    }
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  Size size() const { return size_; }
  std::size_t bytes() const { return static_cast<std::size_t>(size_) * sizeof(T); }

 private:
  T* data_ = nullptr;
  Size size_ = 0;
};

}  // namespace hashweave
