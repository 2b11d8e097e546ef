#pragma once
#include <algorithm>
#include <array>
#include <hashweave/data/image_limits.hpp>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave::detail {

/// The CRC of PNG chunks: polynomial 0xEDB88320, reflected. Source: PNG specification, annex D.
inline constexpr auto png_crc_table = [] {
  std::array<std::array<std::uint32_t, 256>, 4> table{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t c = i;
    for (int bit = 0; bit < 8; ++bit) c = (c & 1) != 0 ? 0xEDB88320U ^ (c >> 1) : c >> 1;
    table[0][i] = c;
  }
  for (std::size_t t = 1; t < 4; ++t)
    for (std::size_t i = 0; i < 256; ++i) table[t][i] = table[0][table[t - 1][i] & 255] ^ (table[t - 1][i] >> 8);
  return table;
}();

constexpr std::uint32_t png_crc(Bytes bytes) {
  const auto& t = png_crc_table;
  std::uint32_t c = 0xFFFFFFFFU;
  std::size_t i = 0;
  for (; i + 4 <= bytes.size(); i += 4) {
    const std::uint32_t x = c ^ (byte_at(bytes, i) | byte_at(bytes, i + 1) << 8 | byte_at(bytes, i + 2) << 16 |
                                 byte_at(bytes, i + 3) << 24);
    c = t[3][x & 255] ^ t[2][x >> 8 & 255] ^ t[1][x >> 16 & 255] ^ t[0][x >> 24];
  }
  for (; i < bytes.size(); ++i) c = t[0][(c ^ byte_at(bytes, i)) & 255] ^ (c >> 8);
  return ~c;
}

/// A PNG file without what does not concern its pixels.
struct PngStructure {
  Size height = 0, width = 0;
  Size depth = 0;     ///< bits a sample
  Size channels = 0;  ///< samples a pixel in the file: 1 for a palette
  bool palette = false, interlaced = false;
  Bytes header, colours;     ///< chunks, whole: IHDR and, with a palette, PLTE
  std::vector<Bytes> image;  ///< the IDAT chunks, whole

  /// Bytes of the image before compression, a filter byte a row left out: a lower bound.
  Size raw_bytes() const { return height * (width * depth * channels / 8); }
};

constexpr Bytes png_chunk_data(Bytes chunk) { return chunk.subspan(8, chunk.size() - 12); }

inline void read_png_header(Bytes chunk, PngStructure& png) {
  const Bytes data = png_chunk_data(chunk);
  require(data.size() == 13, decoding, "bytes of the PNG header", 13, data.size());
  require(png_crc(chunk.subspan(4, 17)) == u32_at(chunk, 21), decoding, "PNG header", "one that fits its checksum",
          "another");
  png.header = chunk;
  png.width = static_cast<Size>(u32_at(data, 0));
  png.height = static_cast<Size>(u32_at(data, 4));
  png.depth = static_cast<Size>(byte_at(data, 8));
  const std::uint32_t colour = byte_at(data, 9);
  require(colour <= 6 && colour != 1 && colour != 5, decoding, "PNG colour type", "0, 2, 3, 4 or 6", colour);
  constexpr std::array<Size, 7> channels{1, 0, 3, 1, 2, 0, 4};
  png.channels = channels[colour];
  png.palette = colour == 3;
  const Size d = png.depth;
  const bool small = (d == 1 || d == 2 || d == 4) && (colour == 0 || colour == 3);
  const bool valid = small || d == 8 || (d == 16 && colour != 3);
  require(valid, decoding, "PNG bits a sample", "a depth of colour type " + std::to_string(colour), d);
  const bool methods = byte_at(data, 10) == 0 && byte_at(data, 11) == 0 && byte_at(data, 12) <= 1;
  require(methods, decoding, "PNG header", "known compression, filter and interlacing", "others");
  png.interlaced = byte_at(data, 12) == 1;
}

/// Walks over the chunks of a PNG file without decoding anything, and keeps those that say what the pixels are. All
/// others (colour profiles, text, transparency, animation) are passed over, so that no decoder ever sees them.
/// @throws Error when the file is cut off or its chunks are not as the standard demands.
/// Source: PNG specification (third edition), sections 5 and 11.
inline PngStructure read_png_structure(Bytes bytes) {
  PngStructure png;
  std::size_t at = 8;
  bool image_ended = false;
  for (bool first = true;; first = false) {
    if (bytes.size() - at < 12) truncated("PNG", bytes.size());
    const std::size_t length = u32_at(bytes, at);
    if (length > bytes.size() - at - 12) truncated("PNG", bytes.size());
    const Bytes chunk = bytes.subspan(at, length + 12);
    const std::string_view type{reinterpret_cast<const char*>(chunk.data()) + 4, 4};
    require(first == (type == "IHDR"), decoding, "PNG chunks", "IHDR first, and once", first ? "none" : "another");
    at += length + 12;
    if (first) {
      read_png_header(chunk, png);
    } else if (type == "PLTE") {
      require(png.image.empty() && png.colours.empty(), decoding, "PNG chunks", "one palette, before the image",
              "another");
      require(length > 0 && length <= 768 && length % 3 == 0, decoding, "bytes of the PNG palette", "3 to 768", length);
      png.colours = chunk;
    } else if (type == "IDAT") {
      require(!image_ended, decoding, "PNG chunks", "image data without a gap", "a gap");
      png.image.push_back(chunk);
    } else if (type == "IEND") {
      break;
    } else {
      const bool letter = (type[0] >= 'a' && type[0] <= 'z') || (type[0] >= 'A' && type[0] <= 'Z');
      require(letter && type[0] >= 'a', decoding, "PNG chunks", "no unknown critical one", "one");
    }
    image_ended = !png.image.empty() && type != "IDAT";
  }
  require(!png.image.empty(), decoding, "PNG chunks", "image data", "none");
  require(!png.palette || !png.colours.empty(), decoding, "PNG chunks", "a palette", "none");
  return png;
}

/// @throws Error when the image is larger than allowed or its data too short for as many pixels as it claims.
inline void check_png(const PngStructure& png, const ImageLimits& limits) {
  check_limits(png.height, png.width, 0, limits);
  Size compressed = 0;
  for (const Bytes chunk : png.image) compressed += std::ssize(chunk) - 12;
  constexpr Size most = 1032;  // deflate: 258 bytes from two bits
  require(png.raw_bytes() <= most * compressed, decoding, "bytes of PNG image data",
          "at least " + std::to_string(png.raw_bytes() / most), compressed);
}

/// The file again with nothing but header, palette and image data. A palette is filled up with black, as Pillow does,
/// so that every sample names a colour.
inline std::vector<std::byte> essential_png(Bytes bytes, const PngStructure& png) {
  const std::size_t colours = png.palette ? std::size_t{3} << png.depth : 0;
  std::size_t size = 8 + 25 + 12 + (png.palette ? 12 + colours : 0);
  for (const Bytes chunk : png.image) size += chunk.size();
  std::vector<std::byte> out(size);
  std::size_t at = 0;
  const auto append = [&](Bytes part) {
    std::copy(part.begin(), part.end(), out.begin() + static_cast<Size>(at));
    at += part.size();
  };
  const auto append_u32 = [&](std::uint32_t v) {
    for (int shift = 24; shift >= 0; shift -= 8) out[at++] = static_cast<std::byte>(v >> shift & 255);
  };
  append(bytes.first(8));
  append(png.header);
  if (png.palette) {
    const Bytes chunk = png.colours, named = chunk.subspan(4, chunk.size() - 8);
    require(png_crc(named) == u32_at(chunk, chunk.size() - 4), decoding, "PNG palette", "one that fits its checksum",
            "another");
    require(chunk.size() - 12 <= colours, decoding, "bytes of the PNG palette", "at most " + std::to_string(colours),
            chunk.size() - 12);
    append_u32(static_cast<std::uint32_t>(colours));
    const std::size_t begin = at;
    append(named);
    at = begin + 4 + colours;
    append_u32(png_crc(Bytes{out}.subspan(begin, 4 + colours)));
  }
  for (const Bytes chunk : png.image) append(chunk);
  append_u32(0);
  for (const char c : std::string_view{"IEND"}) out[at++] = static_cast<std::byte>(c);
  append_u32(0xAE426082U);
  return out;
}

}  // namespace hashweave::detail
