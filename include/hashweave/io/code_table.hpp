#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <hashweave/io/bytes.hpp>
#include <hashweave/io/checked.hpp>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave {

/// Throws `Error` where an id comes twice. Cost: O(n) where they ascend, O(n log n) and 8 bytes an id otherwise.
inline void require_each_once(std::span<const std::int64_t> ids, std::string_view where) {
  if (std::ranges::adjacent_find(ids, std::ranges::greater_equal{}) == ids.end()) return;
  std::vector<std::int64_t> sorted(ids.begin(), ids.end());
  std::ranges::sort(sorted);
  const auto twice = std::ranges::adjacent_find(sorted);
  if (twice != sorted.end()) fail(where, "ids", "each once", std::to_string(*twice) + " twice");
}

/// Binary codes whose length is known at run time only, each with an id: what files of other tools are read into and
/// written from.
///
/// `bytes` is (rows, bits / 8), row after row. Bit j of a code is bit 7 - j % 8 of byte j / 8 (the most significant
/// first), as `numpy.packbits`, PostgreSQL and `hashweave::Code` have it; `codes_from_bytes<Bits>(table.bytes)` gives
/// the codes. A file that numbers bits from the least significant one (FAISS's own binarisation of floats) has the same
/// Hamming distances; `reverse_bits_of_bytes` turns one order into the other.
struct CodeTable {
  Size bits = 0;
  std::vector<std::uint8_t> bytes;
  std::vector<std::int64_t> ids;  ///< one a row, always
  bool ids_given = false;         ///< false: the file had no ids, and these are the row numbers

  Size rows() const { return std::ssize(ids); }
  Size row_bytes() const { return bits / 8; }
  /// The bits / 8 bytes of row i, 0 <= i < rows() (not checked).
  std::span<const std::uint8_t> row(Size i) const {
    return std::span{bytes}.subspan(static_cast<std::size_t>(i * row_bytes()), static_cast<std::size_t>(row_bytes()));
  }
  /// Whether the ids are 0, 1, 2 … in this order.
  bool ids_are_row_numbers() const {
    for (Size i = 0; i < rows(); ++i)
      if (ids[static_cast<std::size_t>(i)] != i) return false;
    return true;
  }

  /// Throws `Error`, beginning with `where`, unless bits is a positive multiple of 8, there are bits / 8 bytes for
  /// every id, no id comes twice, and ids that were not given are the row numbers. Cost: O(rows) where the ids ascend;
  /// otherwise O(rows log rows), and 8 bytes a row.
  void check(std::string_view where) const {
    require(bits > 0 && bits % 8 == 0, where, "bits of a code", "a positive multiple of 8", bits);
    const auto wanted = checked_multiply(rows(), row_bytes());
    if (!wanted || *wanted != std::ssize(bytes))
      fail(where, "bytes of " + std::to_string(rows()) + " codes of " + std::to_string(bits) + " bits",
           wanted ? std::to_string(*wanted) : "as many as fit into memory", bytes.size());
    if (!ids_given && !ids_are_row_numbers()) fail(where, "ids that were not given", "the row numbers", "others");
    require_each_once(ids, where);
  }
};

/// The row numbers 0 .. rows - 1, as ids.
inline std::vector<std::int64_t> row_numbers(Size rows) {
  std::vector<std::int64_t> ids(static_cast<std::size_t>(rows));
  std::iota(ids.begin(), ids.end(), std::int64_t{0});
  return ids;
}

/// A table of these codes under these ids, or under their row numbers. Throws `Error` as `CodeTable::check` does.
inline CodeTable code_table(Size bits, std::vector<std::uint8_t> bytes, std::vector<std::int64_t> ids) {
  CodeTable table{bits, std::move(bytes), std::move(ids), true};
  table.check("code_table");
  return table;
}
inline CodeTable code_table(Size bits, std::vector<std::uint8_t> bytes) {
  const Size rows = bits > 0 && bits % 8 == 0 ? std::ssize(bytes) / (bits / 8) : 0;
  CodeTable table{bits, std::move(bytes), row_numbers(rows), false};
  table.check("code_table");
  return table;
}

/// Turns the bits of every byte round, for codes that number them from the least significant one, as FAISS's
/// `fvec2bitvec` and `real_to_binary` do. (FAISS sets a bit where x >= 0, this library where x > 0.)
inline void reverse_bits_of_bytes(CodeTable& table) {
  for (std::uint8_t& byte : table.bytes) byte = reversed_bits(byte);
}

}  // namespace hashweave
