#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace hashweave::test {

/// Parts of protobuf messages: a number, a field of bytes, a field of a number.
inline std::string varint(std::uint64_t number) {
  std::string text;
  for (; number >= 128; number >>= 7) text += static_cast<char>(number | 128);
  return text + static_cast<char>(number);
}
inline std::string field(unsigned id, std::string_view text) {
  return varint(id << 3 | 2) + varint(text.size()) + std::string{text};
}
inline std::string field(unsigned id, std::uint64_t number) { return varint(id << 3) + varint(number); }

}  // namespace hashweave::test
