#pragma once
#include <hashweave/data/png_structure.hpp>
#include <vector>

namespace hashweave::testing {

/// Makes the checksums of a PNG's chunks fit again, as far as its chunks can be followed.
inline void mend_checksums(std::vector<std::byte>& png) {
  std::size_t at = 8;
  while (at + 12 <= png.size()) {
    const std::size_t length = detail::u32_at(png, at);
    if (length > png.size() - at - 12) return;
    const std::uint32_t crc = detail::png_crc(std::span{png}.subspan(at + 4, length + 4));
    for (std::size_t i = 0; i < 4; ++i) png[at + 8 + length + i] = static_cast<std::byte>(crc >> (24 - 8 * i) & 255);
    at += length + 12;
  }
}

}  // namespace hashweave::testing
