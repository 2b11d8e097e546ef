#pragma once
#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <vector>

namespace hashweave::test {

/// The process's memory in small pages, as the system counts it: up to some hundred pages late.
inline long resident_pages() {
  long whole = 0, resident = 0;
  std::ifstream{"/proc/self/statm"} >> whole >> resident;
  return resident;
}
/// How many of the small pages wholly among these bytes have been written, or read: that takes no memory, but is not
/// told apart.
inline std::size_t resident_pages(const void* p, std::size_t bytes) {
  constexpr std::uintptr_t page = 4096;
  const std::uintptr_t begin = (reinterpret_cast<std::uintptr_t>(p) + page - 1) / page * page;
  const std::uintptr_t end = (reinterpret_cast<std::uintptr_t>(p) + bytes) / page * page;
  std::vector<unsigned char> in((end - begin) / page);
  std::size_t count = 0;
  if (::mincore(reinterpret_cast<void*>(begin), end - begin, in.data()) != 0) return in.size();
  for (const unsigned char one : in) count += one & 1U;
  return count;
}

}  // namespace hashweave::test
