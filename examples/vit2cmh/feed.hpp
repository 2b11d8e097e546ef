#pragma once
/// Images and captions on their way to the model.
#include "hash_model.hpp"

#include <common/progress.hpp>
#include <exception>
#include <hashweave/data/dataset.hpp>
#include <hashweave/text/bert_tokenizer.hpp>
#include <map>
#include <span>
#include <vector>

namespace vit2cmh {

struct FeedSettings {
  bool tokens = false;                             ///< the towers are frozen: give their tokens, computed once and kept
  std::size_t cache_bytes = std::size_t{2} << 30;  ///< what does not fit is computed again each time
  std::filesystem::path cache_file{};  ///< keeps the tokens in this file instead of memory; removed at the end
  Size threads = 1;                    ///< that decode images
};

/// Memory for one row of numbers an image, allocated as it is used; in a file if one is named.
class TokenCache {
 public:
  /// @throws MachineError when there is no such memory or file.
  TokenCache(std::size_t bytes, std::size_t row, const std::filesystem::path& file);
  TokenCache(const TokenCache&) = delete;
  TokenCache& operator=(const TokenCache&) = delete;
  ~TokenCache();

  /// The tokens of an item, or none; room for those of one more, or none.
  std::span<const float> find(Size item) const;
  std::span<float> add(Size item);

 private:
  float* memory_ = nullptr;
  std::size_t bytes_ = 0, row_ = 0, rows_ = 0;
  std::map<Size, std::size_t> places_;
};

/// Gives batches of a data set to a model. What it gives is valid until the next call.
class Feed {
 public:
  Feed(HashModel& model, const CaptionDataset& data, const BertTokenizer& tokenizer, FeedSettings settings);

  /// The images of these items. @throws Error naming an image that does not decode.
  ImageBatch images(std::span<const Size> items);
  /// `images` will be asked for these next: they are decoded, and travel to the model's device, while the model
  /// computes what it is given now. On the CPU, whose threads compute, this does nothing.
  void expect(std::span<const Size> items);
  /// Images that are no part of the data set.
  ImageBatch pixels(std::span<const ImageView> images);
  /// That many images of zeros, or tokens of zeros, as `images` gives them.
  ImageBatch blank(Size count);
  TextBatch texts(std::span<const std::string_view> captions);

  HashModel& model() { return model_; }
  const CaptionDataset& data() const { return data_; }

 private:
  /// Planes of pixels, where the model wants them.
  std::span<const float> compute(std::span<const Size> items);

  HashModel& model_;
  const CaptionDataset& data_;
  const BertTokenizer& tokenizer_;
  FeedSettings settings_;
  std::size_t planes_ = 0, row_ = 0;
  TokenCache cache_;
  std::vector<float> pixels_, tokens_, computed_, text_tokens_;
  PackedIds ids_;
  std::vector<Size> expected_;  ///< items whose planes are ready, or what their images are not good for
  std::span<const float> ready_;
  std::exception_ptr fault_;
};

/// Relaxed codes, (rows, bits), and whose they are.
struct CodeSet {
  Size bits = 0;
  std::vector<float> values;
  std::vector<std::int64_t> owners;  ///< ids of the images
  std::vector<Size> items;           ///< places in the data set
  Size rows() const { return std::ssize(owners); }
  std::span<const float> row(Size i) const {
    return std::span{values}.subspan(static_cast<std::size_t>(i * bits), static_cast<std::size_t>(bits));
  }
};

/// So many things are encoded at once.
inline constexpr Size encoded_at_once = 32;

/// Codes of `count` things, a batch at a time: `batch(set, first, n, codes)` writes those of n of them and notes whose
/// they are.
template <class F>
CodeSet encode_in_batches(Feed& feed, Size count, F&& batch, Progress* progress) {
  CodeSet set{feed.model().facts().bits, {}, {}, {}};
  set.values.resize(static_cast<std::size_t>(count * set.bits));
  for (Size first = 0; first < count; first += encoded_at_once) {
    const Size n = std::min(encoded_at_once, count - first);
    batch(set, first, n,
          std::span{set.values}.subspan(static_cast<std::size_t>(first * set.bits),
                                        static_cast<std::size_t>(n * set.bits)));
    if (progress != nullptr) progress->add(n);
  }
  return set;
}

/// The codes of all these items' images; of all their captions.
CodeSet encode_images(Feed& feed, std::span<const Size> items, Progress* progress = nullptr);
CodeSet encode_captions(Feed& feed, std::span<const Size> items, Progress* progress = nullptr);

/// The longest sequence that the model and `wanted` allow, set in the tokenizer.
BertTokenizer tokenizer_for(const HashModel& model, const std::filesystem::path& vocabulary, Size max_tokens);

}  // namespace vit2cmh
