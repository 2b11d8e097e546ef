#pragma once
#include <data/mend_png.hpp>
#include <hashweave/data/decode.hpp>
#include <hashweave/data/decode_stb.hpp>
#include <stdexcept>
#include <vector>

namespace hashweave::testing {

/// Decodes an image file by the libraries found and by stb_image. Hostile bytes may make them throw `Error`, nothing
/// else. Checksums of some PNG files are mended, or hardly any changed file would come further than these.
inline void exercise_image(std::span<const std::byte> bytes) {
  std::vector<std::byte> file(bytes.begin(), bytes.end());
  if (file.size() > 1 && file[0] == std::byte{0x89} && (file.back() & std::byte{1}) == std::byte{0})
    mend_checksums(file);
  ImageLimits limits;
  limits.max_pixels = 1 << 18;
  limits.max_memory = 16 << 20;
  const auto decode = [&](auto&& f) {
    try {
      const Image image = f(std::span<const std::byte>{file}, limits);
      const ImageHeader header = read_image_header(file, limits);
      if (image.height() != header.height || image.width() != header.width)
        throw std::logic_error{"an image of another size than its header says"};
    } catch (const Error&) {  // the answer to a damaged file
    }
  };
  decode([](auto... a) { return decode_image(a...); });
  decode([](auto... a) { return decode_with_stb(a...); });
}

}  // namespace hashweave::testing
