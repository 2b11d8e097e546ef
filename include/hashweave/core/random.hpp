#pragma once
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string_view>

namespace hashweave {

/// Philox4x32: what two of the four numbers are multiplied by, and what the halves of the key grow by, in each of ten
/// rounds.
struct PhiloxConstants {
  static constexpr std::uint32_t first = 0xD2511F53, second = 0xCD9E8D57, key0 = 0x9E3779B9, key1 = 0xBB67AE85;
  static constexpr int rounds = 10;
};

/// Ten rounds of Philox4x32 on as many counters as there are lanes, by vector instructions where there are some.
template <std::size_t Lanes>
constexpr void philox_rounds(std::uint32_t (&c)[4][Lanes], std::uint64_t key) {
  auto k0 = static_cast<std::uint32_t>(key), k1 = static_cast<std::uint32_t>(key >> 32);
  for (int round = 0; round < PhiloxConstants::rounds; ++round) {
#pragma GCC unroll 1  // a loop that is unrolled first is not made vector code
    for (std::size_t l = 0; l < Lanes; ++l) {
      const std::uint64_t a = std::uint64_t{PhiloxConstants::first} * c[0][l];
      const std::uint64_t b = std::uint64_t{PhiloxConstants::second} * c[2][l];
      c[0][l] = static_cast<std::uint32_t>(b >> 32) ^ c[1][l] ^ k0;
      c[1][l] = static_cast<std::uint32_t>(b);
      c[2][l] = static_cast<std::uint32_t>(a >> 32) ^ c[3][l] ^ k1;
      c[3][l] = static_cast<std::uint32_t>(a);
    }
    k0 += PhiloxConstants::key0;
    k1 += PhiloxConstants::key1;
  }
}

/// Philox4x32 with ten rounds: 128 random bits as a pure function of a 128-bit counter and a 64-bit key. No state, so a
/// draw does not depend on threads or on what was drawn before.
/// Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 4.
constexpr std::array<std::uint32_t, 4> philox(std::array<std::uint32_t, 4> counter, std::uint64_t key) {
  std::uint32_t c[4][1]{{counter[0]}, {counter[1]}, {counter[2]}, {counter[3]}};
  philox_rounds(c, key);
  return {c[0][0], c[1][0], c[2][0], c[3][0]};
}

/// FNV-1a, 64 bits: gives a name its own random stream.
constexpr std::uint64_t name_hash(std::string_view name) {
  std::uint64_t h = 0xcbf29ce484222325;
  for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return h;
}

/// A uniform number in (0, 1), from 32 random bits (the upper 23 count: with 24 the largest would round to 1).
constexpr float uniform(std::uint32_t bits) { return (static_cast<float>(bits >> 9) + 0.5F) * 0x1p-23F; }

/// A standard normal number from 64 random bits. Source: Box, Muller, "A note on the generation of random normal
/// deviates", Annals of Mathematical Statistics 29, 1958.
inline double normal(std::uint32_t first, std::uint32_t second) {
  const double u = (static_cast<double>(first) + 0.5) * 0x1p-32;
  const double v = (static_cast<double>(second) + 0.5) * 0x1p-32;
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
}

/// One stream of random numbers, told apart from all others by seed, step and place.
struct RandomStream {
  std::uint64_t seed = 0;
  std::uint32_t step = 0;
  std::uint32_t place = 0;

  /// The four 32-bit numbers of group `block` (numbers 4*block … 4*block+3 of the stream).
  constexpr std::array<std::uint32_t, 4> block(std::uint64_t block) const {
    return philox({static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32), place, step}, seed);
  }
  /// Numbers 64 * group … 64 * group + 63 of the stream, by vector instructions where there are some.
  constexpr std::array<std::uint32_t, 64> group(std::uint64_t group) const {
    constexpr std::size_t lanes = 16;
    std::uint32_t c[4][lanes]{};
    for (std::size_t l = 0; l < lanes; ++l) {
      const std::uint64_t number = group * lanes + l;
      c[0][l] = static_cast<std::uint32_t>(number);
      c[1][l] = static_cast<std::uint32_t>(number >> 32);
      c[2][l] = place;
      c[3][l] = step;
    }
    philox_rounds(c, seed);
    std::array<std::uint32_t, 64> out{};
    for (std::size_t l = 0; l < lanes; ++l) {
      for (std::size_t i = 0; i < 4; ++i) out[4 * l + i] = c[i][l];
    }
    return out;
  }
  /// Number `i` of the stream.
  constexpr std::uint32_t bits(std::uint64_t i) const { return block(i / 4)[i % 4]; }
  /// Standard normal number `i` of the stream, from its own 64 bits.
  double normal(std::uint64_t i) const {
    const auto b = block(i / 2);
    return hashweave::normal(b[2 * (i % 2)], b[2 * (i % 2) + 1]);
  }
};

/// Where a run stands in its random numbers: every layer that draws takes the next place of the step. A step that is
/// repeated from the same state draws the same numbers.
struct RandomState {
  std::uint64_t seed = 0;
  std::uint32_t step = 0;
  std::uint32_t place = 0;

  constexpr RandomStream next() { return {seed, step, place++}; }
  constexpr void begin_step(std::uint32_t number) {
    step = number;
    place = 0;
  }
  friend constexpr bool operator==(const RandomState&, const RandomState&) = default;
};

}  // namespace hashweave
