#pragma once
#include <cstddef>

namespace hashweave::test {

/// The most memory that this thread held from `operator new` at one time since the watch began, beyond what it held
/// then. 0 under the sanitizers, which stand in for the heap themselves. One watch at a time.
class HeapWatch {
 public:
  HeapWatch();
  HeapWatch(const HeapWatch&) = delete;
  ~HeapWatch();
  std::size_t peak() const;
};

}  // namespace hashweave::test
