#pragma once
#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/io/bytes.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace hashweave::detail {

inline constexpr std::size_t tar_block = 512;

/// The header of a tar member: 512 bytes. Fields by offset and width, as POSIX.1-1988 (ustar) lays them out.
class TarHeader {
 public:
  TarHeader(Bytes block, std::string_view where) : text_{as_text(block)} {
    const auto stored = number(148, 8, "checksum", where);
    std::uint64_t sum = 0, signed_sum = 0;  // some old programs added the bytes as signed numbers
    for (std::size_t i = 0; i < tar_block; ++i) {
      const char c = i >= 148 && i < 156 ? ' ' : text_[i];
      sum += static_cast<unsigned char>(c);
      signed_sum += static_cast<std::uint64_t>(static_cast<signed char>(c));
    }
    require(stored == sum || stored == signed_sum, where, "checksum of the tar header", sum, stored);
    size_ = number(124, 12, "size", where);
  }

  /// Bytes of data behind the header.
  std::uint64_t size() const { return size_; }
  /// What the member is: '0' or zero for a file, '5' for a folder...
  char type() const { return text_[156]; }
  /// The name; ustar may keep the folders in front of it in a field of their own, GNU's tar uses that otherwise.
  std::string name() const {
    const std::string_view folders = field(345, 155);
    const bool ustar = text_.substr(257, 6) == std::string_view{"ustar\0", 6};
    std::string name{field(0, 100)};
    return ustar && !folders.empty() ? std::string{folders} + "/" + name : name;
  }

 private:
  std::string_view field(std::size_t at, std::size_t width) const {
    const std::string_view text = text_.substr(at, width);
    return text.substr(0, std::min(text.find('\0'), width));
  }
  /// An octal number with blanks round it, or, if the first bit is set, a binary number of the bits behind it.
  std::uint64_t number(std::size_t at, std::size_t width, std::string_view what, std::string_view where) const {
    const std::string_view text = text_.substr(at, width);
    std::uint64_t value = 0;
    if (const auto lead = static_cast<unsigned char>(text[0]); lead >= 0x80) {
      bool fits = lead == 0x80;
      for (const char c : text.substr(1)) {
        fits = fits && value < std::uint64_t{1} << 55;
        value = value << 8 | static_cast<unsigned char>(c);
      }
      require(fits, where, what, "a number that is not negative and fits", "another");
      return value;
    }
    std::string_view digits = field(at, width);
    digits.remove_prefix(std::min(digits.find_first_not_of(' '), digits.size()));
    while (digits.ends_with(' ')) digits.remove_suffix(1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 8);
    const bool octal = digits.empty() || (error == std::errc{} && end == digits.data() + digits.size());
    require(octal, where, what, "an octal number", "'" + legible(digits) + "'");
    return value;
  }
  std::string_view text_;
  std::uint64_t size_ = 0;
};

/// What an extended header of the pax format says of the member behind it.
struct PaxFields {
  std::optional<std::string> name;
  std::optional<std::uint64_t> size;
};

/// Reads records `LENGTH KEY=VALUE\n`, the length being that of the whole record. Keys other than path and size are
/// left out, except those of sparse files, which are refused. Source: POSIX.1-2017, pax, "pax Extended Header".
inline PaxFields read_pax(std::string_view text, std::string_view where) {
  PaxFields fields;
  while (!text.empty()) {
    std::size_t length = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + std::min<std::size_t>(text.size(), 20), length);
    const auto digits = static_cast<std::size_t>(end - text.data());
    const bool sound = error == std::errc{} && length >= digits + 3 && length <= text.size() && text[digits] == ' ' &&
                       text[length - 1] == '\n';
    require(sound, where, "record of the pax header", "LENGTH KEY=VALUE and a line end",
            "'" + legible(text.substr(0, 40)) + "'");
    const std::string_view record = text.substr(digits + 1, length - digits - 2);
    const std::size_t equals = record.find('=');
    require(equals != std::string_view::npos, where, "record of the pax header", "KEY=VALUE",
            "'" + legible(record.substr(0, 40)) + "'");
    const std::string_view key = record.substr(0, equals), value = record.substr(equals + 1);
    if (key == "path") fields.name = value;
    if (key == "size") {
      std::uint64_t size = 0;
      const auto [stop, wrong] = std::from_chars(value.data(), value.data() + value.size(), size);
      require(wrong == std::errc{} && stop == value.data() + value.size(), where, "size in the pax header", "a number",
              "'" + legible(value) + "'");
      fields.size = size;
    }
    require(!key.starts_with("GNU.sparse."), where, "member", "a plain file", "a sparse one");
    text.remove_prefix(length);
  }
  return fields;
}

}  // namespace hashweave::detail
