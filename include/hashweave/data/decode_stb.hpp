#pragma once
#include <hashweave/data/image.hpp>
#include <hashweave/data/image_header.hpp>
#include <hashweave/data/stb.hpp>

namespace hashweave {
namespace detail {

/// What stb_image makes of data that has been looked through already. stb_image takes no notice of checksums, and does
/// not say when a JPEG's scan ends too early.
inline Image decode_by_stb(Bytes bytes, Size height, Size width, const ImageLimits& limits) {
  stb::Memory memory{static_cast<std::size_t>(limits.max_memory - 3 * height * width)};
  int h = 0, w = 0, channels = 0;
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  const unsigned char* pixels =
      stb::stbi_load_from_memory(data, static_cast<int>(bytes.size()), &w, &h, &channels, stb::STBI_rgb);
  if (pixels == nullptr) {
    require(!memory.exhausted(), decoding, "bytes of memory", "at most " + std::to_string(limits.max_memory), "more");
    const char* why = stb::stbi_failure_reason();
    fail(decoding, "image data", "a complete image", why != nullptr ? why : "a corrupt one");
  }
  const bool agrees = h == height && w == width;
  require(agrees, decoding, "height and width", std::to_string(height) + " x " + std::to_string(width),
          std::to_string(h) + " x " + std::to_string(w));
  return Image{ImageView{pixels, height, width, 3 * width}};
}

inline Image decode_jpeg_by_stb(Bytes bytes, const JpegStructure& jpeg, const ImageLimits& limits) {
  return decode_by_stb(bytes, jpeg.height, jpeg.width, limits);
}

inline Image decode_png_by_stb(Bytes bytes, const PngStructure& png, const ImageLimits& limits) {
  for (const Bytes chunk : png.image) {
    const std::uint32_t stored = u32_at(chunk, chunk.size() - 4);
    require(png_crc(chunk.subspan(4, chunk.size() - 8)) == stored, decoding, "PNG image data",
            "data that fit their checksum", "others");
  }
  return decode_by_stb(essential_png(bytes, png), png.height, png.width, limits);
}

}  // namespace detail

/// `decode_image` by stb_image, whatever other decoders there are.
inline Image decode_with_stb(std::span<const std::byte> bytes, const ImageLimits& limits = {}) {
  constexpr Size most = INT_MAX / 2;  // stb_image counts in int
  require(std::ssize(bytes) < most, detail::decoding, "bytes of the file", "at most " + std::to_string(most),
          bytes.size());
  if (detail::image_format(bytes, limits) == ImageFormat::jpeg) {
    const detail::JpegStructure jpeg = detail::read_jpeg_structure(bytes);
    detail::check_jpeg(jpeg, std::ssize(bytes), limits);
    return detail::decode_jpeg_by_stb(bytes, jpeg, limits);
  }
  const detail::PngStructure png = detail::read_png_structure(bytes);
  detail::check_png(png, limits);
  return detail::decode_png_by_stb(bytes, png, limits);
}

}  // namespace hashweave
