#pragma once
#include <cstdint>
#include <cstring>
#include <hashweave/data/taps.hpp>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace hashweave::detail {

/// Bytes [begin, end) of out = round(sum over i of weight i * row i), between 0 and 255; row i begins at rows + i *
/// stride. Sums are taken modulo 2^32; the result is in range whatever happens in between.
inline void weigh_rows_portable(std::uint8_t* out, Size begin, Size end, const std::uint8_t* rows, Size stride,
                                const WeightPair* weights, Size count) {
  for (Size j = begin; j < end; ++j) {
    std::uint32_t sum = 1U << (weight_bits - 1);
    for (Size i = 0; i < count; ++i)
      sum += static_cast<std::uint32_t>(weights[i / 2].weight(static_cast<int>(i % 2))) * rows[i * stride + j];
    const std::int32_t value = static_cast<std::int32_t>(sum) >> weight_bits;
    out[j] = static_cast<std::uint8_t>(std::clamp(value, 0, 255));
  }
}

#if defined(__x86_64__)

/// Both weights' halves as one 32-bit number: what `pmaddwd` multiplies pairs of 16-bit numbers with.
inline int both(const std::int16_t (&halves)[2]) {
  int v;
  std::memcpy(&v, halves, sizeof v);
  return v;
}

/// Bytes [begin, end) in blocks of 16, as far as they go; gives where they end.
inline Size weigh_rows_sse2(std::uint8_t* out, Size begin, Size end, const std::uint8_t* rows, Size stride,
                            const WeightPair* weights, Size count) {
  const __m128i zero = _mm_setzero_si128();
  const __m128i half = _mm_set1_epi32(1 << (weight_bits - 1));
  Size j = begin;
  for (; j + 16 <= end; j += 16) {
    __m128i upper[4]{}, lower[4]{half, half, half, half};
    for (Size i = 0; i < count; i += 2) {
      const std::uint8_t* row = rows + i * stride + j;
      const __m128i a = _mm_loadu_si128(reinterpret_cast<const __m128i*>(row));
      const __m128i b = i + 1 < count ? _mm_loadu_si128(reinterpret_cast<const __m128i*>(row + stride)) : zero;
      const __m128i u = _mm_set1_epi32(both(weights[i / 2].upper)), l = _mm_set1_epi32(both(weights[i / 2].lower));
      const __m128i left = _mm_unpacklo_epi8(a, b), right = _mm_unpackhi_epi8(a, b);
      const __m128i v[4]{_mm_unpacklo_epi8(left, zero), _mm_unpackhi_epi8(left, zero), _mm_unpacklo_epi8(right, zero),
                         _mm_unpackhi_epi8(right, zero)};
      for (int q = 0; q < 4; ++q) {
        upper[q] = _mm_add_epi32(upper[q], _mm_madd_epi16(v[q], u));
        lower[q] = _mm_add_epi32(lower[q], _mm_madd_epi16(v[q], l));
      }
    }
    for (int q = 0; q < 4; ++q)
      upper[q] = _mm_srai_epi32(_mm_add_epi32(_mm_slli_epi32(upper[q], 12), lower[q]), weight_bits);
    const __m128i first = _mm_packs_epi32(upper[0], upper[1]), second = _mm_packs_epi32(upper[2], upper[3]);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + j), _mm_packus_epi16(first, second));
  }
  return j;
}

/// The same in blocks of 32. The unpacking and packing instructions work within halves of 16 bytes and cancel out.
[[gnu::target("avx2")]] inline Size weigh_rows_avx2(std::uint8_t* out, Size begin, Size end, const std::uint8_t* rows,
                                                    Size stride, const WeightPair* weights, Size count) {
  const __m256i zero = _mm256_setzero_si256();
  const __m256i half = _mm256_set1_epi32(1 << (weight_bits - 1));
  Size j = begin;
  for (; j + 32 <= end; j += 32) {
    __m256i upper[4]{}, lower[4]{half, half, half, half};
    for (Size i = 0; i < count; i += 2) {
      const std::uint8_t* row = rows + i * stride + j;
      const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(row));
      const __m256i b = i + 1 < count ? _mm256_loadu_si256(reinterpret_cast<const __m256i*>(row + stride)) : zero;
      const __m256i u = _mm256_set1_epi32(both(weights[i / 2].upper));
      const __m256i l = _mm256_set1_epi32(both(weights[i / 2].lower));
      const __m256i left = _mm256_unpacklo_epi8(a, b), right = _mm256_unpackhi_epi8(a, b);
      const __m256i v[4]{_mm256_unpacklo_epi8(left, zero), _mm256_unpackhi_epi8(left, zero),
                         _mm256_unpacklo_epi8(right, zero), _mm256_unpackhi_epi8(right, zero)};
      for (int q = 0; q < 4; ++q) {
        upper[q] = _mm256_add_epi32(upper[q], _mm256_madd_epi16(v[q], u));
        lower[q] = _mm256_add_epi32(lower[q], _mm256_madd_epi16(v[q], l));
      }
    }
    for (int q = 0; q < 4; ++q)
      upper[q] = _mm256_srai_epi32(_mm256_add_epi32(_mm256_slli_epi32(upper[q], 12), lower[q]), weight_bits);
    const __m256i first = _mm256_packs_epi32(upper[0], upper[1]), second = _mm256_packs_epi32(upper[2], upper[3]);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + j), _mm256_packus_epi16(first, second));
  }
  return j;
}

inline bool has_avx2() {
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
}

#endif

/// The first n bytes of out = round(sum over i of weight i * row i), between 0 and 255; row i begins at rows + i *
/// stride.
inline void weigh_rows(std::uint8_t* out, Size n, const std::uint8_t* rows, Size stride, const WeightPair* weights,
                       Size count) {
  Size done = 0;
#if defined(__x86_64__)
  if (has_avx2()) done = weigh_rows_avx2(out, done, n, rows, stride, weights, count);
  done = weigh_rows_sse2(out, done, n, rows, stride, weights, count);
#endif
  weigh_rows_portable(out, done, n, rows, stride, weights, count);
}

/// Transposes 16 x 16 bytes: out[j * out_stride + i] = in[i][j].
inline void transpose_16x16(std::uint8_t* out, Size out_stride, const std::uint8_t* const (&in)[16]) {
#if defined(__x86_64__)
  __m128i v[16], w[16];
  for (int i = 0; i < 16; ++i) v[i] = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in[i]));
  for (int round = 0; round < 4; ++round) {  // each doubles what lies together of a column
    for (int i = 0; i < 8; ++i) {
      w[2 * i] = _mm_unpacklo_epi8(v[i], v[i + 8]);
      w[2 * i + 1] = _mm_unpackhi_epi8(v[i], v[i + 8]);
    }
    std::memcpy(v, w, sizeof v);
  }
  for (int j = 0; j < 16; ++j) _mm_storeu_si128(reinterpret_cast<__m128i*>(out + j * out_stride), v[j]);
#else
  for (Size i = 0; i < 16; ++i)
    for (Size j = 0; j < 16; ++j) out[j * out_stride + i] = in[i][j];
#endif
}

}  // namespace hashweave::detail
