#pragma once
#include <cstddef>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <span>
#include <string>

namespace hashweave {

/// What an image file may cost. All of it is checked before a pixel is decoded.
struct ImageLimits {
  Size max_bytes = Size{64} << 20;  ///< of the file
  Size max_dimension = 16384;       ///< height or width, in pixels
  Size max_pixels = 64'000'000;     ///< height times width
  Size max_memory = Size{1} << 30;  ///< the image and what decoding it needs besides, in bytes
  Size max_scans = 100;             ///< of a progressive JPEG: each costs a pass over all coefficients
};

enum class ImageFormat { jpeg, png };

/// What a file says about its image.
struct ImageHeader {
  ImageFormat format = ImageFormat::jpeg;
  Size height = 0;
  Size width = 0;

  friend constexpr bool operator==(const ImageHeader&, const ImageHeader&) = default;
};

namespace detail {

using Bytes = std::span<const std::byte>;

inline constexpr const char* decoding = "decode_image";  // the `where` of every message

constexpr std::uint32_t byte_at(Bytes bytes, std::size_t i) { return std::to_integer<std::uint32_t>(bytes[i]); }
/// Two and four bytes, the most significant first.
constexpr std::uint32_t u16_at(Bytes bytes, std::size_t i) { return byte_at(bytes, i) << 8 | byte_at(bytes, i + 1); }
constexpr std::uint32_t u32_at(Bytes bytes, std::size_t i) { return u16_at(bytes, i) << 16 | u16_at(bytes, i + 2); }

[[noreturn]] inline void truncated(const char* format, std::size_t size) {
  fail(decoding, std::string{format} + " data", "a complete file",
       "one that is cut off, " + std::to_string(size) + " bytes");
}

/// @throws Error when an image of that size is larger than allowed. `extra` is the memory needed besides its pixels.
inline void check_limits(Size height, Size width, Size extra, const ImageLimits& limits) {
  require(height > 0 && width > 0, decoding, "height and width", "at least 1 pixel", std::min(height, width));
  require(height <= limits.max_dimension, decoding, "height in pixels",
          "at most " + std::to_string(limits.max_dimension), height);
  require(width <= limits.max_dimension, decoding, "width in pixels", "at most " + std::to_string(limits.max_dimension),
          width);
  require(height <= limits.max_pixels / width, decoding, "pixels", "at most " + std::to_string(limits.max_pixels),
          std::to_string(height) + " x " + std::to_string(width));
  require(3 * height * width + extra <= limits.max_memory, decoding, "bytes of memory",
          "at most " + std::to_string(limits.max_memory), 3 * height * width + extra);
}

}  // namespace detail
}  // namespace hashweave
