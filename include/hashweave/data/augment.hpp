#pragma once
#include <algorithm>
#include <cmath>
#include <hashweave/core/random.hpp>
#include <hashweave/data/preset.hpp>

namespace hashweave {

/// How training varies what it takes of an image.
struct Augmentation {
  enum class Crop {
    resized,  ///< a random part of the image, of a random area and aspect, scaled to the model's size
    shifted,  ///< the preset's scaled image, cut out at a random place
    centre,   ///< as the preset says
  };
  Crop crop = Crop::resized;
  double min_area = 0.08, max_area = 1;               ///< of the part, over the image's area
  double min_aspect = 3.0 / 4, max_aspect = 4.0 / 3;  ///< its width over its height
  double mirror = 0.5;                                ///< probability that left and right are exchanged
};

/// The random numbers of one image in one epoch; `position` is its place in the data set. Different from every stream
/// that a layer draws from under the same seed.
constexpr RandomStream augmentation_stream(std::uint64_t seed, std::uint32_t epoch, std::uint32_t position) {
  return {seed ^ name_hash("augmentation"), epoch, position};
}

namespace detail {

/// A double in [0, 1), and an integer in [0, count), from 32 bits.
constexpr double unit(std::uint32_t bits) { return static_cast<double>(bits) * 0x1p-32; }
constexpr Size below(Size count, std::uint32_t bits) {
  return static_cast<Size>(static_cast<std::uint64_t>(count) * bits >> 32);
}

inline constexpr std::uint64_t crop_tries = 10;  // groups of the stream; the one after them mirrors and shifts

/// A part of the image whose area and logarithm of the aspect are uniform; after ten parts that do not fit, the largest
/// centred one within the aspects. The rule of torchvision's RandomResizedCrop.
inline Box random_part(const Augmentation& rule, const RandomStream& random, Size height, Size width) {
  const auto h = static_cast<double>(height), w = static_cast<double>(width);
  const double low = std::log(rule.min_aspect), high = std::log(rule.max_aspect);
  for (std::uint64_t i = 0; i < crop_tries; ++i) {
    const auto bits = random.block(i);
    const double area = h * w * (rule.min_area + (rule.max_area - rule.min_area) * unit(bits[0]));
    const double aspect = std::exp(low + (high - low) * unit(bits[1]));
    const auto part_w = static_cast<Size>(std::nearbyint(std::sqrt(area * aspect)));
    const auto part_h = static_cast<Size>(std::nearbyint(std::sqrt(area / aspect)));
    if (part_w > 0 && part_w <= width && part_h > 0 && part_h <= height)
      return {below(height - part_h + 1, bits[2]), below(width - part_w + 1, bits[3]), part_h, part_w};
  }
  const auto rounded = [](double v, Size most) {
    return std::clamp<Size>(static_cast<Size>(std::nearbyint(v)), 1, most);
  };
  const Size part_h = w / h < rule.min_aspect ? rounded(w / rule.min_aspect, height) : height;
  const Size part_w = w / h > rule.max_aspect ? rounded(h * rule.max_aspect, width) : width;
  return {(height - part_h) / 2, (width - part_w) / 2, part_h, part_w};
}

}  // namespace detail

/// What training takes of an image of (height, width): a pure function of its arguments, whatever thread it runs on and
/// whatever was drawn before.
/// @throws Error when an extent is below 1 or the rule's numbers make no sense.
inline Frame random_frame(const Preset& preset, const Augmentation& rule, const RandomStream& random, Size size,
                          Size height, Size width) {
  const bool areas = rule.min_area > 0 && rule.min_area <= rule.max_area && rule.max_area <= 1;
  require(areas, "Augmentation", "areas", "0 < min_area <= max_area <= 1", rule.min_area);
  const bool aspects = rule.min_aspect > 0 && rule.min_aspect <= rule.max_aspect && std::isfinite(rule.max_aspect);
  require(aspects, "Augmentation", "aspects", "0 < min_aspect <= max_aspect", rule.min_aspect);
  Frame frame = centre_frame(preset, size, height, width);
  const auto bits = random.block(detail::crop_tries);
  frame.mirrored = detail::unit(bits[0]) < rule.mirror;
  if (rule.crop == Augmentation::Crop::shifted) {
    frame.top = detail::below(frame.height - size + 1, bits[1]);
    frame.left = detail::below(frame.width - size + 1, bits[2]);
  }
  if (rule.crop == Augmentation::Crop::resized)
    frame = {detail::random_part(rule, random, height, width), size, size, 0, 0, size, frame.mirrored};
  return frame;
}

}  // namespace hashweave
