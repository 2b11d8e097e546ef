#include "thumbnail.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <hashweave/core/error.hpp>
#include <hashweave/data/resample.hpp>
#include <hashweave/io/file.hpp>
#include <string_view>
#include <vector>
#ifdef HASHWEAVE_HAS_LIBJPEG
#include <jpeglib.h>
#endif

namespace vit2cmh {
namespace {

void put_u32(std::string& out, std::uint64_t value) {  // big-endian
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>((value >> shift) & 0xFF);
}
void put_chunk(std::string& out, const std::string& type_and_data) {
  put_u32(out, type_and_data.size() - 4);
  out += type_and_data;
  put_u32(out, crc32(0, reinterpret_cast<const Bytef*>(type_and_data.data()), static_cast<uInt>(type_and_data.size())));
}

#ifdef HASHWEAVE_HAS_LIBJPEG
/// libjpeg's state of one encoding. It comes back from errors by longjmp, within `encode`, which holds nothing that
/// would have to be destroyed.
class JpegEncoder {
 public:
  JpegEncoder() {
    jpeg_.err = jpeg_std_error(&errors_);
    jpeg_.client_data = this;
    errors_.error_exit = [](j_common_ptr common) {
      auto& self = *static_cast<JpegEncoder*>(common->client_data);
      common->err->format_message(common, self.message_.data());
      std::longjmp(self.jump_, 1);
    };
    errors_.output_message = [](j_common_ptr) {};
  }
  JpegEncoder(const JpegEncoder&) = delete;
  JpegEncoder& operator=(const JpegEncoder&) = delete;
  ~JpegEncoder() {
    jpeg_destroy_compress(&jpeg_);
    std::free(data_);  // libjpeg took it by malloc
  }

  bool encode(hashweave::ImageView image, int quality) {
    if (setjmp(jump_) != 0) {
      data_ = nullptr;  // libjpeg may have replaced it without saying so
      return false;
    }
    jpeg_create_compress(&jpeg_);
    jpeg_mem_dest(&jpeg_, &data_, &size_);
    jpeg_.image_width = static_cast<JDIMENSION>(image.width);
    jpeg_.image_height = static_cast<JDIMENSION>(image.height);
    jpeg_.input_components = 3;
    jpeg_.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg_);
    jpeg_set_quality(&jpeg_, quality, TRUE);
    jpeg_.optimize_coding = TRUE;
    jpeg_start_compress(&jpeg_, TRUE);
    while (jpeg_.next_scanline < jpeg_.image_height) {
      auto* row = const_cast<JSAMPROW>(image.row(static_cast<Size>(jpeg_.next_scanline)));  // libjpeg only reads it
      jpeg_write_scanlines(&jpeg_, &row, 1);
    }
    jpeg_finish_compress(&jpeg_);
    return true;
  }
  std::string bytes() const { return {reinterpret_cast<const char*>(data_), size_}; }
  const char* message() const { return message_.data(); }

 private:
  jpeg_compress_struct jpeg_{};
  jpeg_error_mgr errors_{};
  std::jmp_buf jump_{};
  std::array<char, JMSG_LENGTH_MAX> message_{};
  unsigned char* data_ = nullptr;
  unsigned long size_ = 0;
};
#endif

}  // namespace

std::string base64(hashweave::Bytes bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8 | (j < count ? std::to_integer<std::uint32_t>(bytes[i + j]) : 0);
    for (std::size_t j = 0; j < 4; ++j) out += j <= count ? digits[(group >> (18 - 6 * j)) & 63] : '=';
  }
  return out;
}

std::string png_file(hashweave::ImageView image) {
  const auto row_bytes = static_cast<std::size_t>(3 * image.width);
  std::string rows;  // (height, 1 + row_bytes): each row behind its filter, which is none
  for (Size y = 0; y < image.height; ++y)
    rows.append(1, '\0').append(reinterpret_cast<const char*>(image.row(y)), row_bytes);
  uLongf size = compressBound(static_cast<uLong>(rows.size()));
  std::string packed(size, '\0');
  const int status = compress2(reinterpret_cast<Bytef*>(packed.data()), &size,
                               reinterpret_cast<const Bytef*>(rows.data()), static_cast<uLong>(rows.size()), 9);
  if (status != Z_OK) throw hashweave::MachineError{"png_file: compressing: expected success, got an error of zlib"};
  packed.resize(size);

  std::string out = "\x89PNG\r\n\x1A\n", header = "IHDR";
  put_u32(header, static_cast<std::uint64_t>(image.width));
  put_u32(header, static_cast<std::uint64_t>(image.height));
  header += std::string_view{"\x08\x02\0\0\0", 5};  // 8 bits, RGB, the only compression and filtering, no interlacing
  put_chunk(out, header);
  put_chunk(out, "IDAT" + packed);
  put_chunk(out, "IEND");
  return out;
}

PictureFile picture_file(hashweave::ImageView image) {
  constexpr Size most = 65500;  // libjpeg's own limit
  const bool fits = std::min(image.height, image.width) >= 1 && std::max(image.height, image.width) <= most;
  hashweave::require(fits, "picture_file", "height and width", "1 to " + std::to_string(most),
                     std::to_string(image.height) + " x " + std::to_string(image.width));
#ifdef HASHWEAVE_HAS_LIBJPEG
  constexpr int quality = 86;
  JpegEncoder encoder;
  if (!encoder.encode(image, quality))
    throw hashweave::MachineError{std::string{"picture_file: encoding: expected success, got "} + encoder.message()};
  return {"image/jpeg", encoder.bytes()};
#else
  return {"image/png", png_file(image)};
#endif
}

PictureFile thumbnail(const hashweave::Image& image, Size side) {
  hashweave::require(side >= 1, "thumbnail", "side", "at least 1", side);
  const Size longest = std::max(image.height(), image.width());
  const auto fitted = [&](Size extent) {
    const double scale = static_cast<double>(side) / static_cast<double>(std::max<Size>(longest, 1));
    return std::max<Size>(extent > 0 ? 1 : 0, std::lround(static_cast<double>(extent) * std::min(1.0, scale)));
  };
  return picture_file(
      hashweave::resample(image, fitted(image.height()), fitted(image.width()), hashweave::Filter::lanczos));
}

std::string thumbnail_data_uri(const hashweave::Image& image, Size side) {
  const PictureFile file = thumbnail(image, side);
  return "data:" + file.media_type + ";base64," + base64(hashweave::as_bytes(file.bytes));
}

}  // namespace vit2cmh
