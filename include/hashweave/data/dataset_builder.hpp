#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <hashweave/core/error.hpp>
#include <hashweave/data/dataset_catalogue.hpp>
#include <hashweave/data/dataset_options.hpp>
#include <hashweave/data/dataset_text.hpp>
#include <hashweave/data/image_header.hpp>
#include <hashweave/io/file.hpp>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace hashweave {

/// One image as a reader of some format found it; `DatasetBuilder::add` checks it.
struct ItemDraft {
  std::optional<std::int64_t> id{};  ///< where the file gives a whole number
  std::string name{};                ///< no two items have the same
  ImagePlace place{};
  Split split = Split::rest;
  std::vector<std::string> captions{}, labels{};
  std::span<const float> image_row{}, text_row{};
};

/// Puts a data set together, item by item. Readers of further formats use it as those of this library do.
class DatasetBuilder {
 public:
  explicit DatasetBuilder(DatasetOptions options = {}) : options_{std::move(options)} {}

  const DatasetOptions& options() const { return options_; }
  const DatasetLimits& limits() const { return options_.limits; }

  /// Runs f, which reads one line or item: an `Error` of f is thrown on, or counted and named, as the options say.
  template <class F>
  void attempt(F&& f) {
    try {
      std::forward<F>(f)();
    } catch (const MachineError&) {
      throw;
    } catch (const Error& fault) {
      if (options_.on_bad_item == OnBadItem::error) throw;
      note(fault.what());
    }
  }
  /// Makes the classes' order known, before any item is added. Otherwise classes are sorted by name.
  void set_classes(const std::vector<std::string>& names) {
    for (const std::string& name : names) class_number(name);
    sorted_ = false;
  }
  /// Takes a shard; gives its number, for `ImagePlace`.
  std::int32_t add_shard(TarFile shard) {
    set_.shards_.push_back(std::make_shared<const TarFile>(std::move(shard)));
    return static_cast<std::int32_t>(set_.shards_.size()) - 1;
  }

  /// Takes an item. Captions must have come through `caption_text`. Throws `Error`, and takes nothing, where its name
  /// or id was there before, a label is no name, or its image is not as the options ask.
  void add(ItemDraft draft, std::string_view where) {
    detail::require_name(draft.name, limits(), where, "name of the item");
    for (const std::string& label : draft.labels) detail::require_name(label, limits(), where, "label");
    for (const std::span<const float> row : {draft.image_row, draft.text_row})
      require(std::all_of(row.begin(), row.end(), [](float x) { return std::isfinite(x); }), where, "features",
              "finite numbers", "others");
    check_image(draft.place, where);
    if (names_.contains(draft.name))
      fail(where, "name of the item", "one that did not come before", detail::in_quotes(draft.name));
    require(!draft.id || !ids_.contains(*draft.id), where, "id of the item", "one that did not come before",
            draft.id.value_or(0));
    if (draft.id)
      ids_.insert(*draft.id);
    else
      has_ids_ = false;
    names_.insert(draft.name);
    std::set<std::int32_t> labels;
    for (const std::string& label : draft.labels) labels.insert(class_number(label));
    CaptionDataset::Record record{
        draft.id.value_or(0),       std::move(draft.name),      std::move(draft.place),   draft.split,
        std::ssize(set_.captions_), std::ssize(draft.captions), std::ssize(set_.labels_), std::ssize(labels)};
    set_.records_.push_back(std::move(record));
    set_.captions_.insert(set_.captions_.end(), std::make_move_iterator(draft.captions.begin()),
                          std::make_move_iterator(draft.captions.end()));
    set_.labels_.insert(set_.labels_.end(), labels.begin(), labels.end());
    append(set_.image_features_, draft.image_row);
    append(set_.text_features_, draft.text_row);
  }

  /// The data set. Ids are those of the file where every item has one, places otherwise. Throws `Error` where no item
  /// was taken.
  CaptionDataset finish(std::string_view where) {
    require(set_.size() > 0, where, "items", "at least 1",
            "none" + (set_.faults_.count == 0 ? std::string{} : "; first fault: " + first_fault()));
    if (!has_ids_)
      for (Size i = 0; i < set_.size(); ++i) set_.records_[static_cast<std::size_t>(i)].id = i;
    if (sorted_) sort_classes();
    return std::move(set_);
  }

 private:
  void note(std::string message) {
    ++set_.faults_.count;
    if (set_.faults_.messages.size() < limits().named_faults) set_.faults_.messages.push_back(std::move(message));
  }
  std::string first_fault() const { return set_.faults_.messages.empty() ? "" : set_.faults_.messages.front(); }
  std::int32_t class_number(const std::string& name) {
    const auto [found, added] = class_numbers_.emplace(name, static_cast<std::int32_t>(set_.classes_.size()));
    if (added) set_.classes_.push_back(name);
    return found->second;
  }
  static void append(FeatureMatrix& to, std::span<const float> row) {
    if (row.empty()) return;
    to.columns = std::ssize(row);
    to.values.insert(to.values.end(), row.begin(), row.end());
  }
  void check_image(const ImagePlace& place, std::string_view where) const {
    if (place.path.empty() || options_.check == ImageCheck::none) return;
    const bool file = place.shard == ImagePlace::no_shard;
    if (file) {
      std::error_code ignored;
      const bool exists = std::filesystem::is_regular_file(place.path, ignored);
      if (!exists) fail(where, "image", "the file " + place.path, "no such file");
    }
    if (options_.check != ImageCheck::header) return;
    const Blob bytes = file ? map_file(place.path)
                            : set_.shards_[static_cast<std::size_t>(place.shard)]->part(place.offset, place.size);
    try {
      read_image_header(bytes.bytes);
    } catch (const Error& fault) {
      throw Error{std::string{where} + ": image " + legible(place.path) + ": " + fault.what()};
    }
  }
  /// Numbers the classes by name: as numbers where all names are whole numbers.
  void sort_classes() {
    const auto count = set_.classes_.size();
    const bool numbers = std::all_of(set_.classes_.begin(), set_.classes_.end(), [](const std::string& name) {
      return name.size() <= 18 && name.find_first_not_of("0123456789") == std::string::npos;
    });
    std::vector<std::int32_t> order(count), place(count);
    for (std::size_t i = 0; i < count; ++i) order[i] = static_cast<std::int32_t>(i);
    std::sort(order.begin(), order.end(), [&](std::int32_t a, std::int32_t b) {
      const std::string &x = set_.classes_[static_cast<std::size_t>(a)],
                        &y = set_.classes_[static_cast<std::size_t>(b)];
      if (numbers && std::stoll(x) != std::stoll(y)) return std::stoll(x) < std::stoll(y);
      return x < y;
    });
    std::vector<std::string> classes(count);
    for (std::size_t i = 0; i < count; ++i) {
      place[static_cast<std::size_t>(order[i])] = static_cast<std::int32_t>(i);
      classes[i] = std::move(set_.classes_[static_cast<std::size_t>(order[i])]);
    }
    set_.classes_ = std::move(classes);
    for (std::int32_t& label : set_.labels_) label = place[static_cast<std::size_t>(label)];
    for (const auto& record : set_.records_) {
      const auto first = set_.labels_.begin() + record.first_label;
      std::sort(first, first + record.labels);
    }
  }

  DatasetOptions options_;
  CaptionDataset set_;
  std::unordered_set<std::string> names_;
  std::unordered_set<std::int64_t> ids_;
  std::unordered_map<std::string, std::int32_t> class_numbers_;
  bool has_ids_ = true, sorted_ = true;
};

}  // namespace hashweave
