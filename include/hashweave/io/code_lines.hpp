#pragma once
#include <cstdint>
#include <filesystem>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <hashweave/io/bytes.hpp>
#include <hashweave/io/code_table.hpp>
#include <hashweave/io/file.hpp>
#include <hashweave/io/json.hpp>
#include <hashweave/io/lines.hpp>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hashweave {

/// The longest line of JSON that is read or written, in bytes: codes of up to some 260,000 bits.
inline constexpr std::size_t code_line_limit = 64 << 10;

/// Two digits a byte, 0-9 and a-f, the first byte first.
inline std::string hex_string(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const std::uint8_t byte : bytes) text.append({digits[byte >> 4U], digits[byte & 15U]});
  return text;
}

namespace detail {

/// What the digit stands for, of either case, or -1.
inline int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/// Appends the bytes that the digits stand for, of which there are two a byte.
inline void append_hex(std::vector<std::uint8_t>& to, std::string_view digits, std::string_view where) {
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    const int high = hex_digit(digits[i]), low = hex_digit(digits[i + 1]);
    if (high < 0 || low < 0)
      fail(where, "code", "digits 0-9 and a-f", "'" + legible(digits.substr(high < 0 ? i : i + 1, 1)) + "'");
    to.push_back(static_cast<std::uint8_t>(16 * high + low));
  }
}

}  // namespace detail

/// The codes of JSON lines `{"id":7,"code":"0a1b…"}`: the code as hexadecimal digits of either case, two a byte, in the
/// order of `numpy.packbits`; the id a whole number, in every line or in none (then it is the row number). `bits` is
/// the length that codes must have; 0: that of the first line. Throws `Error`, naming the line, at other keys, kinds
/// and lengths, at a line above `code_line_limit`, and as `parse_json`; at an id that comes twice, and at no line at
/// all without `bits`.
inline CodeTable parse_code_lines(std::string_view text, const std::string& file, Size bits = 0) {
  CodeTable table{bits, {}, {}, true};
  detail::for_each_line(text, [&](std::string_view line, std::size_t number) {
    const std::string where = file + ", line " + std::to_string(number);
    const nlohmann::json object = parse_json(line, where, {.bytes = code_line_limit, .depth = 2});
    require(object.is_object(), where, "line", "an object with the keys id and code", object.type_name());
    const std::string* code = nullptr;
    const nlohmann::json* id = nullptr;
    for (const auto& [key, value] : object.items()) {
      if (key == "code" && value.is_string())
        code = &value.get_ref<const std::string&>();
      else if (key == "id" && value.is_number_integer())
        id = &value;
      else if (key == "code" || key == "id")
        fail(where, key, key == "id" ? "a whole number" : "a string of hexadecimal digits", value.type_name());
      else
        fail(where, "keys", "id and code", "'" + legible(key) + "'");
    }
    if (code == nullptr) fail(where, "keys", "id and code", "no code");
    if (number == 1) table.ids_given = id != nullptr;
    if ((id != nullptr) != table.ids_given)
      fail(where, "id", table.ids_given ? "one, as in the lines before" : "none, as in the lines before",
           table.ids_given ? "none" : "one");
    const std::size_t digits = code->size();
    if (table.bits == 0) {
      if (digits == 0 || digits % 2 != 0) fail(where, "digits of the code", "a positive even number", digits);
      table.bits = 4 * static_cast<Size>(digits);
    }
    if (4 * static_cast<Size>(digits) != table.bits) fail(where, "digits of the code", table.bits / 4, digits);
    detail::append_hex(table.bytes, *code, where);
    if (id != nullptr && id->is_number_unsigned() &&
        id->get<std::uint64_t>() > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
      fail(where, "id", "a whole number of 64 bits", id->get<std::uint64_t>());
    table.ids.push_back(id != nullptr ? id->get<std::int64_t>() : table.rows());
  });
  require(table.bits != 0, file, "lines", "at least one, which says how many bits a code has", "none");
  table.check(file);
  return table;
}

/// Reads a file of such lines. Throws as `parse_code_lines` and `map_file`.
inline CodeTable read_code_lines(const std::filesystem::path& path, Size bits = 0) {
  return parse_code_lines(as_text(map_file(path).bytes), path.string(), bits);
}

/// Writes one line `{"id":7,"code":"0a1b…"}` a code, whole or not at all.
/// Throws `Error` as `CodeTable::check` and where a line would pass `code_line_limit`; `MachineError` where the disk
/// fails.
inline void write_code_lines(const std::filesystem::path& path, const CodeTable& table) {
  table.check(path.string());
  require(table.row_bytes() < static_cast<Size>(code_line_limit / 2 - 32), path.string(), "bits of a code",
          "such that a line has at most " + std::to_string(code_line_limit) + " bytes", table.bits);
  write_atomically(path, [&](FileWriter& out) {
    for (Size i = 0; i < table.rows(); ++i)
      out.write("{\"id\":" + std::to_string(table.ids[static_cast<std::size_t>(i)]) + ",\"code\":\"" +
                hex_string(table.row(i)) + "\"}\n");
  });
}

}  // namespace hashweave
