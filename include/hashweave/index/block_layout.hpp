#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <hashweave/core/types.hpp>

namespace hashweave {

/// How 64 binary codes lie in memory so that a vector register holds the same byte of many of them.
///
/// Byte k of a code is byte k of `numpy.packbits` (`Code::byte`). A block holds the bytes 0 of its 64 codes, then their
/// bytes 1, and so on: byte k of row i lies at 64 k + i. So a block has 64 Bits / 8 bytes and no padding, and with its
/// beginning every line of 64 bytes is aligned.
struct BlockLayout {
  static constexpr Size rows = 64;  // codes a block

  Size bits = 0;

  /// Bytes a code.
  Size code_bytes() const { return bits / 8; }
  /// Words of a `Code<Bits>`.
  Size words() const { return (bits + 63) / 64; }
  Size block_bytes() const { return code_bytes() * rows; }

  /// Blocks that hold this many codes.
  static Size blocks_of(Size codes) { return (codes + rows - 1) / rows; }

  /// Where byte k of a row lies, from the first block on.
  Size place(Size row, Size k) const { return row / rows * block_bytes() + k * rows + row % rows; }

  /// Writes the words of one code into a row.
  void put(std::byte* blocks, Size row, const std::uint64_t* words) const {
    std::byte* first = blocks + place(row, 0);
    for (Size k = 0; k < code_bytes(); ++k)
      first[k * rows] = static_cast<std::byte>(words[k / 8] >> 8 * (k % 8) & 0xffu);
  }

  /// The words of the code in a row.
  void get(const std::byte* blocks, Size row, std::uint64_t* words) const {
    const std::byte* first = blocks + place(row, 0);
    for (Size w = 0; w < this->words(); ++w) {
      std::uint64_t word = 0;
      const Size end = std::min(code_bytes(), 8 * w + 8);
      for (Size k = 8 * w; k < end; ++k) word |= static_cast<std::uint64_t>(first[k * rows]) << 8 * (k % 8);
      words[w] = word;
    }
  }
};

}  // namespace hashweave
