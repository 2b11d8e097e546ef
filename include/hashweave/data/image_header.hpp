#pragma once
#include <array>
#include <hashweave/data/jpeg_structure.hpp>
#include <hashweave/data/png_structure.hpp>
#include <string_view>

namespace hashweave {
namespace detail {

/// The name of the format that a file begins like; "" when none is known.
inline std::string_view format_name(Bytes bytes) {
  using std::string_view_literals::operator""sv;
  struct Magic {
    std::size_t at;
    std::string_view text, name;
  };
  static constexpr std::array<Magic, 14> known{{{0, "\xFF\xD8\xFF"sv, "JPEG"},
                                                {0, "\x89PNG\r\n\x1A\n"sv, "PNG"},
                                                {0, "GIF8"sv, "GIF"},
                                                {0, "BM"sv, "BMP"},
                                                {8, "WEBP"sv, "WebP"},
                                                {0, "II*\0"sv, "TIFF"},
                                                {0, "MM\0*"sv, "TIFF"},
                                                {4, "ftypavif"sv, "AVIF"},
                                                {4, "ftyp"sv, "HEIF or video"},
                                                {0, "\0\0\0\x0CjP  "sv, "JPEG 2000"},
                                                {0, "\xFF\x4F\xFF\x51"sv, "JPEG 2000"},
                                                {0, "\xFF\x0A"sv, "JPEG XL"},
                                                {0, "8BPS"sv, "Photoshop"},
                                                {0, "%PDF"sv, "PDF"}}};
  for (const Magic& magic : known) {
    if (bytes.size() < magic.at + magic.text.size()) continue;
    const std::string_view begin{reinterpret_cast<const char*>(bytes.data()) + magic.at, magic.text.size()};
    if (begin == magic.text) return magic.name;
  }
  return {};
}

/// @throws Error unless the bytes begin like a JPEG or a PNG file and are no more than allowed.
inline ImageFormat image_format(Bytes bytes, const ImageLimits& limits) {
  require(!bytes.empty(), decoding, "image file", "a JPEG or PNG file", "no bytes");
  require(std::ssize(bytes) <= limits.max_bytes, decoding, "bytes of the file",
          "at most " + std::to_string(limits.max_bytes), bytes.size());
  const std::string_view name = format_name(bytes);
  require(name == "JPEG" || name == "PNG", decoding, "format of the file", "JPEG or PNG",
          name.empty() ? "an unknown one" : name);
  return name == "JPEG" ? ImageFormat::jpeg : ImageFormat::png;
}

}  // namespace detail

/// Format and size of an image file. The markers of the whole file are looked at, nothing is decoded.
/// @throws Error when the file is no JPEG or PNG, cut off, or beyond the limits.
inline ImageHeader read_image_header(std::span<const std::byte> bytes, const ImageLimits& limits = {}) {
  const ImageFormat format = detail::image_format(bytes, limits);
  if (format == ImageFormat::jpeg) {
    const detail::JpegStructure jpeg = detail::read_jpeg_structure(bytes);
    detail::check_jpeg(jpeg, std::ssize(bytes), limits);
    return {format, jpeg.height, jpeg.width};
  }
  const detail::PngStructure png = detail::read_png_structure(bytes);
  detail::check_png(png, limits);
  return {format, png.height, png.width};
}

}  // namespace hashweave
