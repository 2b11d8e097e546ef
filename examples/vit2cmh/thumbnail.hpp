#pragma once
#include <hashweave/data/image.hpp>
#include <hashweave/io/bytes.hpp>
#include <string>

namespace vit2cmh {

using hashweave::Size;

/// Base64 with padding. Source: RFC 4648, section 4.
std::string base64(hashweave::Bytes bytes);

/// The image as a PNG file, without loss. Source: PNG, third edition, sections 5, 9 and 10.
std::string png_file(hashweave::ImageView image);

/// A file and what it is: `image/jpeg` or `image/png`.
struct PictureFile {
  std::string media_type;
  std::string bytes;
};

/// The image as a JPEG file where libjpeg is there, otherwise as a PNG file. Throws `hashweave::Error` for an image
/// without pixels or of more than 65,500 a side.
PictureFile picture_file(hashweave::ImageView image);

/// A small picture: scaled down to fit into `side` x `side` pixels, never up. Throws `hashweave::Error` for an image
/// without pixels and for a side below 1.
PictureFile thumbnail(const hashweave::Image& image, Size side = 112);
/// The same as a page holds it, as `data:image/...`.
std::string thumbnail_data_uri(const hashweave::Image& image, Size side = 112);

}  // namespace vit2cmh
