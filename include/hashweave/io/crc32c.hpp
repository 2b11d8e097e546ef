#pragma once
#include <array>
#include <cstdint>
#include <hashweave/io/bytes.hpp>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace hashweave {

namespace detail {

using Crc32cTables = std::array<std::array<std::uint32_t, 256>, 8>;

/// tables[k][b]: what byte b contributes when k more bytes follow it.
constexpr Crc32cTables make_crc32c_tables() {
  constexpr std::uint32_t polynomial = 0x82F63B78;  // reflected
  Crc32cTables tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? polynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k)
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t crc = tables[k - 1][byte];
      tables[k][byte] = (crc >> 8) ^ tables[0][crc & 255];
    }
  return tables;
}

/// The remainder after more bytes, eight at a time; without the inversions at both ends.
inline std::uint32_t crc32c_portable(std::uint32_t crc, Bytes bytes) {
  static constexpr Crc32cTables tables = make_crc32c_tables();
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    const std::uint64_t eight = load_number<std::uint64_t>(at) ^ crc;
    crc = 0;
    for (std::size_t i = 0; i < 8; ++i) crc ^= tables[7 - i][(eight >> (8 * i)) & 255];
  }
  for (; left > 0; --left, ++at) crc = (crc >> 8) ^ tables[0][(crc ^ std::to_integer<std::uint32_t>(*at)) & 255];
  return crc;
}

#if defined(__x86_64__)
/// The same by the processor's instruction.
[[gnu::target("sse4.2")]] inline std::uint32_t crc32c_sse42(std::uint32_t crc, Bytes bytes) {
  const std::byte* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t wide = crc;
  for (; left >= 8; left -= 8, at += 8) wide = _mm_crc32_u64(wide, load_number<std::uint64_t>(at));
  crc = static_cast<std::uint32_t>(wide);
  for (; left > 0; --left, ++at) crc = _mm_crc32_u8(crc, std::to_integer<std::uint8_t>(*at));
  return crc;
}

inline bool has_sse42() {
  static const bool has = __builtin_cpu_supports("sse4.2") != 0;
  return has;
}
#endif

}  // namespace detail

/// CRC-32C (Castagnoli): polynomial 0x1EDC6F41, reflected, inverted at both ends. `before` is the checksum of the bytes
/// in front, so that a long text can come in parts: crc32c(b, crc32c(a)) is that of ab. Of nothing it is 0.
/// Takes the processor's instruction (SSE 4.2) where there is one, tables otherwise; the result is the same.
/// Source: RFC 3720 (iSCSI), section 12.1 and appendix B.4; test: "123456789" gives 0xE3069283.
inline std::uint32_t crc32c(Bytes bytes, std::uint32_t before = 0) {
#if defined(__x86_64__)
  if (detail::has_sse42()) return ~detail::crc32c_sse42(~before, bytes);
#endif
  return ~detail::crc32c_portable(~before, bytes);
}

}  // namespace hashweave
