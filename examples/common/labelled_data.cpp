#include "labelled_data.hpp"

#include "program.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <hashweave/data/sampler.hpp>
#include <hashweave/eval/overlap.hpp>
#include <hashweave/io/crc32c.hpp>

namespace examples {
using nlohmann::json;

std::string_view name_of(Kind kind) {
  constexpr std::array<std::string_view, 3> names{"image", "text", "fused"};
  return names[static_cast<std::size_t>(kind)];
}

namespace {

std::vector<Size> items_in(const CaptionDataset& set, const std::string& split, const DataChoice& choice) {
  auto items = set.positions(split_of(split));
  for (const Size i : items)
    require(choice.skip_bad || !set[i].labels.empty(), choice.data.string(),
            "labels of item '" + std::string{set[i].name} + "'", "at least 1", 0);
  std::erase_if(items, [&](Size i) { return set[i].labels.empty(); });
  require(!items.empty(), choice.data.string(), "split " + split, "at least 1 item with labels", 0);
  return items;
}

}  // namespace

LabelledData::LabelledData(const DataChoice& choice)
    : set_{open_dataset(choice.data, dataset_options(choice.images, choice.skip_bad))} {
  for (const std::string& fault : set_.faults().messages) std::fprintf(stderr, "left out: %s\n", fault.c_str());
  const std::string where = choice.data.string();
  require(set_.label_count() > 0, where, "labels", "at least 1", 0);
  const bool has_rest = !set_.positions(Split::rest).empty();
  train_ = items_in(set_, "train", choice);
  query_ = items_in(set_, choice.query, choice);
  database_ = items_in(set_, choice.database == "auto" ? (has_rest ? "rest" : "train") : choice.database, choice);
  std::vector<std::int64_t> queries, items;
  for (const Size i : query_) queries.push_back(set_.owner(i));
  for (const Size i : database_) items.push_back(set_.owner(i));
  require_disjoint(queries, items, choice.allow_overlap ? Overlap::allowed : Overlap::refused);

  if (!set_.positions(Split::val).empty()) val_ = items_in(set_, "val", choice);
  require(choice.val_share >= 0 && choice.val_share < 1, "--val-share", "share of the train split", "0 to below 1",
          choice.val_share);
  const auto apart = static_cast<Size>(std::llround(choice.val_share * static_cast<double>(train_.size())));
  if (val_.empty() && apart > 0) {
    const Permutation order{std::ssize(train_), {choice.seed ^ name_hash("val"), 0, 0}};
    std::vector<Size> rest;
    for (Size i = 0; i < order.size(); ++i)
      (i < apart ? val_ : rest).push_back(train_[static_cast<std::size_t>(order(i))]);
    std::sort(val_.begin(), val_.end());
    std::sort(rest.begin(), rest.end());
    train_ = std::move(rest);
  }
}

Size LabelledData::width(Kind kind) const {
  return (kind == Kind::image ? set_.image_features() : set_.text_features()).columns;
}

Mat<const float> LabelledData::labels(std::span<const Size> rows, std::vector<float>& out) const {
  out.assign(rows.size() * static_cast<std::size_t>(classes()), 0);
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (const std::int32_t label : set_[rows[i]].labels)
      out[i * static_cast<std::size_t>(classes()) + static_cast<std::size_t>(label)] = 1;
  return matrix<const float>(out.data(), std::ssize(rows), classes());
}

Mat<const float> LabelledData::features(Kind kind, std::span<const Size> rows, Size columns,
                                        std::vector<float>& out) const {
  const FeatureMatrix& all = kind == Kind::image ? set_.image_features() : set_.text_features();
  require(all.columns > 0, "data set", std::string{name_of(kind)} + " features", "a matrix", "none");
  require(all.columns <= columns, "data set", "columns of the " + std::string{name_of(kind)} + " features",
          Phrase{"at most ", columns}, all.columns);
  out.assign(rows.size() * static_cast<std::size_t>(columns), 0);
  for (std::size_t i = 0; i < rows.size(); ++i)
    std::ranges::copy(all.row(rows[i]), out.begin() + static_cast<std::ptrdiff_t>(i) * columns);
  return matrix<const float>(out.data(), std::ssize(rows), columns);
}

json LabelledData::manifest() const {
  const auto part = [&](std::span<const Size> rows) {
    std::vector<std::int64_t> ids;
    std::string labels;
    for (const Size i : rows) {
      ids.push_back(set_.owner(i));
      for (const std::int32_t label : set_[i].labels) labels += std::to_string(label) + " ";
      labels += "\n";
    }
    return json{{"items", rows.size()},
                {"ids_crc32c", crc32c(std::as_bytes(std::span{ids}))},
                {"labels_crc32c", crc32c(std::as_bytes(std::span{labels}))},
                {"ids", ids}};
  };
  return {{"classes", set_.classes()},
          {"train", part(train_)},
          {"val", part(val_)},
          {"query", part(query_)},
          {"database", part(database_)}};
}

Size padded_width(Size columns) {
  for (const Size width : feature_widths)
    if (columns <= width) return width;
  fail("data set", "columns of the features", Phrase{"at most ", feature_widths.back()}, columns);
}

}  // namespace examples
