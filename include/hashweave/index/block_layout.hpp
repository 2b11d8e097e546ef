#pragma once
#include <bit>
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

  /// Writes the words of one code into row `row` of a block.
  void put(std::byte* block, Size row, const std::uint64_t* words) const {
    for (Size k = 0; k < code_bytes(); ++k)
      block[k * rows + row] = static_cast<std::byte>(words[k / 8] >> 8 * (k % 8) & 0xffu);
  }

  /// Word w of the code in row `row` of a block, 0 <= w < words().
  std::uint64_t word(const std::byte* block, Size row, Size w) const {
    std::uint64_t value = 0;
    const Size end = code_bytes() < 8 * w + 8 ? code_bytes() : 8 * w + 8;
    for (Size k = 8 * w; k < end; ++k) value |= static_cast<std::uint64_t>(block[k * rows + row]) << 8 * (k % 8);
    return value;
  }

  /// The words of the code in row `row` of a block.
  void get(const std::byte* block, Size row, std::uint64_t* words) const {
    for (Size w = 0; w < this->words(); ++w) words[w] = word(block, row, w);
  }
};

}  // namespace hashweave
