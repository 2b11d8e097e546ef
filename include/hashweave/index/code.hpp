#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <hashweave/io/bytes.hpp>
#include <iterator>
#include <ranges>
#include <span>
#include <type_traits>
#include <vector>

namespace hashweave {

/// Which bit of a byte is the first: the most significant (`numpy.packbits`, PostgreSQL, Vespa; this library's export)
/// or the least significant (FAISS's own binarisation). Hamming distances do not depend on it.
enum class BitOrder { msb_first, lsb_first };

/// A binary code B of {-1, +1}^Bits, one bit an entry: bit j is 1 where entry j is +1.
///
/// Entry j lives in byte j / 8, bit 7 - j % 8 (the most significant first), byte k in bits [8 (k % 8), 8 (k % 8) + 8)
/// of word k / 8. So on a little-endian machine the object begins with exactly the bytes of `numpy.packbits`.
/// Invariant: bits of the last word beyond `Bits` are 0, which is why `hamming` needs no mask.
template <Size Bits>
struct Code {
  static_assert(Bits >= 16 && Bits <= 4096 && Bits % 8 == 0,
                "hashweave::Code<Bits>: Bits must be a multiple of 8 from 16 to 4096");

  static constexpr Size bits = Bits;
  static constexpr Size byte_count = Bits / 8;
  static constexpr Size word_count = (Bits + 63) / 64;

  std::array<std::uint64_t, static_cast<std::size_t>(word_count)> words{};

  /// Bit j, 0 <= j < Bits (not checked).
  constexpr bool bit(Size j) const { return (words.data()[j / 64] >> place(j) & 1u) != 0; }

  /// Sets bit j, 0 <= j < Bits (not checked).
  constexpr void set(Size j, bool value) {
    const std::uint64_t mask = std::uint64_t{1} << place(j);
    words.data()[j / 64] = value ? words.data()[j / 64] | mask : words.data()[j / 64] & ~mask;
  }

  /// Byte k of `numpy.packbits`, 0 <= k < Bits / 8 (not checked).
  constexpr std::uint8_t byte(Size k) const {
    return static_cast<std::uint8_t>(words.data()[k / 8] >> 8 * (k % 8) & 0xffu);
  }

  friend constexpr bool operator==(const Code&, const Code&) = default;

 private:
  static constexpr int place(Size j) { return static_cast<int>(8 * (j / 8 % 8) + 7 - j % 8); }
};

template <class T>
inline constexpr bool is_code = false;
template <Size Bits>
inline constexpr bool is_code<Code<Bits>> = true;

/// Codes lying end to end: a `std::vector<Code<64>>`, a `std::span<const Code<64>>`, an array.
template <class R>
concept CodeRange = std::ranges::contiguous_range<R> && std::ranges::sized_range<R> &&
                    is_code<std::remove_cv_t<std::ranges::range_value_t<R>>>;

/// Bits of the codes in a range.
template <CodeRange R>
inline constexpr Size bits_of = std::ranges::range_value_t<R>::bits;

/// Hamming distance: the number of bits in which a and b differ, 0 .. Bits. For codes of {-1, +1}, (Bits - a.b) / 2.
template <Size Bits>
constexpr Size hamming(const Code<Bits>& a, const Code<Bits>& b) {
  int differing = 0;
  for (Size w = 0; w < Code<Bits>::word_count; ++w) differing += std::popcount(a.words.data()[w] ^ b.words.data()[w]);
  return differing;
}

/// `hamming` as a type, for what takes a distance as a template argument.
struct Hamming {
  template <Size Bits>
  constexpr Size operator()(const Code<Bits>& a, const Code<Bits>& b) const {
    return hamming(a, b);
  }
};

/// The Bits / 8 bytes of a code, by default those of `numpy.packbits(code > 0)`.
template <Size Bits>
constexpr auto to_bytes(const Code<Bits>& code, BitOrder order = BitOrder::msb_first) {
  std::array<std::uint8_t, static_cast<std::size_t>(Code<Bits>::byte_count)> bytes{};
  for (Size k = 0; k < Code<Bits>::byte_count; ++k)
    bytes.data()[k] = order == BitOrder::msb_first ? code.byte(k) : reversed_bits(code.byte(k));
  return bytes;
}

/// The code whose bytes these are. Throws `Error` unless there are Bits / 8 of them.
template <Size Bits>
constexpr Code<Bits> from_bytes(std::span<const std::uint8_t> bytes, BitOrder order = BitOrder::msb_first) {
  if (std::ssize(bytes) != Code<Bits>::byte_count)  // not `require`: this is constexpr, and so must the check be
    fail("from_bytes", "bytes of a code", Code<Bits>::byte_count, std::ssize(bytes));
  Code<Bits> code;
  for (Size k = 0; k < Code<Bits>::byte_count; ++k) {
    const std::uint8_t byte = order == BitOrder::msb_first ? bytes.data()[k] : reversed_bits(bytes.data()[k]);
    code.words.data()[k / 8] |= std::uint64_t{byte} << 8 * (k % 8);
  }
  return code;
}

/// The bytes of n codes: (n, Bits / 8), row after row, by default those of `numpy.packbits(codes > 0, axis=1)`.
template <CodeRange R>
std::vector<std::uint8_t> to_bytes(const R& codes, BitOrder order = BitOrder::msb_first) {
  std::vector<std::uint8_t> bytes;
  bytes.reserve(std::ranges::size(codes) * static_cast<std::size_t>(bits_of<R> / 8));
  for (const auto& code : codes) std::ranges::copy(to_bytes(code, order), std::back_inserter(bytes));
  return bytes;
}

/// The n codes whose bytes these are, (n, Bits / 8) row after row. Throws `Error` unless Bits / 8 divides their number.
template <Size Bits>
std::vector<Code<Bits>> codes_from_bytes(std::span<const std::uint8_t> bytes, BitOrder order = BitOrder::msb_first) {
  constexpr auto width = static_cast<std::size_t>(Code<Bits>::byte_count);
  require(bytes.size() % width == 0, "codes_from_bytes", "bytes left after the last whole code", 0,
          bytes.size() % width);
  std::vector<Code<Bits>> codes;
  codes.reserve(bytes.size() / width);
  for (std::size_t k = 0; k < bytes.size(); k += width)
    codes.push_back(from_bytes<Bits>(bytes.subspan(k, width), order));
  return codes;
}

}  // namespace hashweave
