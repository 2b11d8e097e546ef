#pragma once
#include <hashweave/data/image.hpp>
#include <hashweave/data/image_header.hpp>

// The target hashweave::data defines HASHWEAVE_HAS_LIBJPEG and HASHWEAVE_HAS_LIBPNG where it finds these libraries.
#if defined(HASHWEAVE_HAS_LIBJPEG)
#include <hashweave/data/decode_jpeg.hpp>
#endif
#if defined(HASHWEAVE_HAS_LIBPNG)
#include <hashweave/data/decode_png.hpp>
#endif
#if !defined(HASHWEAVE_HAS_LIBJPEG) || !defined(HASHWEAVE_HAS_LIBPNG)
#include <hashweave/data/decode_stb.hpp>
#endif

namespace hashweave {
namespace detail {

/// The image at the smallest of 1/8, 1/4, 1/2 and its own size whose shorter side is at least `shorter_side`, where the
/// decoder can give that; 0: its own size.
inline Image decode_scaled(Bytes bytes, [[maybe_unused]] Size shorter_side, const ImageLimits& limits) {
  if (image_format(bytes, limits) == ImageFormat::jpeg) {
    const JpegStructure jpeg = read_jpeg_structure(bytes);
    check_jpeg(jpeg, std::ssize(bytes), limits);
#if defined(HASHWEAVE_HAS_LIBJPEG)
    unsigned divisor = 1;
    const Size shorter = std::min(jpeg.height, jpeg.width);
    while (shorter_side > 0 && divisor < 8 && shorter / (2 * divisor) >= shorter_side) divisor *= 2;
    return decode_jpeg(bytes, jpeg, divisor, limits);
#else
    return decode_jpeg_by_stb(bytes, jpeg, limits);
#endif
  }
  const PngStructure png = read_png_structure(bytes);
  check_png(png, limits);
#if defined(HASHWEAVE_HAS_LIBPNG)
  return decode_png(bytes, png);
#else
  return decode_png_by_stb(bytes, png, limits);
#endif
}

}  // namespace detail

/// The image in a JPEG or PNG file (told apart by content), as RGB with 8 bits a channel: grey and palette become
/// colours, alpha and transparency are dropped, of 16 bits the upper 8 remain, CMYK is converted as Adobe stores it.
/// Neither EXIF orientation nor colour profiles are applied. Equals Pillow's `convert("RGB")`; docs/images.md says
/// where it does not.
///
/// The size, and that the file is whole, are checked before anything is decoded or allocated.
/// @throws Error when the file is no JPEG or PNG, beyond the limits, cut off or corrupt; there are no partial images.
inline Image decode_image(std::span<const std::byte> bytes, const ImageLimits& limits = {}) {
  return detail::decode_scaled(bytes, 0, limits);
}

/// The same, but a JPEG may come at 1/2, 1/4 or 1/8 of its size, as long as its shorter side is at least
/// `shorter_side`: several times cheaper when large photographs are scaled down afterwards. The pixels are not those of
/// `decode_image` and `resample`. stb_image cannot do this and gives the whole size.
inline Image decode_draft(std::span<const std::byte> bytes, Size shorter_side, const ImageLimits& limits = {}) {
  require(shorter_side > 0, "decode_draft", "shorter side", "at least 1 pixel", shorter_side);
  return detail::decode_scaled(bytes, shorter_side, limits);
}

}  // namespace hashweave
