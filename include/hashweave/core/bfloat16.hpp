#pragma once
#include <bit>
#include <cstdint>

namespace hashweave {

/// bfloat16 as it lies in memory and in files: the upper half of a float, to which it converts exactly.
struct BFloat16 {
  std::uint16_t bits = 0;
  constexpr operator float() const { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
};
/// The nearest bfloat16, of two equally near ones the even one; not a number stays so.
constexpr BFloat16 round_to_bfloat16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  if (value != value) return {static_cast<std::uint16_t>(bits >> 16 | 0x40)};
  return {static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16)};
}
/// One of the two bfloat16 next to it: the upper with probability of the distance from the lower, in units of their
/// distance, if `random` is uniform in 0 … 2^16 - 1. The mean of many roundings is the value. For finite values.
constexpr BFloat16 round_randomly(float value, std::uint32_t random) {
  return {static_cast<std::uint16_t>((std::bit_cast<std::uint32_t>(value) + random) >> 16)};
}

}  // namespace hashweave
