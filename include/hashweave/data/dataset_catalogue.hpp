#pragma once
#include <cstdint>
#include <hashweave/core/dataset.hpp>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <hashweave/data/dataset_options.hpp>
#include <hashweave/data/tar.hpp>
#include <hashweave/io/file.hpp>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave {

/// One image of a data set and what is said of it. The views live as long as the data set.
struct DatasetItem {
  std::int64_t id = 0;
  std::string_view name;  ///< what the file calls it: its id, path or key
  Split split = Split::rest;
  std::span<const std::string> captions;
  std::span<const std::int32_t> labels;  ///< numbers of classes, ascending
};

/// Where an image lies: a file of its own, or bytes of a shard. Neither, where a data set has no images.
struct ImagePlace {
  static constexpr std::int32_t no_shard = -1;
  std::string path;  ///< of the file, or of the shard
  std::int32_t shard = no_shard;
  std::uint64_t offset = 0, size = 0;  ///< of the bytes within the shard
};

/// One row of numbers an item: (rows, columns), row-major.
struct FeatureMatrix {
  Size columns = 0;
  std::vector<float> values;

  Size rows() const { return columns == 0 ? 0 : std::ssize(values) / columns; }
  std::span<const float> row(Size i) const {
    return std::span{values}.subspan(static_cast<std::size_t>(i * columns), static_cast<std::size_t>(columns));
  }
};

/// What was left out of a data set because it was broken.
struct DatasetFaults {
  Size count = 0;
  std::vector<std::string> messages;  ///< where, what, expected and got; of the first ones
};

class DatasetBuilder;

/// A data set of images, each with any number of captions and labels, in memory; images stay where they are. Satisfies
/// `Dataset`. `open_dataset` makes one.
class CaptionDataset {
 public:
  Size size() const { return std::ssize(records_); }
  DatasetItem operator[](Size i) const {
    const Record& r = record(i);
    const auto part = [](const auto& all, Size first, Size count) {
      return std::span{all}.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
    };
    return {r.id, r.name, r.split, part(captions_, r.first_caption, r.captions),
            part(labels_, r.first_label, r.labels)};
  }
  /// The item's id: no two items have the same.
  std::int64_t owner(Size i) const { return record(i).id; }

  /// The names of the classes: label l is `classes()[l]`.
  const std::vector<std::string>& classes() const& { return classes_; }
  void classes() const&& = delete;
  /// The places of the items of a part, ascending.
  std::vector<Size> positions(Split split) const {
    std::vector<Size> found;
    for (Size i = 0; i < size(); ++i)
      if (records_[static_cast<std::size_t>(i)].split == split) found.push_back(i);
    return found;
  }
  Size caption_count() const { return std::ssize(captions_); }
  Size label_count() const { return std::ssize(labels_); }
  /// What was broken and left out.
  const DatasetFaults& faults() const& { return faults_; }
  void faults() const&& = delete;

  const ImagePlace& place(Size i) const& { return record(i).place; }
  void place(Size i) const&& = delete;
  bool has_image(Size i) const { return !record(i).place.path.empty(); }
  /// The bytes of an image file, mapped. Throws `Error` where the item has none, and as `map_file`.
  Blob image_bytes(Size i) const {
    const ImagePlace& at = place(i);
    require(!at.path.empty(), record(i).name, "image of the item", "a file", "none: the data set has features only");
    if (at.shard == ImagePlace::no_shard) return map_file(at.path);
    return shards_[static_cast<std::size_t>(at.shard)]->part(at.offset, at.size);
  }

  /// Row i belongs to item i. No rows, where the data set has none.
  const FeatureMatrix& image_features() const& { return image_features_; }
  void image_features() const&& = delete;
  const FeatureMatrix& text_features() const& { return text_features_; }
  void text_features() const&& = delete;

 private:
  friend class DatasetBuilder;
  struct Record {
    std::int64_t id = 0;
    std::string name;
    ImagePlace place;
    Split split = Split::rest;
    Size first_caption = 0, captions = 0, first_label = 0, labels = 0;
  };
  const Record& record(Size i) const {
    require(i >= 0 && i < size(), "data set", "place of an item", Phrase{"0 to ", size() - 1}, i);
    return records_[static_cast<std::size_t>(i)];
  }
  std::vector<Record> records_;
  std::vector<std::string> captions_, classes_;
  std::vector<std::int32_t> labels_;
  std::vector<std::shared_ptr<const TarFile>> shards_;
  FeatureMatrix image_features_, text_features_;
  DatasetFaults faults_;
};

static_assert(Dataset<CaptionDataset>);

/// The captions of some of a data set's items, one after another. Satisfies `Dataset`; the owner of a caption is its
/// image. Lives no longer than the data set.
class CaptionList {
 public:
  CaptionList(const CaptionDataset& from, std::span<const Size> items) : from_{&from} {
    for (const Size item : items)
      for (Size c = 0; c < std::ssize(from[item].captions); ++c) places_.emplace_back(item, c);
  }
  CaptionList(CaptionDataset&&, std::span<const Size>) = delete;

  Size size() const { return std::ssize(places_); }
  std::string_view operator[](Size i) const {
    const auto& [item, caption] = places_[static_cast<std::size_t>(i)];
    return (*from_)[item].captions[static_cast<std::size_t>(caption)];
  }
  std::int64_t owner(Size i) const { return from_->owner(item(i)); }
  /// The place of the caption's image in the data set.
  Size item(Size i) const { return places_[static_cast<std::size_t>(i)].first; }

 private:
  const CaptionDataset* from_;
  std::vector<std::pair<Size, Size>> places_;
};

static_assert(Dataset<CaptionList>);

}  // namespace hashweave
