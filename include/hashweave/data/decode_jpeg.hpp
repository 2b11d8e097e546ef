#pragma once
#include <array>
#include <cstddef>
#include <cstdio>
// libjpeg's headers need the names of the two above
#include <jerror.h>
#include <jpeglib.h>

#include <csetjmp>
#include <hashweave/data/image.hpp>
#include <hashweave/data/jpeg_structure.hpp>
#include <memory>

namespace hashweave::detail {

/// libjpeg's state of one decoding. Its errors come back as messages, by longjmp within the three functions below, none
/// of which holds anything that would have to be destroyed; nothing is ever printed.
class JpegDecoder {
 public:
  JpegDecoder() {
    jpeg_.err = jpeg_std_error(&errors_);
    jpeg_.client_data = this;
    errors_.error_exit = stop;
    errors_.emit_message = judge;
    errors_.output_message = [](j_common_ptr) {};
  }
  JpegDecoder(const JpegDecoder&) = delete;
  JpegDecoder& operator=(const JpegDecoder&) = delete;
  ~JpegDecoder() {
    if (created_) jpeg_destroy_decompress(&jpeg_);
  }

  /// Reads the header and starts decoding at 1 / `divisor` of the size; false: see `message`.
  bool start(const unsigned char* data, std::size_t size, unsigned divisor, long memory) {
    if (setjmp(jump_) != 0) return false;
    jpeg_create_decompress(&jpeg_);
    created_ = true;
    jpeg_.mem->max_memory_to_use = memory;
    jpeg_mem_src(&jpeg_, data, static_cast<unsigned long>(size));
    jpeg_read_header(&jpeg_, TRUE);
    jpeg_.out_color_space = jpeg_.num_components == 4 ? JCS_CMYK : JCS_RGB;
    jpeg_.dct_method = JDCT_ISLOW;
    jpeg_.do_fancy_upsampling = TRUE;
    jpeg_.scale_num = 1;
    jpeg_.scale_denom = divisor;
    jpeg_start_decompress(&jpeg_);
    return true;
  }
  /// Decodes the next `rows` rows into `out`, rows of `stride` bytes.
  bool read(unsigned char* out, std::size_t stride, Size rows) {
    if (setjmp(jump_) != 0) return false;
    const JDIMENSION end = jpeg_.output_scanline + static_cast<JDIMENSION>(rows);
    const JDIMENSION begin = jpeg_.output_scanline;
    while (jpeg_.output_scanline < end) {
      JSAMPROW some[8];
      const JDIMENSION count = std::min<JDIMENSION>(8, end - jpeg_.output_scanline);
      for (JDIMENSION i = 0; i < count; ++i) some[i] = out + (jpeg_.output_scanline - begin + i) * stride;
      jpeg_read_scanlines(&jpeg_, some, count);
    }
    return true;
  }
  /// Reads on to the end marker.
  bool finish() {
    if (setjmp(jump_) != 0) return false;
    jpeg_finish_decompress(&jpeg_);
    return true;
  }

  Size height() const { return static_cast<Size>(jpeg_.output_height); }
  Size width() const { return static_cast<Size>(jpeg_.output_width); }
  Size file_height() const { return static_cast<Size>(jpeg_.image_height); }
  Size file_width() const { return static_cast<Size>(jpeg_.image_width); }
  bool cmyk() const { return jpeg_.out_color_space == JCS_CMYK; }
  const char* message() const { return message_.data(); }

 private:
  [[noreturn]] static void stop(j_common_ptr common) {
    auto& self = *static_cast<JpegDecoder*>(common->client_data);
    common->err->format_message(common, self.message_.data());
    std::longjmp(self.jump_, 1);
  }
  /// A warning means that pixels are missing or guessed, but for those that many cameras and editors cause.
  static void judge(j_common_ptr common, int level) {
    if (level >= 0) return;
    switch (common->err->msg_code) {
      case JWRN_EXTRANEOUS_DATA:
      case JWRN_ADOBE_XFORM:
      case JWRN_JFIF_MAJOR:
      case JWRN_BOGUS_PROGRESSION:
      case JWRN_TOO_MUCH_DATA:
        return;
      default:
        stop(common);
    }
  }

  jpeg_decompress_struct jpeg_{};
  jpeg_error_mgr errors_{};
  std::jmp_buf jump_{};
  std::array<char, JMSG_LENGTH_MAX> message_{};
  bool created_ = false;
};

/// One row of cyan, magenta, yellow and black, inverted as Adobe stores them, to RGB.
inline void cmyk_to_rgb(std::uint8_t* rgb, const std::uint8_t* cmyk, Size width) {
  for (Size x = 0; x < width; ++x) {
    const int k = cmyk[4 * x + 3];
    for (Size c = 0; c < 3; ++c) {
      const int product = (255 - cmyk[4 * x + c]) * k + 128;  // rounded division by 255
      rgb[3 * x + c] = static_cast<std::uint8_t>(std::max(0, k - ((product + (product >> 8)) >> 8)));
    }
  }
}

/// Decodes by libjpeg, as Pillow does: the accurate integer DCT and smooth upsampling of colour. The image has
/// 1 / `divisor` (1, 2, 4 or 8) of the file's height and width.
inline Image decode_jpeg(Bytes bytes, const JpegStructure& jpeg, unsigned divisor, const ImageLimits& limits) {
  const auto decoder = std::make_unique<JpegDecoder>();
  const auto check = [&](bool done) { require(done, decoding, "JPEG data", "a complete image", decoder->message()); };
  check(decoder->start(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), divisor,
                       static_cast<long>(limits.max_memory - 3 * jpeg.height * jpeg.width)));
  const bool agrees = decoder->file_height() == jpeg.height && decoder->file_width() == jpeg.width;
  require(agrees, decoding, "height and width", "those of the frame header", "others");
  Image image{decoder->height(), decoder->width()};
  if (decoder->cmyk()) {
    const auto row = std::make_unique<std::uint8_t[]>(static_cast<std::size_t>(4 * image.width()));
    for (Size y = 0; y < image.height(); ++y) {
      check(decoder->read(row.get(), 0, 1));
      cmyk_to_rgb(image.row(y), row.get(), image.width());
    }
  } else {
    check(decoder->read(image.data(), static_cast<std::size_t>(3 * image.width()), image.height()));
  }
  check(decoder->finish());
  return image;
}

}  // namespace hashweave::detail
