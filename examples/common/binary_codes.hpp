#pragma once
#include <bit>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <span>
#include <vector>

namespace examples {
using namespace hashweave;

/// Codes of a length known at run time, one bit where h > 0, in words of 64 bits, most significant bit first as
/// numpy.packbits counts.
struct BinaryCodes {
  Size bits = 0, words = 0;
  std::vector<std::uint64_t> data;

  BinaryCodes() = default;
  /// Of relaxed codes (rows, bits).
  BinaryCodes(std::span<const float> relaxed, Size code_bits) : bits{code_bits}, words{(code_bits + 63) / 64} {
    const Size rows = std::ssize(relaxed) / bits;
    data.resize(static_cast<std::size_t>(rows * words));
    for (Size i = 0; i < rows; ++i)
      for (Size b = 0; b < bits; ++b)
        if (relaxed[static_cast<std::size_t>(i * bits + b)] > 0)
          data[static_cast<std::size_t>(i * words + b / 64)] |= std::uint64_t{1} << (63 - b % 64);
  }
  Size size() const { return words == 0 ? 0 : std::ssize(data) / words; }
  const std::uint64_t* row(Size i) const { return data.data() + i * words; }
  bool bit(Size i, Size b) const { return (row(i)[b / 64] >> (63 - b % 64) & 1) != 0; }
};

/// Hamming distances of all queries and items; a `DistanceTable`.
struct HammingDistances {
  const BinaryCodes& query_codes;
  const BinaryCodes& item_codes;
  Size largest = query_codes.bits;

  Size queries() const { return query_codes.size(); }
  Size items() const { return item_codes.size(); }
  Size operator()(Size q, Size d) const {
    const std::uint64_t *a = query_codes.row(q), *b = item_codes.row(d);
    Size distance = 0;
    for (Size w = 0; w < query_codes.words; ++w) distance += std::popcount(a[w] ^ b[w]);
    return distance;
  }
};

/// (n, bits / 8) bytes as numpy.packbits writes them, of (n, bits) numbers: a bit is 1 where the number is above 0.
inline std::vector<std::uint8_t> packed_bytes(std::span<const float> relaxed, Size bits) {
  require(bits > 0 && bits % 8 == 0, "packing codes", "bits", "a positive multiple of 8", bits);
  std::vector<std::uint8_t> bytes(relaxed.size() / 8);
  for (std::size_t i = 0; i < relaxed.size(); ++i)
    if (relaxed[i] > 0) bytes[i / 8] = static_cast<std::uint8_t>(bytes[i / 8] | 128U >> i % 8);
  return bytes;
}

}  // namespace examples
