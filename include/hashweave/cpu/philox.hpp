#pragma once
#include <array>
#include <hashweave/core/random.hpp>
#include <hashweave/cpu/instructions.hpp>

namespace hashweave::cpu {

/// The same numbers as `stream.group(group)`. With AVX-512 a 32-bit number stands in each 64-bit lane, so that a
/// product needs no shuffling before and after: of what it leaves above, the next one takes no notice.
inline std::array<std::uint32_t, 64> philox_group(const RandomStream& stream, std::uint64_t group) {
#if HASHWEAVE_AVX512
  const __m512i first = _mm512_set1_epi64(PhiloxConstants::first);
  const __m512i second = _mm512_set1_epi64(PhiloxConstants::second);
  const __m512i lanes = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
  __m512i c[2][4];
  for (std::uint64_t half = 0; half < 2; ++half) {
    const __m512i number = _mm512_add_epi64(_mm512_set1_epi64(static_cast<long long>(16 * group + 8 * half)), lanes);
    c[half][0] = number;
    c[half][1] = _mm512_srli_epi64(number, 32);
    c[half][2] = _mm512_set1_epi64(stream.place);
    c[half][3] = _mm512_set1_epi64(stream.step);
  }
  auto k0 = static_cast<std::uint32_t>(stream.seed), k1 = static_cast<std::uint32_t>(stream.seed >> 32);
  for (int round = 0; round < PhiloxConstants::rounds; ++round) {
    const __m512i key0 = _mm512_set1_epi64(k0), key1 = _mm512_set1_epi64(k1);
    for (auto& n : c) {
      const __m512i a = _mm512_mul_epu32(first, n[0]), b = _mm512_mul_epu32(second, n[2]);
      n[0] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(b, 32), n[1], key0, 0x96);  // x ^ y ^ z
      n[1] = b;
      n[2] = _mm512_ternarylogic_epi64(_mm512_srli_epi64(a, 32), n[3], key1, 0x96);
      n[3] = a;
    }
    k0 += PhiloxConstants::key0;
    k1 += PhiloxConstants::key1;
  }
  std::array<std::uint32_t, 64> out;
  const __m512i low = _mm512_set_epi64(11, 3, 10, 2, 9, 1, 8, 0), high = _mm512_set_epi64(15, 7, 14, 6, 13, 5, 12, 4);
  for (std::size_t half = 0; half < 2; ++half) {
    const auto& n = c[half];
    const __m512i front = _mm512_mask_blend_epi32(0xaaaa, n[0], _mm512_slli_epi64(n[1], 32));  // numbers 0 and 1 of 4
    const __m512i back = _mm512_mask_blend_epi32(0xaaaa, n[2], _mm512_slli_epi64(n[3], 32));
    _mm512_storeu_si512(out.data() + 32 * half, _mm512_permutex2var_epi64(front, low, back));
    _mm512_storeu_si512(out.data() + 32 * half + 16, _mm512_permutex2var_epi64(front, high, back));
  }
  return out;
#else
  return stream.group(group);
#endif
}

}  // namespace hashweave::cpu
