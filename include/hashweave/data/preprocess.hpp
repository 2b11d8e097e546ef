#pragma once
#include <hashweave/core/view.hpp>
#include <hashweave/data/augment.hpp>
#include <hashweave/data/preset.hpp>
#include <hashweave/data/resample.hpp>
#include <span>

namespace hashweave {
namespace detail {

/// out (3, size, size) = (pixels / 255 - mean) / deviation. Pixels have 256 values: a table of 256 numbers a channel.
template <class T>
void write_planes(std::span<T> out, ImageView pixels, const Preset& preset, bool mirrored) {
  const Size size = pixels.height, plane = size * size;
  std::array<std::array<T, 256>, 3> table;  // (channel, value)
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t v = 0; v < 256; ++v)
      table[c][v] = (static_cast<T>(v) / T{255} - static_cast<T>(preset.mean[c])) / static_cast<T>(preset.deviation[c]);
  const Size step = mirrored ? -3 : 3;
  for (Size y = 0; y < size; ++y) {
    const std::uint8_t* p = pixels.pixel(y, mirrored ? size - 1 : 0);
    T* row = out.data() + y * size;
    for (Size x = 0; x < size; ++x, p += step) {
      row[x] = table[0][p[0]];
      row[x + plane] = table[1][p[1]];
      row[x + 2 * plane] = table[2][p[2]];
    }
  }
}

}  // namespace detail

/// What a frame takes of an image, normalised by the preset: writes (3, size, size) to `out`.
/// @throws Error when the frame does not lie within the image, or `out` is not 3 size² numbers.
template <class T>
void render(ImageView image, const Frame& frame, const Preset& preset, std::span<T> out) {
  require(std::ssize(out) == 3 * frame.size * frame.size, "preprocess", "numbers of the output",
          3 * frame.size * frame.size, out.size());
  const Image pixels = resample(crop(image, frame.source), frame.height, frame.width, preset.filter,
                                {frame.top, frame.left, frame.size, frame.size}, preset.order);
  detail::write_planes(out, pixels, preset, frame.mirrored);
}

/// An image as a model of (size, size) wants it: three planes, row-major. T is float or double.
/// @throws Error when the image is empty or `out` is not 3 size² numbers.
template <class T>
void preprocess(ImageView image, const Preset& preset, Size size, std::span<T> out) {
  render(image, centre_frame(preset, size, image.height, image.width), preset, out);
}
/// The same, varied for training.
template <class T>
void preprocess(ImageView image, const Preset& preset, const Augmentation& rule, const RandomStream& random, Size size,
                std::span<T> out) {
  render(image, random_frame(preset, rule, random, size, image.height, image.width), preset, out);
}

/// The same, of a size known to the compiler: `preprocess<224>(image, presets::clip, out)`.
template <Size S, class T, std::size_t N>
void preprocess(ImageView image, const Preset& preset, std::span<T, N> out) {
  static_assert(N == std::dynamic_extent || N == 3 * S * S, "preprocess: the output must hold 3 S S numbers");
  preprocess(image, preset, S, std::span<T>{out});
}
template <Size S, class T, std::size_t N>
void preprocess(ImageView image, const Preset& preset, const Augmentation& rule, const RandomStream& random,
                std::span<T, N> out) {
  static_assert(N == std::dynamic_extent || N == 3 * S * S, "preprocess: the output must hold 3 S S numbers");
  preprocess(image, preset, rule, random, S, std::span<T>{out});
}

/// Where the planes of image `place` of a batch lie, to be handed to `preprocess`.
/// @throws Error when the batch has no such place.
template <class B, Size S>
std::span<typename B::Scalar, 3 * S * S> planes(View<B, Pixels<3, S, S>> batch, Size place) {
  require(place >= 0 && place < batch.batch, "planes", "place in the batch", "below " + std::to_string(batch.batch),
          place);
  return std::span<typename B::Scalar, 3 * S * S>{batch.data + place * 3 * S * S, 3 * S * S};
}

}  // namespace hashweave
