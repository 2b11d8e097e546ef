// Sums up what a thread holds from `operator new`, which stands here for that. Sanitizers stand there themselves.
#include <cstdlib>
#include <io/heap_watch.hpp>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define HASHWEAVE_OWN_NEW 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define HASHWEAVE_OWN_NEW 0
#endif
#endif
#ifndef HASHWEAVE_OWN_NEW
#define HASHWEAVE_OWN_NEW 1
#endif

#if HASHWEAVE_OWN_NEW
#include <malloc.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <new>
#include <string>

namespace {

struct Held {
  bool watched = false;
  std::ptrdiff_t now = 0, most = 0;
};
thread_local constinit Held held;

void* take(std::size_t bytes) {
  void* p = std::malloc(bytes);
  if (p != nullptr && held.watched) {
    held.now += static_cast<std::ptrdiff_t>(::malloc_usable_size(p));
    held.most = std::max(held.most, held.now);
  }
  return p;
}
void give_back(void* p) {
  if (p != nullptr && held.watched) held.now -= static_cast<std::ptrdiff_t>(::malloc_usable_size(p));
  std::free(p);
}

}  // namespace

void* operator new(std::size_t bytes) {
  if (void* p = take(bytes)) return p;
  throw std::bad_alloc{};
}
void* operator new[](std::size_t bytes) { return ::operator new(bytes); }
void operator delete(void* p) noexcept { give_back(p); }
void operator delete[](void* p) noexcept { give_back(p); }
void operator delete(void* p, std::size_t) noexcept { give_back(p); }
void operator delete[](void* p, std::size_t) noexcept { give_back(p); }

namespace hashweave::test {

HeapWatch::HeapWatch() { held = {true, 0, 0}; }
HeapWatch::~HeapWatch() { held.watched = false; }
std::size_t HeapWatch::peak() const { return static_cast<std::size_t>(held.most); }

}  // namespace hashweave::test

TEST_CASE("The heap watch sees the most that was held at one time", "[io][allocations]") {
  const hashweave::test::HeapWatch watch;
  CHECK(watch.peak() < 1024);
  for (char i = 0; i < 3; ++i) CHECK(std::string(1 << 20, i).back() == i);
  CHECK(watch.peak() >= 1 << 20);
  CHECK(watch.peak() < 2 << 20);
  const std::string a(1 << 20, 'a'), b(1 << 20, 'b');
  CHECK(watch.peak() >= 2 << 20);
}
#else
namespace hashweave::test {

HeapWatch::HeapWatch() = default;
HeapWatch::~HeapWatch() = default;
std::size_t HeapWatch::peak() const { return 0; }

}  // namespace hashweave::test
#endif
