#pragma once
#include <hashweave/core/types.hpp>
#include <hashweave/cpu/instructions.hpp>

// The vector registers that operands are laid out with: so many units of 32 bits at a time.
namespace hashweave::cpu {

#if HASHWEAVE_AVX2
/// AVX2's.
struct Lanes8 {
  static constexpr Size count = 8;
  using Floats = __m256;
  using Units = __m256i;
  using Mask = __m256i;

  /// The first `n` lanes, at most all.
  static Mask first(Size n) {
    const auto some = static_cast<int>(n > count ? count : n < 0 ? 0 : n);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(some), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  static Floats all(float value) { return _mm256_set1_ps(value); }
  static Units zero() { return _mm256_setzero_si256(); }
  /// factor * at[0, ...) in the lanes of the mask, zeros in the others.
  static Units scaled(Mask mask, const float* at, Floats factor) {
    return _mm256_castps_si256(_mm256_mul_ps(_mm256_maskload_ps(at, mask), factor));
  }
  /// Writes the first `N` lanes, at most all.
  template <Size N>
  static void store(std::int32_t* to, Units x) {
    static_assert(N >= 8 || N == 6);
    if constexpr (N >= 8) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), x);
    } else {  // masked stores are slow on some processors
      _mm_storeu_si128(reinterpret_cast<__m128i*>(to), _mm256_castsi256_si128(x));
      _mm_storel_epi64(reinterpret_cast<__m128i*>(to + 4), _mm256_extracti128_si256(x, 1));
    }
  }
  /// An 8 x 8 matrix of units.
  static void transpose(Units (&m)[8]) {
    Units t[8];
    for (int i = 0; i < 8; i += 2) {
      t[i] = _mm256_unpacklo_epi32(m[i], m[i + 1]);
      t[i + 1] = _mm256_unpackhi_epi32(m[i], m[i + 1]);
    }
    for (int i = 0; i < 8; i += 4) {
      m[i] = _mm256_unpacklo_epi64(t[i], t[i + 2]);
      m[i + 1] = _mm256_unpackhi_epi64(t[i], t[i + 2]);
      m[i + 2] = _mm256_unpacklo_epi64(t[i + 1], t[i + 3]);
      m[i + 3] = _mm256_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    // m[4q + s]: in half l, column 4l + s of rows 4q to 4q + 3
    for (int s = 0; s < 4; ++s) {
      t[s] = _mm256_permute2x128_si256(m[s], m[4 + s], 0x20);
      t[4 + s] = _mm256_permute2x128_si256(m[s], m[4 + s], 0x31);
    }
    for (int i = 0; i < 8; ++i) m[i] = t[i];
  }
};
#endif

#if HASHWEAVE_AVX512
/// AVX-512's.
struct Lanes16 {
  static constexpr Size count = 16;
  using Floats = __m512;
  using Units = __m512i;
  using Mask = __mmask16;

  static Mask first(Size n) { return static_cast<Mask>(n >= 16 ? 0xffffU : n <= 0 ? 0U : (1U << n) - 1U); }
  static Floats all(float value) { return _mm512_set1_ps(value); }
  static Units zero() { return _mm512_setzero_si512(); }
  static Units scaled(Mask mask, const float* at, Floats factor) {
    return _mm512_castps_si512(_mm512_mul_ps(_mm512_maskz_loadu_ps(mask, at), factor));
  }
  template <Size N>
  static void store(std::int32_t* to, Units x) {
    _mm512_mask_storeu_epi32(to, first(N), x);
  }
  /// A 16 x 16 matrix of units.
  static void transpose(Units (&m)[16]) {
    Units t[16];
    for (int i = 0; i < 16; i += 2) {
      t[i] = _mm512_unpacklo_epi32(m[i], m[i + 1]);
      t[i + 1] = _mm512_unpackhi_epi32(m[i], m[i + 1]);
    }
    for (int i = 0; i < 16; i += 4) {
      m[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
      m[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
      m[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
      m[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
    }
    // m[4q + s]: in lane l, column 4l + s of rows 4q to 4q + 3
    for (int s = 0; s < 4; ++s) {
      t[s] = _mm512_shuffle_i32x4(m[s], m[4 + s], 0x88);
      t[4 + s] = _mm512_shuffle_i32x4(m[s], m[4 + s], 0xdd);
      t[8 + s] = _mm512_shuffle_i32x4(m[8 + s], m[12 + s], 0x88);
      t[12 + s] = _mm512_shuffle_i32x4(m[8 + s], m[12 + s], 0xdd);
    }
    for (int s = 0; s < 4; ++s) {
      m[s] = _mm512_shuffle_i32x4(t[s], t[8 + s], 0x88);
      m[8 + s] = _mm512_shuffle_i32x4(t[s], t[8 + s], 0xdd);
      m[4 + s] = _mm512_shuffle_i32x4(t[4 + s], t[12 + s], 0x88);
      m[12 + s] = _mm512_shuffle_i32x4(t[4 + s], t[12 + s], 0xdd);
    }
  }
};
#endif

}  // namespace hashweave::cpu
