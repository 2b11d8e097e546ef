#pragma once
#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <golden/safetensors.hpp>
#include <hashweave/core/random.hpp>
#include <hashweave/data/decode.hpp>
#include <hashweave/data/decode_stb.hpp>
#include <io/files.hpp>
#include <string>
#include <string_view>
#include <vector>

// Image files and images for the tests of this room.
namespace hashweave::testing {

using test::message_of;

using File = std::vector<std::byte>;

inline std::filesystem::path golden_folder() {
  const char* other = std::getenv("HASHWEAVE_GOLDEN");
  return other != nullptr && *other != '\0' ? std::filesystem::path{other}
                                            : std::filesystem::path{HASHWEAVE_TESTS} / "golden";
}

inline File bytes_of(std::string_view text) {
  File out(text.size());
  std::transform(text.begin(), text.end(), out.begin(), [](char c) { return static_cast<std::byte>(c); });
  return out;
}

/// The images that Pillow decoded: their names, and whether they are PNG files.
struct GoldenImage {
  const char* name;
  bool png;

  File file() const {
    const std::string at = std::string{name} + (png ? ".png" : ".jpg");
    return bytes_of(golden::read_file(golden_folder() / "images" / at));
  }
};
inline constexpr std::array<GoldenImage, 12> golden_images{{{"rgb", true},
                                                            {"wide", true},
                                                            {"tall_odd", true},
                                                            {"grey", true},
                                                            {"rgba", true},
                                                            {"palette", true},
                                                            {"tiny", true},
                                                            {"one_pixel", true},
                                                            {"jpeg_444", false},
                                                            {"jpeg_420", false},
                                                            {"jpeg_progressive", false},
                                                            {"jpeg_grey", false}}};

inline const golden::Tensor& golden_tensor(const std::string& name) {
  static const golden::Tensors tensors = golden::read_safetensors(golden_folder() / "images.safetensors");
  return tensors.at(name);
}

inline Image golden_image(const std::string& name) {
  const golden::Tensor& t = golden_tensor(name);
  Image image{t.shape.at(0), t.shape.at(1)};
  std::transform(t.values.begin(), t.values.end(), image.data(), [](double v) { return static_cast<std::uint8_t>(v); });
  return image;
}

/// The largest difference of any value; 256 when the sizes differ.
inline int difference(const Image& a, const Image& b) {
  if (a.height() != b.height() || a.width() != b.width()) return 256;
  int most = 0;
  for (std::size_t i = 0; i < a.bytes(); ++i) most = std::max(most, std::abs(a.data()[i] - b.data()[i]));
  return most;
}

/// An image whose value at (y, x, c) is f(y, x, c).
template <class F>
Image image_of(Size height, Size width, F f) {
  Image image{height, width};
  for (Size y = 0; y < height; ++y)
    for (Size x = 0; x < width; ++x)
      for (Size c = 0; c < 3; ++c) image.row(y)[3 * x + c] = static_cast<std::uint8_t>(f(y, x, c));
  return image;
}
inline Image noise_image(Size height, Size width, std::uint32_t place) {
  const RandomStream random{1, 0, place};
  return image_of(height, width,
                  [&, i = std::uint64_t{0}](Size, Size, Size) mutable { return random.bits(i++) & 255; });
}

inline void append_u32(File& out, std::uint32_t v) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::byte>(v >> shift & 255));
}

inline void append_chunk(File& png, std::string_view type, const File& data) {
  append_u32(png, static_cast<std::uint32_t>(data.size()));
  const std::size_t begin = png.size();
  const File name = bytes_of(type);
  png.insert(png.end(), name.begin(), name.end());
  png.insert(png.end(), data.begin(), data.end());
  append_u32(png, detail::png_crc(std::span{png}.subspan(begin)));
}

/// What a PNG header says.
struct PngHeader {
  std::uint32_t width = 1, height = 1;
  unsigned depth = 8, colour = 2, interlaced = 0;
};

inline File png_header(const PngHeader& h) {
  File png = bytes_of("\x89PNG\r\n\x1A\n"), data;
  append_u32(data, h.width);
  append_u32(data, h.height);
  for (const unsigned v : {h.depth, h.colour, 0U, 0U, h.interlaced}) data.push_back(static_cast<std::byte>(v));
  append_chunk(png, "IHDR", data);
  return png;
}

/// Bytes as a zlib stream that compresses nothing.
inline File stored(const File& raw) {
  File out = bytes_of("\x78\x01\x01");
  const auto size = static_cast<std::uint32_t>(raw.size());  // at most 65535
  for (const std::uint32_t v : {size, ~size})
    for (int shift = 0; shift < 16; shift += 8) out.push_back(static_cast<std::byte>(v >> shift & 255));
  std::uint32_t a = 1, b = 0;
  for (const std::byte v : raw) {
    a = (a + std::to_integer<std::uint32_t>(v)) % 65521;
    b = (b + a) % 65521;
    out.push_back(v);
  }
  append_u32(out, b << 16 | a);
  return out;
}

/// A whole PNG file of raw rows, each with its filter byte.
inline File png_of(const PngHeader& header, const File& rows, const File& palette = {}) {
  File png = png_header(header);
  if (!palette.empty()) append_chunk(png, "PLTE", palette);
  append_chunk(png, "IDAT", stored(rows));
  append_chunk(png, "IEND", {});
  return png;
}

inline File bytes(std::initializer_list<int> values) {
  File out;
  for (const int v : values) out.push_back(static_cast<std::byte>(v));
  return out;
}

/// Both ways to decode: by the libraries found, and by stb_image.
struct Decoder {
  const char* name;
  Image (*decode)(std::span<const std::byte>, const ImageLimits&);
};
inline constexpr std::array<Decoder, 2> decoders{
    {{"decode_image", decode_image}, {"decode_with_stb", decode_with_stb}}};

}  // namespace hashweave::testing
