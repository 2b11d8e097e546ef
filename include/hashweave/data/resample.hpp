#pragma once
#include <algorithm>
#include <array>
#include <cstring>
#include <hashweave/data/image.hpp>
#include <hashweave/data/taps.hpp>
#include <hashweave/data/weigh_rows.hpp>
#include <memory>

namespace hashweave {
namespace detail {

/// in (n rows of `bytes` bytes) to out (bytes, 16): columns become rows. Missing rows repeat the last one.
inline void transpose_to_columns(std::uint8_t* out, const std::uint8_t* in, Size stride, Size n, Size bytes) {
  const std::uint8_t* rows[16];
  for (Size i = 0; i < 16; ++i) rows[i] = in + std::min(i, n - 1) * stride;
  Size j = 0;
  for (; j + 16 <= bytes; j += 16, out += 256) {
    transpose_16x16(out, 16, rows);
    for (auto& row : rows) row += 16;
  }
  for (; j < bytes; ++j, out += 16)
    for (Size i = 0; i < 16; ++i) out[i] = *rows[i]++;
}

/// in (bytes, 16) to the first n of 16 rows of `bytes` bytes.
inline void transpose_to_rows(std::uint8_t* out, Size stride, Size n, const std::uint8_t* in, Size bytes) {
  Size j = 0;
  for (; n == 16 && j + 16 <= bytes; j += 16) {
    const std::uint8_t* columns[16];
    for (Size i = 0; i < 16; ++i) columns[i] = in + (j + i) * 16;
    transpose_16x16(out + j, stride, columns);
  }
  for (Size i = 0; i < n; ++i)
    for (Size k = j; k < bytes; ++k) out[i * stride + k] = in[k * 16 + i];
}

/// Every row of `image` weighed along its columns, of which the first is column `begin` of the source: gives
/// (height, taps.size()). Sixteen rows at a time are turned to columns, so that one weight meets 48 neighbouring bytes.
inline Image resample_rows(ImageView image, Size begin, const Taps& taps) {
  Image out{image.height, taps.size()};
  const Size in_bytes = 3 * image.width, out_bytes = 3 * taps.size();
  const auto buffer =
      std::make_unique_for_overwrite<std::uint8_t[]>(static_cast<std::size_t>(16 * (in_bytes + out_bytes)));
  std::uint8_t* columns = buffer.get();                  // (in_bytes, 16)
  std::uint8_t* results = buffer.get() + 16 * in_bytes;  // (out_bytes, 16)
  for (Size y = 0; y < image.height; y += 16) {
    const Size n = std::min<Size>(16, image.height - y);
    transpose_to_columns(columns, image.row(y), image.stride, n, in_bytes);
    for (Size x = 0; x < taps.size(); ++x)
      weigh_rows(results + 48 * x, 48, columns + 48 * (taps[x].first - begin), 48, taps.weights(x), taps[x].count);
    transpose_to_rows(out.row(y), out_bytes, n, results, out_bytes);
  }
  return out;
}

/// Every column of `image` weighed along its rows, of which the first is row `begin` of the source: gives
/// (taps.size(), width).
inline Image resample_columns(ImageView image, Size begin, const Taps& taps) {
  Image out{taps.size(), image.width};
  for (Size y = 0; y < taps.size(); ++y)
    weigh_rows(out.row(y), 3 * image.width, image.row(taps[y].first - begin), image.stride, taps.weights(y),
               taps[y].count);
  return out;
}

}  // namespace detail

/// Which of the two passes of `resample` comes first; the values between them are rounded to 8 bits, so it shows.
enum class PassOrder {
  by_shrinkage,  ///< columns first when the height shrinks by more than twice as many pixels as the width: Pillow 13
  rows_first,    ///< always: Pillow before 13
};

/// The part `window` of the image scaled to (height, width), in the same bits that Pillow's `resize` gives: two passes,
/// along the rows and along the columns, each rounded to 8 bits; weights in fixed point with 22 bits; a direction whose
/// size stays the same is left out. Only what the window needs is computed.
/// @throws Error when the image is empty, a size is not positive, or the window does not lie within the scaled image.
/// Cost: (rows needed x window width + window height x window width) x the filter's width, which grows with the scale.
/// Source: the behaviour of Pillow's antialiased resampling, tested on golden values.
inline Image resample(ImageView image, Size height, Size width, Filter filter, const Box& window,
                      PassOrder order = PassOrder::by_shrinkage) {
  constexpr Size most = Size{1} << 24, most_scaled = Size{1} << 30;  // what 32-bit sums and 64-bit products hold
  const auto between = [](Size a, Size b, Size largest, const char* what) {
    require(std::min(a, b) >= 1 && std::max(a, b) <= largest, "resample", what, "1 to " + std::to_string(largest),
            std::min(a, b) < 1 ? std::min(a, b) : std::max(a, b));
  };
  between(image.height, image.width, most, "height and width of the image");
  between(height, width, most_scaled, "height and width");
  require_within(window, height, width, "resample");

  const bool rows = width != image.width, columns = height != image.height;
  detail::Taps across, down;
  std::pair<Size, Size> x{window.left, window.left + window.width}, y{window.top, window.top + window.height};
  if (rows) across = detail::make_taps(filter, image.width, width, x.first, x.second), x = across.range();
  if (columns) down = detail::make_taps(filter, image.height, height, y.first, y.second), y = down.range();

  const ImageView source = crop(image, {y.first, x.first, y.second - y.first, x.second - x.first});
  if (!rows) return columns ? detail::resample_columns(source, y.first, down) : Image{source};
  if (!columns) return detail::resample_rows(source, x.first, across);
  const Size less_height = image.height - height, less_width = image.width - width;
  if (order == PassOrder::by_shrinkage && less_height > 0 && less_height > 2 * less_width)
    return detail::resample_rows(detail::resample_columns(source, y.first, down), x.first, across);
  return detail::resample_columns(detail::resample_rows(source, x.first, across), y.first, down);
}

/// The whole image scaled to (height, width).
inline Image resample(ImageView image, Size height, Size width, Filter filter,
                      PassOrder order = PassOrder::by_shrinkage) {
  return resample(image, height, width, filter, Box{0, 0, height, width}, order);
}

}  // namespace hashweave
