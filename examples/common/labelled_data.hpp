#pragma once
/// Data sets as methods that learn from labels see them.
#include <filesystem>
#include <hashweave/core/mat.hpp>
#include <hashweave/data/dataset.hpp>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

namespace examples {
using namespace hashweave;

/// What an item is known by: its image, its text, or both together.
enum class Kind : std::uint8_t { image, text, fused };
std::string_view name_of(Kind kind);

struct DataChoice {
  std::filesystem::path data, images;
  bool skip_bad = false;
  double val_share = 0;           ///< of the train split, set apart for val where the data set has none
  std::string database = "auto";  ///< split of the database; auto: rest where there is one, else train
  std::string query = "test";     ///< split of the queries
  bool allow_overlap = false;     ///< queries may be items of the database
  std::uint64_t seed = 1;         ///< chooses what is set apart
};

/// A data set with labels: rows are the places of its items.
class LabelledData {
 public:
  /// @throws Error where the data set has no labels, a split that is asked for has no items, items of a split have no
  /// label at all, or query and database overlap.
  explicit LabelledData(const DataChoice& choice);

  const CaptionDataset& set() const { return set_; }
  Size classes() const { return std::ssize(set_.classes()); }
  /// Columns of the features of images or texts; 0 where the data set has none.
  Size width(Kind kind) const;

  std::span<const Size> train() const { return train_; }
  std::span<const Size> val() const { return val_; }
  std::span<const Size> query() const { return query_; }
  std::span<const Size> database() const { return database_; }

  /// Labels of items, (rows, classes), 1 where an item has the class. Replaces what is in `out`.
  Mat<const float> labels(std::span<const Size> rows, std::vector<float>& out) const;
  /// Features of items, (rows, columns); columns beyond the features' own are 0. Replaces what is in `out`.
  /// @throws Error where the data set has no such features or they are wider.
  Mat<const float> features(Kind kind, std::span<const Size> rows, Size columns, std::vector<float>& out) const;

  /// Which items stand in which split: counts, ids and CRC-32C of ids and labels, names and order of the classes.
  nlohmann::json manifest() const;

 private:
  CaptionDataset set_;
  std::vector<Size> train_, val_, query_, database_;
};

/// Widths that programs which learn from features are compiled for; features are filled up with zeros to the next.
inline constexpr std::array<Size, 5> feature_widths{128, 384, 768, 2048, 4096};
/// The next such width. @throws Error where features are wider than all.
Size padded_width(Size columns);

}  // namespace examples
