#pragma once
#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/io/bytes.hpp>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace hashweave {

/// Deflated data as zip files hold it, or with zlib's head and checksum as MAT files hold it.
enum class DeflateForm : std::uint8_t { raw, zlib };

/// Inflates step by step: memory grows with what comes out, never ahead of it.
class Inflater {
 public:
  Inflater(Bytes from, DeflateForm form, std::string where) : from_{from}, where_{std::move(where)} {
    const int bits = form == DeflateForm::raw ? -MAX_WBITS : MAX_WBITS;
    if (inflateInit2(&stream_, bits) != Z_OK) throw std::bad_alloc{};
  }
  Inflater(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream_); }

  /// Inflates until `out` holds `size` bytes. Throws `Error` where the data are damaged or end before.
  void fill(std::vector<std::byte>& out, std::size_t size) {
    while (out.size() < size && step(out, size)) {
    }
    require(out.size() == size, where_, "inflated bytes", size, out.size());
  }
  /// Throws `Error` unless the data end here: nothing more comes out, the checksum is right, no bytes are left.
  void finish() {
    std::vector<std::byte> more;
    if (!ended_) step(more, 1);
    require(more.empty() && ended_, where_, "inflated data", "their end", "more");
    require(from_.empty() && stream_.avail_in == 0, where_, "bytes behind the deflated data", 0,
            from_.size() + stream_.avail_in);
  }

 private:
  /// One call of zlib; false at the end of the data.
  bool step(std::vector<std::byte>& out, std::size_t size) {
    if (ended_) return false;
    constexpr std::size_t chunk = 1 << 16;
    if (stream_.avail_in == 0) {
      const auto some = std::min<std::size_t>(from_.size(), std::size_t{1} << 30);
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(from_.data()));  // zlib does not write there
      stream_.avail_in = static_cast<uInt>(some);
      from_ = from_.subspan(some);
    }
    const std::size_t before = out.size(), room = std::min(chunk, size - before);
    out.resize(before + room);
    stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream_.avail_out = static_cast<uInt>(room);
    const int status = inflate(&stream_, Z_NO_FLUSH);
    const std::size_t made = room - stream_.avail_out;
    out.resize(before + made);
    if (status == Z_STREAM_END)
      ended_ = true;
    else if (status != Z_OK || (made == 0 && stream_.avail_in == 0 && from_.empty()))
      fail(where_, "deflated data", "sound ones", stream_.msg != nullptr ? stream_.msg : "a part of them");
    return !ended_;
  }
  Bytes from_;
  std::string where_;
  z_stream stream_{};
  bool ended_ = false;
};

/// The CRC-32 of zip files; `before` is that of the bytes in front, so that data may come in parts.
inline std::uint32_t crc32_of(Bytes bytes, std::uint32_t before = 0) {
  uLong crc = before;
  while (!bytes.empty()) {
    const auto some = std::min<std::size_t>(bytes.size(), std::size_t{1} << 30);
    crc = crc32(crc, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(some));
    bytes = bytes.subspan(some);
  }
  return static_cast<std::uint32_t>(crc);
}

}  // namespace hashweave
