#pragma once
#include <hashweave/core/error.hpp>
#include <hashweave/data/dataset_catalogue.hpp>
#include <hashweave/data/decode.hpp>
#include <string>

namespace hashweave {

/// The image of item i, decoded. Throws `Error` as `image_bytes` and `decode_image`; the message names the file.
/// Threads may call it at once.
inline Image load_image(const CaptionDataset& from, Size i, const ImageLimits& limits = {}) {
  const Blob bytes = from.image_bytes(i);
  try {
    return decode_image(bytes.bytes, limits);
  } catch (const Error& fault) {
    throw Error{from.place(i).path + ", item " + legible(from[i].name) + ": " + fault.what()};
  }
}

}  // namespace hashweave
