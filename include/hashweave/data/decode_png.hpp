#pragma once
#include <png.h>

#include <array>
#include <cstring>
#include <hashweave/data/image.hpp>
#include <hashweave/data/png_structure.hpp>
#include <memory>

namespace hashweave::detail {

/// libpng's state of one decoding. Its errors come back as messages, by longjmp within the two functions below, neither
/// of which holds anything that would have to be destroyed; nothing is ever printed.
class PngDecoder {
 public:
  explicit PngDecoder(Bytes bytes) : bytes_{bytes} {}
  PngDecoder(const PngDecoder&) = delete;
  PngDecoder& operator=(const PngDecoder&) = delete;
  ~PngDecoder() { png_destroy_read_struct(&png_, &info_, nullptr); }

  /// Reads the header and asks for RGB, 8 bits a sample; false: see `message`.
  bool start(Size height, Size width) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, stop, [](png_structp, png_const_charp) {});
    if (png_ == nullptr) return false;
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    info_ = png_create_info_struct(png_);
    if (info_ == nullptr) return false;
    png_set_user_limits(png_, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height));
    png_set_read_fn(png_, this, read_bytes);
    png_read_info(png_, info_);
    png_set_expand(png_);    // palette to RGB; 1, 2 and 4 bits to the whole range of 8
    png_set_strip_16(png_);  // the upper byte of 16 bits
    png_set_strip_alpha(png_);
    png_set_gray_to_rgb(png_);
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
  }
  bool read(png_bytep* rows) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_read_image(png_, rows);
    png_read_end(png_, nullptr);
    return true;
  }
  std::size_t row_bytes() const { return png_get_rowbytes(png_, info_); }
  const char* message() const { return message_.data(); }

 private:
  [[noreturn]] static void stop(png_structp png, png_const_charp text) {
    auto& self = *static_cast<PngDecoder*>(png_get_error_ptr(png));
    std::strncpy(self.message_.data(), text, self.message_.size() - 1);
    png_longjmp(png, 1);
  }
  static void read_bytes(png_structp png, png_bytep out, std::size_t count) {
    auto& self = *static_cast<PngDecoder*>(png_get_io_ptr(png));
    if (count > self.bytes_.size()) png_error(png, "the file is cut off");
    std::memcpy(out, self.bytes_.data(), count);
    self.bytes_ = self.bytes_.subspan(count);
  }

  Bytes bytes_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  std::array<char, 128> message_{"libpng cannot be started"};
};

/// Decodes by libpng.
inline Image decode_png(Bytes bytes, const PngStructure& png) {
  const std::vector<std::byte> essential = essential_png(bytes, png);
  PngDecoder decoder{essential};
  const auto check = [&](bool done) { require(done, decoding, "PNG data", "a complete image", decoder.message()); };
  check(decoder.start(png.height, png.width));
  require(decoder.row_bytes() == static_cast<std::size_t>(3 * png.width), decoding, "bytes of a decoded row",
          3 * png.width, decoder.row_bytes());
  Image image{png.height, png.width};
  std::vector<png_bytep> rows(static_cast<std::size_t>(png.height));
  for (Size y = 0; y < png.height; ++y) rows.data()[y] = image.row(y);
  check(decoder.read(rows.data()));
  return image;
}

}  // namespace hashweave::detail
