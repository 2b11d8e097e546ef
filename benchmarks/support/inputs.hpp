#pragma once
#include <cstdint>
#include <hashweave/core/random.hpp>
#include <hashweave/core/types.hpp>
#include <iterator>
#include <numeric>
#include <vector>

// What is fed to what is measured.
namespace hashweave::bench {

/// n standard normal numbers.
template <class T>
std::vector<T> normal_numbers(Size n, std::uint32_t place = 0) {
  const RandomStream stream{2022, 0, place};
  std::vector<T> out(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<T>(stream.normal(i));
  return out;
}

/// Lengths of captions as they come, in tokens ([CLS] and [SEP] included, cut at 32): the distribution of those of
/// 1,000 pictures of Flickr8k by bert-base-uncased's WordPiece, in an order that mixes them.
inline std::vector<Size> caption_lengths(Size captions) {
  constexpr Size shortest = 5;  // how many of 5,000 have 5, 6, ... 32 tokens
  constexpr Size counts[]{2,   23,  39,  129, 268, 359, 382, 514, 499, 548, 497, 395, 325, 256,
                          195, 152, 135, 77,  60,  42,  33,  13,  15,  10,  10,  7,   3,   12};
  const Size all = std::accumulate(std::begin(counts), std::end(counts), Size{0});
  std::vector<Size> lengths;
  for (Size i = 0; i < captions; ++i) {
    Size rest = (2 * (i * 37 % captions) + 1) * all / (2 * captions), length = 0;
    while (rest >= counts[length]) rest -= counts[length++];
    lengths.push_back(shortest + length);
  }
  return lengths;
}

}  // namespace hashweave::bench
