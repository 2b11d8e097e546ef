#pragma once
#include <cstdint>
#include <filesystem>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <hashweave/io/bytes.hpp>
#include <hashweave/io/code_table.hpp>
#include <hashweave/io/file.hpp>
#include <hashweave/io/lines.hpp>
#include <hashweave/io/npy.hpp>
#include <hashweave/io/tensor.hpp>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace hashweave {

/// Where the ids of the codes in an npy file lie: F.npy.ids.txt beside F.npy.
inline std::filesystem::path ids_file_of(const std::filesystem::path& npy) { return npy.string() + ".ids.txt"; }

/// Ids as text, one a line, in decimal. Throws `Error`, naming the line, at anything else.
inline std::vector<std::int64_t> parse_ids(std::string_view text, const std::string& where) {
  std::vector<std::int64_t> ids;
  detail::for_each_line(text, [&](std::string_view line, std::size_t number) {
    const auto id = detail::whole_number<std::int64_t>(line);
    if (!id)
      fail(where + ", line " + std::to_string(number), "id", "a whole number of 64 bits", "'" + legible(line) + "'");
    ids.push_back(*id);
  });
  return ids;
}

/// The codes of an npy array (n, bits / 8) of bytes, as `numpy.packbits(codes > 0, axis=1)` gives them, under their row
/// numbers. Throws `Error` at another array, and as `parse_npy`.
inline CodeTable parse_codes_npy(const Blob& file, const std::string& where) {
  const StoredTensor array = parse_npy(file, where);
  if (array.dtype != DType::u8 || array.shape.size() != 2 || array.shape[1] < 1)
    fail(where, "array", "bytes (n, bits / 8)", std::string{name_of(array.dtype)} + " " + to_string(array.shape));
  const Size rows = array.shape[0], width = array.shape[1];
  require(rows > 0 || width <= std::numeric_limits<Size>::max() / 8, where, "bits / 8", "such that bits fit", width);
  CodeTable table{8 * width, values<std::uint8_t>(array), row_numbers(rows), false};
  table.check(where);
  return table;
}

/// Reads codes from an npy file and their ids from `ids_file_of` it, where there is such a file: what `vit2cmh encode`
/// writes for data sets and texts (of image files it writes the paths, which are no ids here). Throws `Error` as
/// `parse_codes_npy` and `parse_ids`, unless there are as many ids as codes, and at an id that comes twice.
inline CodeTable read_codes_npy(const std::filesystem::path& path) {
  CodeTable table = parse_codes_npy(map_file(path), path.string());
  const std::filesystem::path beside = ids_file_of(path);
  std::error_code ignored;
  if (!std::filesystem::exists(beside, ignored)) return table;
  std::vector<std::int64_t> ids = parse_ids(as_text(map_file(beside).bytes), beside.string());
  require(std::ssize(ids) == table.rows(), beside.string(), "lines, one a code", table.rows(), ids.size());
  table.ids = std::move(ids);
  table.ids_given = true;
  table.check(beside.string());
  return table;
}

/// Writes the codes as an npy array (n, bits / 8) of bytes and their ids beside it. Each file is written whole or not
/// at all, the ids last; an older file of ids is removed first, so that codes never stand beside ids of other codes.
/// Throws `Error` as `CodeTable::check`; `MachineError` where the disk fails.
inline void write_codes_npy(const std::filesystem::path& path, const CodeTable& table) {
  table.check(path.string());
  const std::filesystem::path beside = ids_file_of(path);
  std::error_code fault;
  std::filesystem::remove(beside, fault);
  if (fault) fail_system(beside, "removing it", fault.value());
  write_npy(path, view_of(table.bytes, {table.rows(), table.row_bytes()}));
  write_atomically(beside, [&](FileWriter& out) {
    for (const std::int64_t id : table.ids) out.write(std::to_string(id) + "\n");
  });
}

}  // namespace hashweave
