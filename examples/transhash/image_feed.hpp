#pragma once
/// Images on their way to the network: pixels, or the tokens that frozen blocks make of them.
#include "hash_network.hpp"

#include <hashweave/io/file.hpp>
#include <optional>

namespace transhash {

/// Pixels of items, decoded and brought to the network's size on several threads. What it gives is valid until the next
/// call.
class PixelFeed {
 public:
  PixelFeed(const NetworkFacts& facts, Size threads) : facts_{facts}, threads_{threads} {}

  /// How an epoch of training varies its images: a random cut of the scaled image, mirrored or not.
  struct Variation {
    std::uint64_t seed = 0;
    std::uint32_t epoch = 0;
  };
  /// (n, 3, side, side). @throws Error naming an image that does not decode.
  std::span<const float> pixels(const CaptionDataset& set, std::span<const Size> items,
                                const std::optional<Variation>& variation = std::nullopt);

 private:
  const NetworkFacts& facts_;
  Size threads_;
  std::vector<float> pixels_;
};

/// What the common blocks make of every image of a data set, computed once: in memory, or in a file of a folder that
/// several runs share. The file's name holds a checksum of all that the tokens depend on, so that a file is never taken
/// for another: the blocks' parameters, the precision, the images' bytes, how they are preprocessed.
class TokenStore {
 public:
  /// `folder` empty: in memory. @throws Error naming an image that does not decode, MachineError where the disk fails.
  TokenStore(HashNetwork& network, const CaptionDataset& set, const std::filesystem::path& folder,
             const std::string& precision, Size threads);

  Size row_size() const { return row_; }
  std::span<const float> row(Size item) const {
    return values_.subspan(static_cast<std::size_t>(item * row_), static_cast<std::size_t>(row_));
  }

 private:
  Size row_;
  std::vector<float> memory_;
  Blob file_;
  std::span<const float> values_;
};

}  // namespace transhash
