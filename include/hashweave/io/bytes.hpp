#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <hashweave/core/error.hpp>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace hashweave {

static_assert(std::endian::native == std::endian::little, "the file formats are read on little-endian machines only");

using Bytes = std::span<const std::byte>;

/// The bytes of a text, and the text that bytes hold.
inline Bytes as_bytes(std::string_view text) { return std::as_bytes(std::span{text.data(), text.size()}); }
inline std::string_view as_text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// The byte with its eight bits in the other order.
constexpr std::uint8_t reversed_bits(std::uint8_t byte) {
  unsigned out = 0;
  for (int i = 0; i < 8; ++i) out |= (byte >> i & 1u) << (7 - i);
  return static_cast<std::uint8_t>(out);
}

/// A name from a file as messages write it: control characters as \xNN, cut off after 200 bytes.
inline std::string legible(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : text.substr(0, 200)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte != 0x7f)
      out += c;
    else
      out.append("\\x").append({digits[byte >> 4], digits[byte & 15]});
  }
  return text.size() > 200 ? out + "..." : out;
}

/// The number at any address, aligned or not.
template <class T>
  requires std::is_arithmetic_v<T>
T load_number(const std::byte* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

/// Reads little-endian numbers and runs of bytes one after another, never past the end.
class ByteReader {
 public:
  /// `base` is what is added to the place of a fault in messages: where these bytes begin in the file.
  ByteReader(Bytes bytes, std::string where, std::size_t base = 0)
      : bytes_{bytes}, where_{std::move(where)}, base_{base} {}

  std::size_t left() const { return bytes_.size() - at_; }
  /// Where the next byte lies in the file.
  std::size_t place() const { return base_ + at_; }
  const std::string& where() const { return where_; }

  /// The next `count` bytes; `what` names them. Throws `Error` where fewer are left.
  Bytes take(std::uint64_t count, std::string_view what) {
    if (count > left()) [[unlikely]]
      fail(where_, std::string{what} + " at byte " + std::to_string(place()), std::to_string(count) + " bytes",
           std::to_string(left()) + " left");
    const Bytes part = bytes_.subspan(at_, static_cast<std::size_t>(count));
    at_ += part.size();
    return part;
  }
  template <class T>
  T number(std::string_view what) {
    return load_number<T>(take(sizeof(T), what).data());
  }
  std::uint8_t u8(std::string_view what) { return number<std::uint8_t>(what); }
  std::uint16_t u16(std::string_view what) { return number<std::uint16_t>(what); }
  std::uint32_t u32(std::string_view what) { return number<std::uint32_t>(what); }
  std::uint64_t u64(std::string_view what) { return number<std::uint64_t>(what); }

 private:
  Bytes bytes_;
  std::string where_;
  std::size_t base_ = 0;
  std::size_t at_ = 0;
};

}  // namespace hashweave
