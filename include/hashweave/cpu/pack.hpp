#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <hashweave/core/mat.hpp>
#include <hashweave/cpu/lanes.hpp>

#if HASHWEAVE_AVX2 || HASHWEAVE_AVX512
#include <utility>
// Operands of a product are laid out anew before it, in units of 32 bits: a float, or two values of bfloat16 that
// follow one another in depth. Extent: the rows of the left, the columns of the right operand.
namespace hashweave::cpu {

/// Units that are floats.
template <class L>
struct FloatUnit {
  using Lanes = L;
  static constexpr Size depth = 1;

  /// One unit for each column of the mask, beginning with row 0 of `rows`.
  static typename L::Units across(const float* at, Size, Size rows, typename L::Mask columns,
                                  typename L::Floats factor) {
    return rows > 0 ? L::scaled(columns, at, factor) : L::zero();
  }
  /// As many units as there are lanes, from `count` values in a row.
  static typename L::Units along(const float* at, Size count, typename L::Floats factor) {
    return L::scaled(L::first(count), at, factor);
  }
};

#if HASHWEAVE_AVX512_BF16
/// Units that are pairs of bfloat16, the one of less depth in the lower half.
struct PairUnit {
  using Lanes = Lanes16;
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
    const __m512 low = _mm512_mul_ps(_mm512_maskz_loadu_ps(Lanes::first(count), at), factor);
    const __m512 high = count <= 16 ? _mm512_setzero_ps()
                                    : _mm512_mul_ps(_mm512_maskz_loadu_ps(Lanes::first(count - 16), at + 16), factor);
    return std::bit_cast<__m512i>(_mm512_cvtne2ps_pbh(high, low));
  }
};
#endif

/// Panels of `Width` rows or columns. A panel lies depth by depth, its units of one depth side by side.
template <Size Width>
struct DepthMajor {
  static constexpr Size width = Width;
  static constexpr bool by_depth = true;
  /// A block of as many units of depth as there are lanes, from `depth` on, of part `Part` (a register's of the width).
  template <class L, Size Part>
  static void store(std::int32_t* panel, Size depth, const typename L::Units (&m)[L::count]) {
    constexpr Size before = L::count * Part;
    for (Size d = 0; d < L::count; ++d) L::template store<Width - before>(panel + (depth + d) * Width + before, m[d]);
  }
};
/// Panels of 32 rows in blocks of 16 units of depth. A block lies row by row: two of AMX's tiles.
struct RowMajorTiles {
  static constexpr Size width = 32;
  static constexpr bool by_depth = false;
  template <class L, Size Part>
  static void store(std::int32_t* panel, Size depth, const typename L::Units (&m)[16]) {
    for (Size r = 0; r < 16; ++r) L::template store<16>(panel + depth * width + (16 * Part + r) * 16, m[r]);
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
  using L = typename Unit::Lanes;
  constexpr Size lanes = L::count, parts = (Layout::width + lanes - 1) / lanes;
  const Size extent = Along ? m.rows : m.cols, depth = Along ? m.cols : m.rows, units = units_of<Unit>(depth);
  const auto scale = L::all(factor);
  const auto part_of_block = [&]<Size Part>(Size panel, Size u) {
    const Size e = panel * Layout::width + lanes * Part, k = u * Unit::depth;
    const Size there = std::min(extent - e, Layout::width - lanes * Part);
    typename L::Units block[lanes];
    if constexpr (Along) {
      for (Size i = 0; i < lanes; ++i) {
        block[i] = i < there ? Unit::along(m.row(e + i) + k, depth - k, scale) : L::zero();
      }
    } else {
      const auto columns = L::first(there);
      for (Size i = 0; i < lanes; ++i) {
        const Size row = k + i * Unit::depth;
        block[i] = there > 0 ? Unit::across(m.data + row * m.ld + e, m.ld, depth - row, columns, scale) : L::zero();
      }
    }
    if constexpr (Along == Layout::by_depth) L::transpose(block);
    Layout::template store<L, Part>(packed + panel * Layout::width * units, u, block);
  };
  const auto block_of = [&]<Size... Part>(Size panel, Size u, std::integer_sequence<Size, Part...>) {
    (part_of_block.template operator()<Part>(panel, u), ...);
  };
  // in the order in which m lies
  for (Size outer = 0; outer < (Along ? count : units / lanes); ++outer) {
    for (Size inner = 0; inner < (Along ? units / lanes : count); ++inner) {
      block_of(first + (Along ? outer : inner), lanes * (Along ? inner : outer),
               std::make_integer_sequence<Size, parts>{});
    }
  }
}

}  // namespace hashweave::cpu
#endif
