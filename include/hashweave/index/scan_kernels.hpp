#pragma once
#include <cstring>
#include <hashweave/index/scan_job.hpp>
#include <hashweave/index/scan_neon.hpp>
#include <hashweave/index/scan_x86.hpp>

namespace hashweave::detail {

/// Eight codes in a 64-bit number; the bits of its bytes are summed in pairs, fours and eights.
namespace scan_portable {
struct V {
  using Reg = std::uint64_t;
  using Shared = Reg;
  static constexpr Size lanes = 8;
  static constexpr Reg ones = 0x0101010101010101u;
  static constexpr Reg low16 = 0x00ff00ff00ff00ffu;
  static Reg zero() { return 0; }
  static Reg load(const std::byte* p) {
    Reg x;
    std::memcpy(&x, p, sizeof x);
    return x;
  }
  static void prepare(std::byte* out, std::uint8_t b) {
    const Reg all = ones * b;
    std::memcpy(out, &all, sizeof all);
  }
  static Shared split(Reg x) { return x; }
  static Reg differing(Shared x, const std::byte* query) {
    Reg d = x ^ load(query);
    d -= d >> 1 & 0x55 * ones;
    d = (d & 0x33 * ones) + (d >> 2 & 0x33 * ones);
    return (d + (d >> 4)) & 0x0f * ones;
  }
  static Reg add(Reg a, Reg b) { return a + b; }
  static Reg even(Reg x) { return x & low16; }
  static Reg odd(Reg x) { return x >> 8 & low16; }
  static Reg add16(Reg a, Reg b) { return a + b; }
  static bool any_below(Reg x, std::uint32_t limit) {
    bool any = false;
    for (int i = 0; i < 8; ++i) any |= (x >> 8 * i & 0xff) < limit;
    return any;
  }
  static Reg min16(Reg a, Reg b) {
    Reg least = 0;
    for (int i = 0; i < 64; i += 16) {
      const Reg x = a >> i & 0xffff, y = b >> i & 0xffff;
      least |= (x < y ? x : y) << i;
    }
    return least;
  }
  static bool any_below16(Reg x, std::uint32_t limit) {
    bool any = false;
    for (int i = 0; i < 64; i += 16) any |= (x >> i & 0xffff) < limit;
    return any;
  }
  static void store(std::uint16_t* out, Reg x) { std::memcpy(out, &x, sizeof x); }
};
#include <hashweave/index/scan_vector.inc>
}  // namespace scan_portable

/// Goes over the codes of a job with the given instructions, which the processor must have and the queries be prepared
/// for.
inline void scan(ScanKernel kernel, const ScanJob& job, ScanQueries& queries) {
  switch (kernel) {
#if defined(__x86_64__)
    case ScanKernel::ssse3:
      return scan_ssse3::scan(job, queries);
    case ScanKernel::avx2:
      return scan_avx2::scan(job, queries);
    case ScanKernel::avx512bw:
      return scan_avx512bw::scan(job, queries);
    case ScanKernel::avx512popcnt:
      return scan_avx512popcnt::scan(job, queries);
#endif
#if defined(__ARM_NEON)
    case ScanKernel::neon:
      return scan_neon::scan(job, queries);
#endif
    default:
      return scan_portable::scan(job, queries);
  }
}

/// Writes what the kernel wants to know of a query of `bytes` bytes, prepared_bytes for each, to `out`, which is
/// aligned to 64 bytes.
inline void prepare(ScanKernel kernel, const std::uint8_t* query, Size bytes, std::byte* out) {
  switch (kernel) {
#if defined(__x86_64__)
    case ScanKernel::ssse3:
      return scan_ssse3::prepare(query, bytes, out);
    case ScanKernel::avx2:
      return scan_avx2::prepare(query, bytes, out);
    case ScanKernel::avx512bw:
      return scan_avx512bw::prepare(query, bytes, out);
    case ScanKernel::avx512popcnt:
      return scan_avx512popcnt::prepare(query, bytes, out);
#endif
#if defined(__ARM_NEON)
    case ScanKernel::neon:
      return scan_neon::prepare(query, bytes, out);
#endif
    default:
      return scan_portable::prepare(query, bytes, out);
  }
}

}  // namespace hashweave::detail
