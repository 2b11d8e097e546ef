#pragma once
#include <hashweave/core/types.hpp>
#include <span>

#include "support/machine.hpp"

// What the parts of ViT2CMH compute in products and attention.
namespace hashweave::bench {

/// Floating-point operations of a tower's blocks on sequences of these lengths.
inline double tower_flop(std::span<const Size> lengths, Size width, Size blocks) {
  double sum = 0;
  for (const Size tokens : lengths) sum += BlockWork{1, tokens, width, 4 * width}.forward();
  return sum * static_cast<double>(blocks);
}
/// Of the projection and the trunk, whose last block gives one token alone.
inline double upper_flop(std::span<const Size> lengths, Size from, Size width, Size hidden) {
  double sum = 0;
  for (const Size tokens : lengths) {
    const auto t = static_cast<double>(tokens), d = static_cast<double>(width), h = static_cast<double>(hidden);
    sum += 2 * t * static_cast<double>(from) * d + BlockWork{1, tokens, width, hidden}.forward();
    sum += 4 * t * d * d + 4 * d * d + 4 * t * d + 4 * d * h;  // keys and values of all, the rest of the first
  }
  return sum;
}

}  // namespace hashweave::bench
