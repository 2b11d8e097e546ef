#include "code_transform.hpp"

#include <algorithm>
#include <hashweave/core/error.hpp>
#include <hashweave/cpu/linear_codes.hpp>

namespace vit2cmh {
namespace {

constexpr std::string_view prefix = "codes.";
constexpr const char *image_name = "codes.image_offset", *text_name = "codes.text_offset",
                     *rotation_name = "codes.rotation";

/// Of each column of (rows, bits); of an even number the mean of the middle two.
std::vector<float> medians(std::span<const float> codes, Size bits) {
  const auto width = static_cast<std::size_t>(bits), rows = codes.size() / width;
  std::vector<float> out(width), column(rows);
  for (std::size_t b = 0; b < width; ++b) {
    for (std::size_t r = 0; r < rows; ++r) column[r] = codes[r * width + b];
    std::ranges::sort(column);
    out[b] = (column[(rows - 1) / 2] + column[rows / 2]) / 2;
  }
  return out;
}

}  // namespace

std::vector<NamedTensor> CodeTransform::tensors() const {
  const auto bits = std::ssize(image_offset);
  return {{image_name, view_of(image_offset, {bits})},
          {text_name, view_of(text_offset, {bits})},
          {rotation_name, view_of(rotation, {bits, bits})}};
}

bool of_transform(std::string_view name) { return name.starts_with(prefix); }

CodeTransform read_transform(const TensorFile& file, Size bits) {
  const auto read = [&](const char* name, const Shape& shape) {
    require(file.shape(name) == shape, file.where() + ", " + name, "shape", to_string(shape),
            to_string(file.shape(name)));
    std::vector<float> values(static_cast<std::size_t>(count_of(shape).value()));
    file.copy(name, std::span{values});
    return values;
  };
  return {read(image_name, {bits}), read(text_name, {bits}), read(rotation_name, {bits, bits})};
}

FittedTransform fit_transform(std::span<const float> images, std::span<const float> texts, Size bits, Size iterations) {
  const auto width = static_cast<std::size_t>(bits);
  FittedTransform fitted;
  CodeTransform& t = fitted.transform;
  t.image_offset = medians(images, bits);
  t.text_offset = medians(texts, bits);
  std::vector<float> all;
  const auto add = [&](std::span<const float> codes, const std::vector<float>& offset) {
    for (std::size_t i = 0; i < codes.size(); ++i) all.push_back(codes[i] - offset[i % width]);
  };
  for (std::size_t n = std::max<std::size_t>(1, texts.size() / images.size()); n > 0; --n) add(images, t.image_offset);
  add(texts, t.text_offset);
  const RotationFit fit = fit_rotation(matrix<const float>(all.data(), std::ssize(all) / bits, bits), iterations);
  t.rotation.assign(fit.rotation.begin(), fit.rotation.end());
  fitted.error_before = fit.unrotated / static_cast<double>(bits);
  fitted.error_after = fit.errors.back() / static_cast<double>(bits);
  return fitted;
}

}  // namespace vit2cmh
