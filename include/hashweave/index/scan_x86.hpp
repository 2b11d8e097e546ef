#pragma once
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstring>
#include <hashweave/index/scan_job.hpp>

// A program need not be compiled for these instructions: each namespace is, by a pragma, and `available` says whether
// the processor may be given them.

namespace hashweave::detail {

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("ssse3"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("ssse3")
#endif
namespace scan_ssse3 {
struct V {
  using Reg = __m128i;
  static constexpr Size lanes = 16;
#include <hashweave/index/scan_tables.inc>
  static Reg zero() { return _mm_setzero_si128(); }
  static Reg load(const std::byte* p) { return _mm_loadu_si128(reinterpret_cast<const Reg*>(p)); }
  static Shared split(Reg x) {
    const Reg half = _mm_set1_epi8(15);
    return {_mm_and_si128(x, half), _mm_and_si128(_mm_srli_epi16(x, 4), half)};
  }
  static Reg table(const std::byte* p) { return load(p); }
  static Reg pick(Reg from, Reg halves) { return _mm_shuffle_epi8(from, halves); }
  static Reg add(Reg a, Reg b) { return _mm_add_epi8(a, b); }
  static Reg even(Reg x) { return _mm_and_si128(x, _mm_set1_epi16(0xff)); }
  static Reg odd(Reg x) { return _mm_srli_epi16(x, 8); }
  static Reg add16(Reg a, Reg b) { return _mm_add_epi16(a, b); }
  static bool any_below(Reg x, std::uint32_t limit) {
    // limit - x, held at 0: not 0 where x is below
    const Reg over = _mm_subs_epu8(_mm_set1_epi8(static_cast<char>(limit)), x);
    return _mm_movemask_epi8(_mm_cmpeq_epi8(over, zero())) != 0xffff;
  }
  static Reg min16(Reg a, Reg b) { return _mm_min_epi16(a, b); }
  static bool any_below16(Reg x, std::uint32_t limit) {
    return _mm_movemask_epi8(_mm_cmplt_epi16(x, _mm_set1_epi16(static_cast<short>(limit)))) != 0;
  }
  static void store(std::uint16_t* out, Reg x) { _mm_storeu_si128(reinterpret_cast<Reg*>(out), x); }
};
#include <hashweave/index/scan_vector.inc>
}  // namespace scan_ssse3
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2")
#endif
namespace scan_avx2 {
struct V {
  using Reg = __m256i;
  static constexpr Size lanes = 32;
#include <hashweave/index/scan_tables.inc>
  static Reg zero() { return _mm256_setzero_si256(); }
  static Reg load(const std::byte* p) { return _mm256_loadu_si256(reinterpret_cast<const Reg*>(p)); }
  static Reg table(const std::byte* p) {
    return _mm256_broadcastsi128_si256(_mm_load_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static Shared split(Reg x) {
    const Reg half = _mm256_set1_epi8(15);
    return {_mm256_and_si256(x, half), _mm256_and_si256(_mm256_srli_epi16(x, 4), half)};
  }
  static Reg pick(Reg from, Reg halves) { return _mm256_shuffle_epi8(from, halves); }
  static Reg add(Reg a, Reg b) { return _mm256_add_epi8(a, b); }
  static Reg even(Reg x) { return _mm256_and_si256(x, _mm256_set1_epi16(0xff)); }
  static Reg odd(Reg x) { return _mm256_srli_epi16(x, 8); }
  static Reg add16(Reg a, Reg b) { return _mm256_add_epi16(a, b); }
  static bool any_below(Reg x, std::uint32_t limit) {
    const Reg over = _mm256_subs_epu8(_mm256_set1_epi8(static_cast<char>(limit)), x);
    return _mm256_testz_si256(over, over) == 0;
  }
  static Reg min16(Reg a, Reg b) { return _mm256_min_epu16(a, b); }
  static bool any_below16(Reg x, std::uint32_t limit) {
    const Reg over = _mm256_subs_epu16(_mm256_set1_epi16(static_cast<short>(limit)), x);
    return _mm256_testz_si256(over, over) == 0;
  }
  static void store(std::uint16_t* out, Reg x) { _mm256_storeu_si256(reinterpret_cast<Reg*>(out), x); }
};
#include <hashweave/index/scan_vector.inc>
}  // namespace scan_avx2
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw")
#endif
/// What both kinds of AVX-512 registers share.
struct ScanAvx512 {
  using Reg = __m512i;
  static constexpr Size lanes = 64;
  static Reg zero() { return _mm512_setzero_si512(); }
  static Reg load(const std::byte* p) { return _mm512_loadu_si512(p); }
  static Reg add(Reg a, Reg b) { return _mm512_add_epi8(a, b); }
  static Reg even(Reg x) { return _mm512_and_si512(x, _mm512_set1_epi16(0xff)); }
  static Reg odd(Reg x) { return _mm512_srli_epi16(x, 8); }
  static Reg add16(Reg a, Reg b) { return _mm512_add_epi16(a, b); }
  static bool any_below(Reg x, std::uint32_t limit) {
    return _mm512_cmplt_epu8_mask(x, _mm512_set1_epi8(static_cast<char>(limit))) != 0;
  }
  static Reg min16(Reg a, Reg b) { return _mm512_min_epu16(a, b); }
  static bool any_below16(Reg x, std::uint32_t limit) {
    return _mm512_cmplt_epu16_mask(x, _mm512_set1_epi16(static_cast<short>(limit))) != 0;
  }
  static void store(std::uint16_t* out, Reg x) { _mm512_storeu_si512(out, x); }
};
namespace scan_avx512bw {
struct V : ScanAvx512 {
#include <hashweave/index/scan_tables.inc>
  static Reg table(const std::byte* p) {
    return _mm512_maskz_broadcast_i32x4(0xffff, _mm_load_si128(reinterpret_cast<const __m128i*>(p)));
  }
  static Shared split(Reg x) {
    const Reg half = _mm512_set1_epi8(15);
    return {_mm512_and_si512(x, half), _mm512_and_si512(_mm512_srli_epi16(x, 4), half)};
  }
  static Reg pick(Reg from, Reg halves) { return _mm512_shuffle_epi8(from, halves); }
};
#include <hashweave/index/scan_vector.inc>
}  // namespace scan_avx512bw
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512bitalg"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512bitalg")
#endif
namespace scan_avx512popcnt {
struct V : ScanAvx512 {
  using Shared = Reg;
  static void prepare(std::byte* out, std::uint8_t b) {
    const std::uint32_t all = 0x01010101u * b;  // the narrowest number that an instruction repeats from memory
    std::memcpy(out, &all, sizeof all);
  }
  static Shared split(Reg x) { return x; }
  static Reg differing(Shared x, const std::byte* query) {
    int all;
    std::memcpy(&all, query, sizeof all);
    return _mm512_popcnt_epi8(_mm512_xor_si512(x, _mm512_set1_epi32(all)));
  }
};
#include <hashweave/index/scan_vector.inc>
}  // namespace scan_avx512popcnt
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif

}  // namespace hashweave::detail

#endif
