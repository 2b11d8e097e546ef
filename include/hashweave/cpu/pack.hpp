#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <hashweave/core/mat.hpp>
#include <hashweave/cpu/instructions.hpp>

#if HASHWEAVE_AVX512
#include <immintrin.h>

// Operands of a product are laid out anew before it, in units of 32 bits: a float, or two values of bfloat16 that
// follow one another in depth. Extent: the rows of the left, the columns of the right operand.
namespace hashweave::cpu {

/// Units that are floats.
struct FloatUnit {
  static constexpr Size depth = 1;

  /// One unit for each of 16 columns, beginning with row 0 of `rows`.
  static __m512i across(const float* at, Size, Size rows, __mmask16 columns, __m512 factor) {
    if (rows <= 0) return _mm512_setzero_si512();
    return _mm512_castps_si512(_mm512_mul_ps(_mm512_maskz_loadu_ps(columns, at), factor));
  }
  /// 16 units from `count` values in a row.
  static __m512i along(const float* at, Size count, __m512 factor) {
    return _mm512_castps_si512(_mm512_mul_ps(_mm512_maskz_loadu_ps(first_lanes(count), at), factor));
  }
};

#if HASHWEAVE_AVX512_BF16
/// Units that are pairs of bfloat16, the one of less depth in the lower half.
struct PairUnit {
  static constexpr Size depth = 2;

  static __m512i across(const float* at, Size ld, Size rows, __mmask16 columns, __m512 factor) {
    if (rows <= 0) return _mm512_setzero_si512();
    const __m512 low = _mm512_mul_ps(_mm512_maskz_loadu_ps(columns, at), factor);
    const __m512 high =
        rows == 1 ? _mm512_setzero_ps() : _mm512_mul_ps(_mm512_maskz_loadu_ps(columns, at + ld), factor);
    const auto half = [](__m512 x) { return _mm512_cvtepu16_epi32(std::bit_cast<__m256i>(_mm512_cvtneps_pbh(x))); };
    return _mm512_or_si512(half(low), _mm512_slli_epi32(half(high), 16));
  }
  static __m512i along(const float* at, Size count, __m512 factor) {
    const __m512 low = _mm512_mul_ps(_mm512_maskz_loadu_ps(first_lanes(count), at), factor);
    const __m512 high = count <= 16 ? _mm512_setzero_ps()
                                    : _mm512_mul_ps(_mm512_maskz_loadu_ps(first_lanes(count - 16), at + 16), factor);
    return std::bit_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low));
  }
};
#endif

/// A 16 x 16 matrix of units, transposed.
inline void transpose(__m512i (&m)[16]) {
  __m512i t[16];
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

/// Panels of `Width` rows or columns. A panel lies depth by depth, its units of one depth side by side.
template <Size Width>
struct DepthMajor {
  static constexpr Size width = Width;
  static constexpr bool by_depth = true;
  /// Block [depth, depth + 16) of part `part` (16 of the width) of a panel that is `units` deep.
  static void store(std::int32_t* panel, Size depth, Size part, const __m512i (&m)[16]) {
    const __mmask16 lanes = first_lanes(Width - 16 * part);
    for (Size d = 0; d < 16; ++d) _mm512_mask_storeu_epi32(panel + (depth + d) * Width + 16 * part, lanes, m[d]);
  }
};
/// Panels of 32 rows in blocks of 16 units of depth. A block lies row by row: two of AMX's tiles.
struct RowMajorTiles {
  static constexpr Size width = 32;
  static constexpr bool by_depth = false;
  static void store(std::int32_t* panel, Size depth, Size part, const __m512i (&m)[16]) {
    for (Size r = 0; r < 16; ++r) _mm512_storeu_si512(panel + depth * width + (16 * part + r) * 16, m[r]);
  }
};

/// Units of depth of a panel, a whole number of blocks.
template <class Unit>
constexpr Size units_of(Size depth) {
  return ((depth + Unit::depth - 1) / Unit::depth + 15) / 16 * 16;
}
template <class Layout>
constexpr Size panels_of(Size extent) {
  return (extent + Layout::width - 1) / Layout::width;
}
/// Bytes of a whole operand.
template <class Unit, class Layout>
constexpr std::size_t packed_bytes(Size extent, Size depth) {
  return static_cast<std::size_t>(panels_of<Layout>(extent) * Layout::width * units_of<Unit>(depth) * 4);
}

/// Lays panels [first, first + count) of factor * m out at `packed`, which is the beginning of panel 0. `Along`: depth
/// runs along the rows of m; otherwise extent does. Beyond the matrix stand zeros.
template <class Unit, class Layout, bool Along>
void pack(std::int32_t* packed, Mat<const float> m, float factor, Size first, Size count) {
  const Size extent = Along ? m.rows : m.cols, depth = Along ? m.cols : m.rows, units = units_of<Unit>(depth);
  const __m512 scale = _mm512_set1_ps(factor);
  const auto block_of = [&](Size panel, Size u) {
    for (Size part = 0; 16 * part < Layout::width; ++part) {
      const Size e = panel * Layout::width + 16 * part, k = u * Unit::depth;
      __m512i block[16];
      if constexpr (Along) {
        const Size rows = std::min(extent - e, Layout::width - 16 * part);
        for (Size i = 0; i < 16; ++i) {
          block[i] = i < rows ? Unit::along(m.row(e + i) + k, depth - k, scale) : _mm512_setzero_si512();
        }
      } else {
        const __mmask16 columns = first_lanes(std::min(extent - e, Layout::width - 16 * part));
        for (Size i = 0; i < 16; ++i) {
          const Size row = k + i * Unit::depth;
          block[i] = columns == 0 ? _mm512_setzero_si512()
                                  : Unit::across(m.data + row * m.ld + e, m.ld, depth - row, columns, scale);
        }
      }
      if constexpr (Along == Layout::by_depth) transpose(block);
      Layout::store(packed + panel * Layout::width * units, u, part, block);
    }
  };
  // in the order in which m lies
  for (Size outer = 0; outer < (Along ? count : units / 16); ++outer) {
    for (Size inner = 0; inner < (Along ? units / 16 : count); ++inner) {
      block_of(first + (Along ? outer : inner), 16 * (Along ? inner : outer));
    }
  }
}

}  // namespace hashweave::cpu
#endif
