#pragma once
#include <array>
#include <cstdint>
#include <hashweave/data/dataset_builder.hpp>
#include <hashweave/data/dataset_folder.hpp>
#include <hashweave/io/mat5.hpp>
#include <hashweave/io/npz.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave::detail {

/// The arrays of a feature file by name: numbers, or lists of texts.
using FeatureArrays = std::map<std::string, MatVariable, std::less<>>;

inline MatVariable number_array(StoredTensor tensor) {
  MatVariable variable;
  variable.kind = MatVariable::Kind::numbers;
  variable.shape = tensor.shape;
  variable.numbers = std::move(tensor);
  return variable;
}
inline FeatureArrays npz_arrays(const DatasetFile& file) {
  const NpzFile npz{file.content, file.where};
  FeatureArrays arrays;
  for (const std::string& name : npz.names()) arrays.emplace(name, number_array(npz.at(name)));
  return arrays;
}
inline FeatureArrays mat_arrays(const DatasetFile& file) {
  const MatFile mat{file.content, file.where};
  return mat.variables();
}

/// Samples of one part of a data set: what the papers on cross-modal hashing call its images, texts and labels.
class FeaturePart {
 public:
  FeaturePart(const FeatureArrays& arrays, std::string ending, Split split, std::string_view where)
      : ending_{std::move(ending)}, where_{where}, split_{split} {
    const bool plain = ending_.empty();
    image_ = numbers(arrays, {"I" + ending_});
    text_ = numbers(arrays, {"T" + ending_, ending_ == "All" ? "YAll" : ""});
    label_ = numbers(arrays, {"L" + ending_, plain ? "category" : "", plain ? "label" : ""});
    names_ = texts(arrays, {"F" + ending_, plain ? "index" : ""});
    captions_ = texts(arrays, {"C" + ending_, plain ? "caption" : ""});
    for (const MatVariable* variable : {image_, text_})
      if (variable != nullptr) take_rows(variable->shape[0], "features");
    if (names_ != nullptr) take_rows(std::ssize(names_->text), "names");
    if (captions_ != nullptr) take_rows(std::ssize(captions_->text), "captions");
    if (label_ != nullptr && empty()) label_ = nullptr;
    if (label_ != nullptr && label_->shape.size() == 2 && label_->shape[0] == 1 && *rows_ > 1)
      require(label_->shape[1] == *rows_, here("labels"), "labels", *rows_, label_->shape[1]);
    else if (label_ != nullptr)
      take_rows(label_->shape[0], "labels");
  }
  bool empty() const { return !rows_.has_value(); }

  /// Hands the samples to the builder. The names of images are taken as paths where there are captions.
  void read(DatasetBuilder& builder, ImageFolder& images) const {
    const auto image = matrix(image_), text = matrix(text_);
    const std::vector<std::int64_t> label =
        label_ == nullptr ? std::vector<std::int64_t>{} : values<std::int64_t>(label_->numbers, here("labels"));
    const std::size_t columns = *rows_ == 0 ? 0 : label.size() / static_cast<std::size_t>(*rows_);
    for (Size i = 0; i < *rows_; ++i)
      builder.attempt([&] {
        const auto at = static_cast<std::size_t>(i);
        const std::string where = here("sample " + std::to_string(i));
        ItemDraft draft;
        draft.split = split_;
        draft.name = names_ != nullptr ? std::string{trimmed(names_->text[at])}
                                       : (ending_.empty() ? "" : ending_ + "/") + std::to_string(i);
        if (captions_ != nullptr) draft.captions.push_back(caption_text(captions_->text[at], builder.limits(), where));
        if (captions_ != nullptr && names_ != nullptr) draft.place = images.place(draft.name, where);
        if (image_ != nullptr) draft.image_row = image.row(i);
        if (text_ != nullptr) draft.text_row = text.row(i);
        if (columns == 1) draft.labels.push_back(std::to_string(label[at]));
        for (std::size_t c = 0; columns > 1 && c < columns; ++c) {
          const std::int64_t value = label[at * columns + c];
          require(value == 0 || value == 1, where, "label " + std::to_string(c), "0 or 1", value);
          if (value == 1) draft.labels.push_back(std::to_string(c));
        }
        builder.add(std::move(draft), where);
      });
  }
  /// Columns of features, to be compared between parts: of images, of texts.
  std::pair<Size, Size> columns() const {
    const auto of = [](const MatVariable* v) { return v == nullptr ? Size{0} : v->shape[1]; };
    return {of(image_), of(text_)};
  }
  /// How many classes a matrix of zeros and ones has; 0 where labels are numbers of classes.
  Size label_columns() const {
    if (label_ == nullptr || label_->shape.size() < 2 || label_->shape[0] != *rows_) return 0;
    return label_->shape[1] > 1 ? label_->shape[1] : 0;
  }
  std::string here(const std::string& what) const {
    return where_ + ", " + (ending_.empty() ? "" : "part '" + ending_ + "', ") + what;
  }

 private:
  static constexpr Size most_classes = 100'000;
  const MatVariable* find(const FeatureArrays& arrays, const std::vector<std::string>& names) const {
    for (const std::string& name : names)
      if (const auto found = arrays.find(name); !name.empty() && found != arrays.end()) {
        require(found->second.kind != MatVariable::Kind::unread, where_, "array " + name, "numbers or a list of texts",
                found->second.reason);
        return &found->second;
      }
    return nullptr;
  }
  const MatVariable* numbers(const FeatureArrays& arrays, const std::vector<std::string>& names) const {
    const MatVariable* found = find(arrays, names);
    if (found == nullptr) return nullptr;
    const bool label = names[0][0] == 'L';
    require(found->kind == MatVariable::Kind::numbers, where_, "array " + names[0], "numbers", "text");
    const bool shaped = found->shape.size() == 2 || (label && found->shape.size() == 1);
    require(shaped, where_, "shape of array " + names[0],
            label ? "(samples) or (samples, classes)" : "(samples, width)", to_string(found->shape));
    const bool filled = count_of(found->shape).value_or(0) > 0 && (!label || found->shape.back() <= most_classes ||
                                                                   found->shape.size() < 2 || found->shape[0] == 1);
    require(filled, where_, "shape of array " + names[0],
            "no extent of 0" + (label ? ", at most " + std::to_string(most_classes) + " classes" : std::string{}),
            to_string(found->shape));
    return found;
  }
  const MatVariable* texts(const FeatureArrays& arrays, const std::vector<std::string>& names) const {
    const MatVariable* found = find(arrays, names);
    return found == nullptr || found->kind != MatVariable::Kind::text ? nullptr : found;
  }
  void take_rows(Size rows, const char* what) {
    if (rows_) require(rows == *rows_, here(what), std::string{"samples of the "} + what, *rows_, rows);
    rows_ = rows;
  }
  FeatureMatrix matrix(const MatVariable* variable) const {
    if (variable == nullptr) return {};
    return {variable->shape[1], values<float>(variable->numbers, here("features"))};
  }
  std::string ending_, where_;
  Split split_;
  const MatVariable *image_ = nullptr, *text_ = nullptr, *label_ = nullptr, *names_ = nullptr, *captions_ = nullptr;
  std::optional<Size> rows_;
};

/// Feature files as papers on cross-modal hashing publish them (docs/datasets.md): matrices of images I, texts T and
/// labels L, one row a sample, in parts `_tr`, `_te`, `_db`..., `All`, or without parts.
inline void read_features(const FeatureArrays& arrays, const DatasetFile& file, DatasetBuilder& builder) {
  constexpr std::array<std::pair<std::string_view, Split>, 10> endings{{{"_tr", Split::train},
                                                                        {"_train", Split::train},
                                                                        {"_val", Split::val},
                                                                        {"_te", Split::test},
                                                                        {"_test", Split::test},
                                                                        {"_query", Split::test},
                                                                        {"_db", Split::rest},
                                                                        {"_retrieval", Split::rest},
                                                                        {"All", Split::rest},
                                                                        {"", Split::rest}}};
  ImageFolder images{builder.options(), file, true};
  std::vector<FeaturePart> parts;
  for (const auto& [ending, split] : endings) {
    FeaturePart part{arrays, std::string{ending}, split, file.where};
    if (!part.empty()) parts.push_back(std::move(part));
  }
  require(!parts.empty(), file.where, "arrays", "I, T and L with an ending such as _tr, _te, _db or All",
          arrays.empty() ? "none" : "others, such as " + in_quotes(arrays.begin()->first));
  for (const FeaturePart& part : parts) {
    const auto [image, text] = parts[0].columns();
    require(part.columns() == parts[0].columns(), part.here("features"), "columns of I and T as in the first part",
            std::to_string(image) + " and " + std::to_string(text),
            std::to_string(part.columns().first) + " and " + std::to_string(part.columns().second));
    require(part.label_columns() == parts[0].label_columns(), part.here("labels"), "columns of L as in the first part",
            parts[0].label_columns(), part.label_columns());
  }
  if (const Size classes = parts[0].label_columns(); classes > 0) {
    std::vector<std::string> names;
    for (Size c = 0; c < classes; ++c) names.push_back(std::to_string(c));
    builder.set_classes(names);
  }
  for (const FeaturePart& part : parts) part.read(builder, images);
}

}  // namespace hashweave::detail
