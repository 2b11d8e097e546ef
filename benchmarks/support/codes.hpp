#pragma once
#include <cstdint>
#include <hashweave/core/random.hpp>
#include <hashweave/index/code.hpp>
#include <utility>
#include <vector>

// Codes to search.
namespace hashweave::bench {

/// n codes of random bits.
template <Size Bits>
std::vector<Code<Bits>> random_codes(Size n, std::uint32_t place) {
  std::vector<Code<Bits>> codes(static_cast<std::size_t>(n));
  const RandomStream stream{7, 0, place};
  for (std::size_t i = 0; i < codes.size(); ++i) {
    for (std::size_t w = 0; w < codes[i].words.size(); ++w) {
      const auto b = stream.block(i * codes[i].words.size() + w);
      codes[i].words[w] = std::uint64_t{b[0]} << 32 | b[1];
    }
  }
  return codes;
}

/// Codes as learned ones lie: 1,000 centres, each bit flipped with probability 0.15.
template <Size Bits>
std::vector<Code<Bits>> clustered_codes(Size n, std::uint32_t step) {
  constexpr std::uint64_t centres = 1000;
  constexpr std::uint32_t flip = 0x26666666;  // 0.15 of 2^32
  const RandomStream place{1, 0, 0}, chosen{1, step, 1}, flips{1, step, 2};
  std::vector<Code<Bits>> middle(centres), codes(static_cast<std::size_t>(n));
  std::uint64_t drawn = 0;
  const auto word = [&](const RandomStream& stream) {
    const auto block = stream.block(drawn++);
    return std::pair{std::uint64_t{block[0]} << 32 | block[1], std::uint64_t{block[2]} << 32 | block[3]};
  };
  for (auto& code : middle)
    for (auto& w : code.words) w = word(place).first;
  drawn = 0;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    codes[i] = middle[chosen.bits(i) % centres];
    for (auto& w : codes[i].words) {
      std::uint64_t flipped = 0;  // each bit 1 with probability flip / 2^32, digit by digit from the last
      for (int digit = 0; digit < 32; digit += 2) {
        const auto [first, second] = word(flips);
        flipped = (flip >> digit & 1) != 0 ? flipped | first : flipped & first;
        flipped = (flip >> (digit + 1) & 1) != 0 ? flipped | second : flipped & second;
      }
      w ^= flipped;
    }
  }
  return codes;
}

}  // namespace hashweave::bench
