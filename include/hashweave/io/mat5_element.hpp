#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/io/bytes.hpp>
#include <hashweave/io/dtype.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hashweave::detail {

/// What MAT files call the kinds of their elements.
enum MatType : std::uint32_t {
  mat_int8 = 1,
  mat_uint8 = 2,
  mat_int16 = 3,
  mat_uint16 = 4,
  mat_int32 = 5,
  mat_uint32 = 6,
  mat_single = 7,
  mat_double = 9,
  mat_int64 = 12,
  mat_uint64 = 13,
  mat_matrix = 14,
  mat_compressed = 15,
  mat_utf8 = 16,
  mat_utf16 = 17
};

inline std::optional<DType> mat_dtype(std::uint32_t type) {
  constexpr std::array<std::pair<std::uint32_t, DType>, 10> known{{{mat_int8, DType::i8},
                                                                   {mat_uint8, DType::u8},
                                                                   {mat_int16, DType::i16},
                                                                   {mat_uint16, DType::u16},
                                                                   {mat_int32, DType::i32},
                                                                   {mat_uint32, DType::u32},
                                                                   {mat_single, DType::f32},
                                                                   {mat_double, DType::f64},
                                                                   {mat_int64, DType::i64},
                                                                   {mat_uint64, DType::u64}}};
  for (const auto& [number, dtype] : known)
    if (number == type) return dtype;
  return std::nullopt;
}

struct MatElement {
  std::uint32_t type = 0;
  Bytes bytes;
};

/// The next element and its padding to a multiple of 8, which the last element of a file may lack. An element of at
/// most four bytes may lie within its tag.
inline MatElement next_element(ByteReader& reader) {
  const std::uint32_t first = reader.u32("type of an element");
  if (const std::uint32_t size = first >> 16; size != 0) {
    require(size <= 4, reader.where(), "bytes of a small element", "1 to 4", size);
    return {first & 0xffff, reader.take(4, "small element").first(size)};
  }
  const std::uint32_t size = reader.u32("size of an element");
  const Bytes bytes = reader.take(size, "element");
  if (first != mat_compressed) reader.take(std::min<std::size_t>((8 - size % 8) % 8, reader.left()), "padding");
  return {first, bytes};
}

/// Appends a code point as UTF-8.
inline void append_utf8(std::string& text, char32_t c) {
  const auto byte = [&](char32_t value) { text += static_cast<char>(static_cast<unsigned char>(value)); };
  if (c < 0x80) return byte(c);
  if (c < 0x800)
    byte(0xc0 | c >> 6);
  else if (c < 0x10000)
    byte(0xe0 | c >> 12), byte(0x80 | (c >> 6 & 63));
  else
    byte(0xf0 | c >> 18), byte(0x80 | (c >> 12 & 63)), byte(0x80 | (c >> 6 & 63));
  byte(0x80 | (c & 63));
}

/// Code points of UTF-8. Throws `Error` where it is none.
inline std::vector<char32_t> decode_utf8(Bytes bytes, const std::string& where) {
  std::vector<char32_t> points;
  for (std::size_t i = 0; i < bytes.size();) {
    const auto lead = std::to_integer<char32_t>(bytes[i]);
    const std::size_t length = lead < 0x80 ? 1 : lead >> 5 == 6 ? 2 : lead >> 4 == 14 ? 3 : lead >> 3 == 30 ? 4 : 0;
    require(length != 0 && i + length <= bytes.size(), where, "text", "UTF-8", "byte " + std::to_string(lead));
    char32_t point = length == 1 ? lead : lead & (0x7fU >> length);
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = std::to_integer<char32_t>(bytes[i + k]);
      require(next >> 6 == 2, where, "text", "UTF-8", "byte " + std::to_string(next));
      point = point << 6 | (next & 63);
    }
    constexpr std::array<char32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
    const bool valid = point >= least[length] && point < 0x110000 && (point < 0xd800 || point > 0xdfff);
    require(valid, where, "text", "UTF-8", "code point " + std::to_string(point));
    points.push_back(point);
    i += length;
  }
  return points;
}

/// The characters of an element, one number each: code points, or units of UTF-16.
inline std::vector<char32_t> mat_characters(const MatElement& element, const std::string& where) {
  if (element.type == mat_utf8) return decode_utf8(element.bytes, where);
  std::vector<char32_t> units;
  if (element.type == mat_int8 || element.type == mat_uint8) {
    for (const std::byte b : element.bytes) units.push_back(std::to_integer<char32_t>(b));
  } else if (element.type == mat_uint16 || element.type == mat_utf16) {
    for (std::size_t i = 0; i + 2 <= element.bytes.size(); i += 2)
      units.push_back(load_number<std::uint16_t>(&element.bytes[i]));
  } else {
    fail(where, "type of characters", "UTF-8, UTF-16, uint8 or uint16", element.type);
  }
  return units;
}

/// Row `row` of a column-major matrix of characters as UTF-8. Halves of a pair that stand alone become U+FFFD.
inline std::string mat_row(const std::vector<char32_t>& units, std::size_t rows, std::size_t row) {
  std::string text;
  for (std::size_t i = row; i < units.size(); i += rows) {
    char32_t c = units[i];
    if (c >= 0xd800 && c < 0xdc00 && i + rows < units.size() && units[i + rows] >= 0xdc00 && units[i + rows] < 0xe000) {
      c = 0x10000 + ((c - 0xd800) << 10) + (units[i + rows] - 0xdc00);
      i += rows;
    }
    append_utf8(text, c >= 0xd800 && c < 0xe000 ? 0xfffd : c);
  }
  return text;
}

}  // namespace hashweave::detail
