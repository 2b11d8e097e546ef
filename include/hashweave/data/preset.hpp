#pragma once
#include <array>
#include <cmath>
#include <hashweave/data/image.hpp>
#include <hashweave/data/resample.hpp>

namespace hashweave {

/// What is done with an image's shape.
enum class Fit {
  squash,        ///< both sides become the model's, the aspect changes
  shorter_side,  ///< the shorter side becomes the model's over `crop_fraction`, then the centre is cut out
};

/// How the margin of a centre crop is halved when it is odd.
enum class Halving {
  to_even,  ///< torchvision, timm: round(margin / 2), ties to the even number
  down,     ///< Hugging Face's processors: margin // 2
};

/// How a family of models wants its images. Values are divided by 255, less `mean`, over `deviation`, by channel.
struct Preset {
  Fit fit = Fit::squash;
  Filter filter = Filter::bilinear;
  double crop_fraction = 1;  ///< the model's size over the shorter side of the scaled image
  Halving halving = Halving::to_even;
  std::array<float, 3> mean{0.5F, 0.5F, 0.5F};
  std::array<float, 3> deviation{0.5F, 0.5F, 0.5F};
  PassOrder order = PassOrder::by_shrinkage;
};

namespace presets {

/// google/vit-*: bilinear to (size, size), values to [-1, 1].
inline constexpr Preset vit_hf{};
/// timm's ViTs (augreg): bicubic, the shorter side to floor(size / 0.9), centre crop, values to [-1, 1].
inline constexpr Preset vit_timm{Fit::shorter_side, Filter::bicubic,    0.9,
                                 Halving::to_even,  {0.5F, 0.5F, 0.5F}, {0.5F, 0.5F, 0.5F}};
/// DINOv2: bicubic, the shorter side to size / 0.875 (256 for 224), centre crop, ImageNet's statistics.
inline constexpr Preset dinov2{Fit::shorter_side, Filter::bicubic,          0.875,
                               Halving::to_even,  {0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}};
/// CLIP: bicubic, the shorter side to size, centre crop, CLIP's statistics.
inline constexpr Preset clip{Fit::shorter_side,
                             Filter::bicubic,
                             1,
                             Halving::to_even,
                             {0.48145466F, 0.4578275F, 0.40821073F},
                             {0.26862954F, 0.26130258F, 0.27577711F}};

}  // namespace presets

/// Which pixels of an image become a model's (size, size) input: `source` of it is scaled to (height, width), of which
/// the square at (top, left) is kept and perhaps mirrored.
struct Frame {
  Box source;
  Size height = 0, width = 0;
  Size top = 0, left = 0, size = 0;
  bool mirrored = false;

  friend constexpr bool operator==(const Frame&, const Frame&) = default;
};

/// Where a crop of `size` begins within `length`.
constexpr Size centre_offset(Size length, Size size, Halving halving) {
  const Size margin = length - size, down = margin / 2;
  return halving == Halving::to_even && margin % 2 != 0 && down % 2 != 0 ? down + 1 : down;
}

/// The scaled height and width: `fit` of an image of (height, width) for a model of (size, size).
/// @throws Error when an extent is below 1, or the crop would be larger than the scaled image.
inline Box fitted(const Preset& preset, Size size, Size height, Size width) {
  require(size > 0, "preprocess", "size", "at least 1 pixel", size);
  require(height > 0 && width > 0, "preprocess", "height and width", "at least 1 pixel", std::min(height, width));
  if (preset.fit == Fit::squash) return {0, 0, size, size};
  require(preset.crop_fraction > 0 && preset.crop_fraction <= 1, "preprocess", "crop_fraction", "in (0, 1]",
          preset.crop_fraction);
  const auto side = static_cast<Size>(std::floor(static_cast<double>(size) / preset.crop_fraction));
  return width <= height ? Box{0, 0, side * height / width, side} : Box{0, 0, side, side * width / height};
}

/// What a preset takes of an image of (height, width). @throws Error as `fitted` does.
inline Frame centre_frame(const Preset& preset, Size size, Size height, Size width) {
  const Box scaled = fitted(preset, size, height, width);
  return {{0, 0, height, width},
          scaled.height,
          scaled.width,
          centre_offset(scaled.height, size, preset.halving),
          centre_offset(scaled.width, size, preset.halving),
          size};
}

}  // namespace hashweave
