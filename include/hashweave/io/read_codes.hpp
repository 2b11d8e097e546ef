#pragma once
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <hashweave/core/error.hpp>
#include <hashweave/io/bytes.hpp>
#include <hashweave/io/code_lines.hpp>
#include <hashweave/io/code_table.hpp>
#include <hashweave/io/codes_npy.hpp>
#include <hashweave/io/faiss_binary.hpp>
#include <hashweave/io/file.hpp>
#include <hashweave/io/postgres_copy.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace hashweave {

/// The formats of files with codes.
enum class CodeFormat : std::uint8_t { faiss_binary, npy, json_lines, postgres_copy };

/// Which format a file has, told by how it begins: IB and two letters (a FAISS binary index), \x93NUMPY, { (JSON
/// lines), or digits and a tab (COPY). Nothing where it is none of them.
inline std::optional<CodeFormat> code_format(std::string_view text) {
  if (text.size() >= 4 && text.starts_with("IB")) return CodeFormat::faiss_binary;
  if (text.starts_with("\x93NUMPY")) return CodeFormat::npy;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (text.starts_with('{')) return CodeFormat::json_lines;
  const std::string_view number = text.substr(text.starts_with('-') ? 1 : 0, 21);
  const std::size_t tab = number.find_first_not_of("0123456789");
  if (tab != std::string_view::npos && tab > 0 && number[tab] == '\t') return CodeFormat::postgres_copy;
  return std::nullopt;
}

/// Reads a file of codes, whichever format it has; its name does not matter. Ids: those of the file, for npy those in
/// `ids_file_of` it, otherwise the row numbers.
/// Throws `Error` at another format, and as `parse_faiss_binary`, `read_codes_npy`, `parse_code_lines`,
/// `parse_postgres_copy` and `map_file`.
inline CodeTable read_codes(const std::filesystem::path& path) {
  const Blob file = map_file(path);
  const std::string_view text = as_text(file.bytes);
  const auto format = code_format(text);
  if (!format)
    fail(path.string(), "kind of file",
         "codes: a FAISS binary index, an npy file, JSON lines or PostgreSQL's COPY text",
         text.empty() ? "an empty one" : "one that begins with '" + legible(text.substr(0, 8)) + "'");
  switch (*format) {
    case CodeFormat::faiss_binary:
      return parse_faiss_binary(file.bytes, path.string());
    case CodeFormat::npy:
      return read_codes_npy(path);
    case CodeFormat::json_lines:
      return parse_code_lines(text, path.string());
    case CodeFormat::postgres_copy:
      break;
  }
  return parse_postgres_copy(text, path.string());
}

}  // namespace hashweave
