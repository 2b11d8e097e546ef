#pragma once
#include <string>
#include <string_view>

namespace hashweave {

/// What stands for bytes that are not UTF-8: U+FFFD.
inline constexpr char32_t replacement_character = 0xFFFD;

/// A code point and the number of bytes that it took.
struct DecodedPoint {
  char32_t point = 0;
  int bytes = 1;
};

/// The code point at `at`, which lies before `end`. Every longest start of a sequence that cannot be completed gives
/// one U+FFFD; surrogates, overlong sequences and values above U+10FFFF are no UTF-8. Source: The Unicode
/// Standard 15.0, section 3.9, table 3-7, and "U+FFFD Substitution of Maximal Subparts".
constexpr DecodedPoint decode_utf8(const char* at, const char* end) {
  const auto byte = [at](int i) { return static_cast<unsigned char>(at[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  if (lead < 0xC2 || lead > 0xF4) return {replacement_character, 1};
  const int length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;  // the bounds of the second byte
  const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  char32_t point = lead & (0x7F >> length);
  for (int i = 1; i < length; ++i) {
    if (at + i == end || byte(i) < (i == 1 ? low : 0x80) || byte(i) > (i == 1 ? high : 0xBF))
      return {replacement_character, i};
    point = point << 6 | (byte(i) & 0x3F);
  }
  return {point, length};
}

/// Writes a code point as UTF-8 and gives the end of what it wrote: 1 to 4 bytes.
constexpr char* encode_utf8(char32_t point, char* out) {
  if (point < 0x80) {
    *out++ = static_cast<char>(point);
    return out;
  }
  const int more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  *out++ = static_cast<char>((more == 1 ? 0xC0 : more == 2 ? 0xE0 : 0xF0) | point >> (6 * more));
  for (int i = more - 1; i >= 0; --i) *out++ = static_cast<char>(0x80 | (point >> (6 * i) & 0x3F));
  return out;
}

/// Whether the text is UTF-8 throughout.
constexpr bool is_utf8(std::string_view text) {
  const char *at = text.data(), *end = at + text.size();
  while (at != end) {
    const DecodedPoint d = decode_utf8(at, end);
    if (d.point == replacement_character && std::string_view(at, static_cast<std::size_t>(d.bytes)) != "\xEF\xBF\xBD")
      return false;
    at += d.bytes;
  }
  return true;
}

/// The number of code points in UTF-8.
constexpr std::size_t count_points(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

}  // namespace hashweave
