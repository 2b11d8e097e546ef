#pragma once
#if defined(__ARM_NEON)
#include <arm_neon.h>

#include <hashweave/index/scan_job.hpp>

namespace hashweave::detail {

/// NEON: 16 codes a register, the bits of each byte counted by CNT.
namespace scan_neon {
struct V {
  using Reg = uint8x16_t;
  using Shared = Reg;
  static constexpr Size lanes = 16;
  static Reg zero() { return vdupq_n_u8(0); }
  static Reg load(const std::byte* p) { return vld1q_u8(reinterpret_cast<const std::uint8_t*>(p)); }
  static void prepare(std::byte* out, std::uint8_t b) { *out = std::byte{b}; }
  static Shared split(Reg x) { return x; }
  static Reg differing(Shared x, const std::byte* query) {
    return vcntq_u8(veorq_u8(x, vdupq_n_u8(std::to_integer<std::uint8_t>(*query))));
  }
  static Reg add(Reg a, Reg b) { return vaddq_u8(a, b); }
  static Reg even(Reg x) { return vandq_u8(x, vreinterpretq_u8_u16(vdupq_n_u16(0xff))); }
  static Reg odd(Reg x) { return vreinterpretq_u8_u16(vshrq_n_u16(vreinterpretq_u16_u8(x), 8)); }
  static Reg add16(Reg a, Reg b) {
    return vreinterpretq_u8_u16(vaddq_u16(vreinterpretq_u16_u8(a), vreinterpretq_u16_u8(b)));
  }
  static bool any_below(Reg x, std::uint32_t limit) { return vminvq_u8(x) < limit; }
  static Reg min16(Reg a, Reg b) {
    return vreinterpretq_u8_u16(vminq_u16(vreinterpretq_u16_u8(a), vreinterpretq_u16_u8(b)));
  }
  static bool any_below16(Reg x, std::uint32_t limit) { return vminvq_u16(vreinterpretq_u16_u8(x)) < limit; }
  static void store(std::uint16_t* out, Reg x) { vst1q_u16(out, vreinterpretq_u16_u8(x)); }
};
#include <hashweave/index/scan_vector.inc>
}  // namespace scan_neon

}  // namespace hashweave::detail
#endif
