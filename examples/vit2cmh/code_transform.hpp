#pragma once
/// What is done to relaxed codes after the hash head.
#include <algorithm>
#include <hashweave/core/types.hpp>
#include <hashweave/io/tensor.hpp>
#include <span>
#include <string_view>
#include <vector>

namespace vit2cmh {
using namespace hashweave;

/// h' = (h - offset) R, with an offset for each modality and one rotation R (bits, bits) for both: the median code goes
/// to 0 and the signs lose less. Distances of real-valued codes of one modality stay what they were.
struct CodeTransform {
  std::vector<float> image_offset, text_offset, rotation;

  /// Of codes (rows, bits), in place.
  void apply(std::span<float> codes, std::span<const float> offset) const {
    const std::size_t bits = offset.size();
    std::vector<float> turned(bits);
    for (std::size_t at = 0; at < codes.size(); at += bits) {
      std::ranges::fill(turned, 0.0F);
      for (std::size_t i = 0; i < bits; ++i) {
        const float h = codes[at + i] - offset[i];
        for (std::size_t j = 0; j < bits; ++j) turned[j] += h * rotation[i * bits + j];
      }
      std::ranges::copy(turned, codes.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }
  /// As tensors of a model's file, by names that no parameter has.
  std::vector<NamedTensor> tensors() const;
};

/// Whether a tensor of a model's file belongs to its transform.
bool of_transform(std::string_view name);
/// The transform in a file. @throws Error where tensors are missing or of another shape.
CodeTransform read_transform(const TensorFile& file, Size bits);

struct FittedTransform {
  CodeTransform transform;
  double error_before = 0, error_after = 0;  ///< mean square of h - sign(h), a bit, of the codes it was fitted to
};
/// Fitted to relaxed codes (rows, bits) of both modalities: medians, then ITQ's rotation from the identity on
/// (`fit_rotation`). Images count as often as there are captions for them.
FittedTransform fit_transform(std::span<const float> images, std::span<const float> texts, Size bits, Size iterations);

}  // namespace vit2cmh
