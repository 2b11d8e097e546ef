#pragma once
#include <algorithm>
#include <array>
#include <cstring>
#include <hashweave/data/image_limits.hpp>

namespace hashweave::detail {

/// What the markers of a JPEG file say, up to its end marker.
struct JpegStructure {
  Size height = 0, width = 0;
  Size components = 0;
  Size scans = 0;
  Size blocks = 0;  ///< of 8 x 8 coefficients, all components together
  bool progressive = false;
};

/// Moves behind the next marker at or after `at` and gives its code; stuffed zeros and restart markers are no markers.
/// @throws Error at the end of the data.
inline std::uint32_t next_jpeg_marker(Bytes bytes, std::size_t& at) {
  while (at < bytes.size()) {
    const void* found = std::memchr(bytes.data() + at, 0xFF, bytes.size() - at);
    if (found == nullptr) break;
    at = static_cast<std::size_t>(static_cast<const std::byte*>(found) - bytes.data());
    while (at < bytes.size() && byte_at(bytes, at) == 0xFF) ++at;
    if (at == bytes.size()) break;
    const std::uint32_t code = byte_at(bytes, at++);
    const bool restart = code >= 0xD0 && code <= 0xD7;
    if (code != 0x00 && code != 0x01 && !restart) return code;
  }
  truncated("JPEG", bytes.size());
}

/// The start-of-frame segment: precision, extents, and the sampling factors of the components.
inline void read_jpeg_frame(Bytes segment, JpegStructure& jpeg) {
  require(segment.size() >= 8, decoding, "bytes of the JPEG frame header", "at least 8", segment.size());
  require(byte_at(segment, 2) == 8, decoding, "bits a JPEG sample", 8, byte_at(segment, 2));
  jpeg.height = u16_at(segment, 3);
  jpeg.width = u16_at(segment, 5);
  require(jpeg.height > 0 && jpeg.width > 0, decoding, "height and width", "at least 1 pixel", 0);
  jpeg.components = static_cast<Size>(byte_at(segment, 7));
  const bool known = jpeg.components == 1 || jpeg.components == 3 || jpeg.components == 4;
  require(known, decoding, "components of the JPEG image", "1, 3 or 4", jpeg.components);
  const std::size_t wanted = 8 + 3 * static_cast<std::size_t>(jpeg.components);
  require(segment.size() == wanted, decoding, "bytes of the JPEG frame header", wanted, segment.size());
  std::array<Size, 4> across{}, down{};
  for (std::size_t c = 0; c < static_cast<std::size_t>(jpeg.components); ++c) {
    across[c] = static_cast<Size>(byte_at(segment, 9 + 3 * c) >> 4);
    down[c] = static_cast<Size>(byte_at(segment, 9 + 3 * c) & 15);
    const bool valid = across[c] >= 1 && across[c] <= 4 && down[c] >= 1 && down[c] <= 4;
    require(valid, decoding, "JPEG sampling factor", "1 to 4",
            std::to_string(across[c]) + " x " + std::to_string(down[c]));
  }
  const auto blocks_of = [](Size pixels, Size factor, Size largest) {
    const Size samples = (pixels * factor + largest - 1) / largest;
    return (samples + 7) / 8;
  };
  const Size most_across = *std::ranges::max_element(across), most_down = *std::ranges::max_element(down);
  for (std::size_t c = 0; c < static_cast<std::size_t>(jpeg.components); ++c)
    jpeg.blocks += blocks_of(jpeg.width, across[c], most_across) * blocks_of(jpeg.height, down[c], most_down);
}

/// A segment of Huffman tables: each has 16 counts of codes by length, then that many symbols, at most 256. Decoders
/// have trusted these counts, and written beyond their tables.
inline void check_huffman_tables(Bytes segment) {
  std::size_t at = 2;
  while (at < segment.size()) {
    const bool whole = segment.size() - at >= 17;
    require(whole, decoding, "bytes of a JPEG Huffman table", "at least 17", segment.size() - at);
    const std::uint32_t place = byte_at(segment, at);
    require((place & 15) < 4 && place >> 4 < 2, decoding, "place of a JPEG Huffman table", "0 to 3, DC or AC", place);
    std::size_t symbols = 0;
    for (std::size_t i = 1; i <= 16; ++i) symbols += byte_at(segment, at + i);
    at += 17;
    const bool fits = symbols <= 256 && symbols <= segment.size() - at;
    require(fits, decoding, "symbols of a JPEG Huffman table", "at most 256, within the segment", symbols);
    at += symbols;
  }
}

/// Walks over the markers of a JPEG file without decoding anything. Accepts what both backends can decode:
/// Huffman-coded, sequential or progressive, 8 bits a sample.
/// @throws Error when the file is cut off or is another kind of JPEG.
/// Source: ITU-T T.81, annex B.
inline JpegStructure read_jpeg_structure(Bytes bytes) {
  JpegStructure jpeg;
  std::size_t at = 2;
  for (;;) {
    const std::uint32_t code = next_jpeg_marker(bytes, at);
    if (code == 0xD9) break;  // end of image
    require(code != 0xD8, decoding, "JPEG markers", "one start of image", "a second one");
    if (bytes.size() - at < 2) truncated("JPEG", bytes.size());
    const std::size_t length = u16_at(bytes, at);
    require(length >= 2, decoding, "bytes of a JPEG segment", "at least 2", length);
    if (bytes.size() - at < length) truncated("JPEG", bytes.size());
    const bool frame = code >= 0xC0 && code <= 0xCF && code != 0xC4 && code != 0xC8 && code != 0xCC;
    if (frame) {
      require(code <= 0xC2, decoding, "JPEG coding", "Huffman, sequential or progressive",
              code >= 0xC9   ? "arithmetic"
              : code == 0xC3 ? "lossless"
                             : "hierarchical");
      require(jpeg.height == 0, decoding, "JPEG markers", "one frame", "a second one");
      jpeg.progressive = code == 0xC2;
      read_jpeg_frame(bytes.subspan(at, length), jpeg);
    } else if (code == 0xC4) {
      check_huffman_tables(bytes.subspan(at, length));
    } else if (code == 0xDA) {
      require(jpeg.height > 0, decoding, "JPEG markers", "a frame before the first scan", "none");
      ++jpeg.scans;
    }
    at += length;
  }
  require(jpeg.scans > 0, decoding, "JPEG markers", "at least one scan", "none");
  return jpeg;
}

/// @throws Error when the file is larger than allowed or too short for as many pixels as it claims.
inline void check_jpeg(const JpegStructure& jpeg, Size bytes, const ImageLimits& limits) {
  constexpr Size block_bytes = 128;  // 64 coefficients of 16 bits, kept when there are several scans
  check_limits(jpeg.height, jpeg.width, jpeg.progressive || jpeg.scans > 1 ? block_bytes * jpeg.blocks : 0, limits);
  require(jpeg.scans <= limits.max_scans, decoding, "scans of the JPEG image",
          "at most " + std::to_string(limits.max_scans), jpeg.scans);
  const Size least = jpeg.blocks * (jpeg.progressive ? 1 : 2) / 8;  // a Huffman code takes at least one bit
  require(bytes >= least, decoding, "bytes of the JPEG file", "at least " + std::to_string(least), bytes);
}

}  // namespace hashweave::detail
