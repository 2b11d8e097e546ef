#pragma once
#include <hashweave/cpu/pack.hpp>
#include <hashweave/cpu/start.hpp>

#if HASHWEAVE_AVX2 || HASHWEAVE_AVX512
namespace hashweave::cpu {

/// What stays in the second cache: so many rows of the left operand, which is packed block by block, and columns of the
/// right one. A tile has two, the second for right operands that come from the third cache for each block of rows.
struct Block {
  Size rows, cols;
};

// Tiles take what is to be computed by reference: copied, it would be read back wider than it was written, which waits
// until all results before have left for the caches.

#if HASHWEAVE_AVX2
/// A tile of the result, 6 x 16, in 12 of the 16 vector registers of AVX2. The left operand's values are spread one by
/// one, so that rows are read where they lie.
struct Avx2Tile {
  using Unit = FloatUnit<Lanes8>;
  using Left = DepthMajor<6>;
  using Right = DepthMajor<16>;
  static constexpr Size most_units = 256;  ///< of depth, so that panels of both operands stay in the first cache
  static constexpr Block block{128, 256}, block_of_large = block;

  static void begin() {}
  static void end() {}

  /// c = start + a b over `units` of depth; c is at most a tile.
  static void multiply(const Mat<float>& c, const Start<float>& start, const std::int32_t* a, const std::int32_t* b,
                       Size units) {
    const auto* left = reinterpret_cast<const float*>(a);
    multiply(c, start, 1.0F, b, units, [left](Size row, Size u) { return left + rows * u + row; });
  }
  /// c = start + alpha * a b, where the rows of a are as long as b is deep.
  static void multiply_rows(const Mat<float>& c, const Start<float>& start, Mat<const float> a, float alpha,
                            const std::int32_t* b) {
    const float* at[rows];  // rows that are not there: the last one once more
    for (Size r = 0; r < rows; ++r) at[r] = a.row(std::min(r, a.rows - 1));
    multiply(c, start, alpha, b, a.cols, [&at](Size row, Size u) { return at[row] + u; });
  }

 private:
  static constexpr int rows = 6;

  template <class LeftAt>
  static void multiply(const Mat<float>& c, const Start<float>& start, float alpha, const std::int32_t* b, Size depth,
                       LeftAt left) {
    __m256 sum[rows][2];
#pragma GCC unroll 6
    for (int r = 0; r < rows; ++r) sum[r][0] = sum[r][1] = _mm256_setzero_ps();
    const auto* right = reinterpret_cast<const float*>(b);
    for (Size u = 0; u < depth; ++u) {
      const __m256 b0 = _mm256_loadu_ps(right + 16 * u), b1 = _mm256_loadu_ps(right + 16 * u + 8);
#pragma GCC unroll 6
      for (int r = 0; r < rows; ++r) {
        const __m256 x = _mm256_broadcast_ss(left(r, u));
        sum[r][0] = _mm256_fmadd_ps(x, b0, sum[r][0]);
        sum[r][1] = _mm256_fmadd_ps(x, b1, sum[r][1]);
      }
    }
    if (c.rows == rows && c.cols == Right::width) return add(c, start, alpha, sum);
    float values[rows * 16] = {};
    const Mat<float> all = matrix(values, rows, 16);
    start.write(c);
    for (Size r = 0; r < c.rows; ++r) std::copy_n(c.row(r), c.cols, all.row(r));
    add(all, {nullptr, true}, alpha, sum);
    for (Size r = 0; r < c.rows; ++r) std::copy_n(all.row(r), c.cols, c.row(r));
  }
  /// c = start + alpha * sum, a whole tile.
  static void add(Mat<float> c, Start<float> start, float alpha, const __m256 (&sum)[rows][2]) {
    const bool biased = !start.keep && start.bias != nullptr;
    const __m256 first = biased ? _mm256_loadu_ps(start.bias) : _mm256_setzero_ps();
    const __m256 second = biased ? _mm256_loadu_ps(start.bias + 8) : _mm256_setzero_ps();
    const __m256 factor = _mm256_set1_ps(alpha);
#pragma GCC unroll 6
    for (int r = 0; r < rows; ++r) {
      float* to = c.row(r);
      _mm256_storeu_ps(to, _mm256_fmadd_ps(factor, sum[r][0], start.keep ? _mm256_loadu_ps(to) : first));
      _mm256_storeu_ps(to + 8, _mm256_fmadd_ps(factor, sum[r][1], start.keep ? _mm256_loadu_ps(to + 8) : second));
    }
  }
};
#endif

#if HASHWEAVE_AVX512
/// A tile of the result, 14 x 32, in 28 of the 32 vector registers. `Unit` says what is multiplied.
template <class U>
struct VectorTile {
  using Unit = U;
  using Left = DepthMajor<14>;
  using Right = DepthMajor<32>;
  static constexpr Size most_units = U::depth == 1 ? 256 : 384;
  static constexpr Block block{128, 512}, block_of_large = block;

  static void begin() {}
  static void end() {}

  /// c = start + a b over `units` of depth; c is at most a tile.
  static void multiply(const Mat<float>& c, const Start<float>& start, const std::int32_t* a, const std::int32_t* b,
                       Size units) {
    if (c.rows == Left::width) {
      tile<true>(c, start, a, b, units);
    } else {
      tile<false>(c, start, a, b, units);
    }
  }

 private:
  static __m512 fused(__m512 sum, std::int32_t a, __m512i b) {
    if constexpr (Unit::depth == 1) {
      return _mm512_fmadd_ps(_mm512_set1_ps(std::bit_cast<float>(a)), _mm512_castsi512_ps(b), sum);
    } else {
#if HASHWEAVE_AVX512_BF16
      return _mm512_dpbf16_ps(sum, std::bit_cast<__m512bh>(_mm512_set1_epi32(a)), std::bit_cast<__m512bh>(b));
#endif
    }
  }
  template <bool Whole>
  static void tile(const Mat<float>& c, const Start<float>& start, const std::int32_t* a, const std::int32_t* b,
                   Size units) {
    constexpr int rows = 14;
    const __mmask16 left = Lanes16::first(c.cols), right = Lanes16::first(c.cols - 16);
    __m512 sum[rows][2];
    __m512 first = _mm512_setzero_ps(), second = first;
    if (!start.keep && start.bias != nullptr) {
      first = _mm512_maskz_loadu_ps(left, start.bias);
      second = _mm512_maskz_loadu_ps(right, start.bias + 16);
    }
#pragma GCC unroll 14
    for (int r = 0; r < rows; ++r) {
      const bool load = start.keep && (Whole || r < c.rows);
      sum[r][0] = load ? _mm512_maskz_loadu_ps(left, c.row(r)) : first;
      sum[r][1] = load ? _mm512_maskz_loadu_ps(right, c.row(r) + 16) : second;
    }
    for (Size u = 0; u < units; ++u) {
      const __m512i b0 = _mm512_loadu_si512(b + 32 * u), b1 = _mm512_loadu_si512(b + 32 * u + 16);
#pragma GCC unroll 14
      for (int r = 0; r < rows; ++r) {
        sum[r][0] = fused(sum[r][0], a[rows * u + r], b0);
        sum[r][1] = fused(sum[r][1], a[rows * u + r], b1);
      }
    }
#pragma GCC unroll 14
    for (int r = 0; r < rows; ++r) {
      if (!Whole && r >= c.rows) break;
      _mm512_mask_storeu_ps(c.row(r), left, sum[r][0]);
      _mm512_mask_storeu_ps(c.row(r) + 16, right, sum[r][1]);
    }
  }
};

#if HASHWEAVE_AMX
/// A tile of the result, 32 x 32, in four of AMX's eight tiles.
struct AmxTile {
  using Unit = PairUnit;
  using Left = RowMajorTiles;
  using Right = DepthMajor<32>;
  static constexpr Size most_units = 512;
  static constexpr Block block{128, 512}, block_of_large{256, 256};

  static void begin() {
    struct alignas(64) Shape {
      std::uint8_t palette = 1, row = 0, none[14] = {};
      std::uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      std::uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
    };
    static constexpr Shape shape;  // g++ 12 does not know that more than its first bytes are read
    _tile_loadconfig(&shape);
  }
  static void end() { _tile_release(); }

  static void multiply(const Mat<float>& c, const Start<float>& start, const std::int32_t* a, const std::int32_t* b,
                       Size units) {
    if (c.rows == 32 && c.cols == 32) return whole(c, start, a, b, units);
    alignas(64) float values[32 * 32];
    const Mat<float> all = matrix(values, 32, 32);
    const __mmask16 left = Lanes16::first(c.cols), right = Lanes16::first(c.cols - 16);
    start.write(c);
    for (Size r = 0; r < 32; ++r) {
      const bool some = r < c.rows;
      _mm512_store_ps(all.row(r), some ? _mm512_maskz_loadu_ps(left, c.row(r)) : _mm512_setzero_ps());
      _mm512_store_ps(all.row(r) + 16, some ? _mm512_maskz_loadu_ps(right, c.row(r) + 16) : _mm512_setzero_ps());
    }
    whole(all, {nullptr, true}, a, b, units);
    for (Size r = 0; r < c.rows; ++r) {
      _mm512_mask_storeu_ps(c.row(r), left, _mm512_load_ps(all.row(r)));
      _mm512_mask_storeu_ps(c.row(r) + 16, right, _mm512_load_ps(all.row(r) + 16));
    }
  }

 private:
  /// Asks for two rows of the result, two lines each: they are far away until then, and a store would wait for them.
  static void want(const Mat<float>& c, Size row) {
    for (const float* at : {c.row(row), c.row(row + 1)}) {
      __builtin_prefetch(at, 1);
      __builtin_prefetch(at + 16, 1);
    }
  }
  static void whole(const Mat<float>& c, const Start<float>& start, const std::int32_t* a, const std::int32_t* b,
                    Size units) {
    if (start.keep || start.bias != nullptr) {
      const float* from = start.keep ? c.data : start.bias;
      const auto step = static_cast<std::size_t>(start.keep ? c.ld : 0);  // every row of a tile is the bias
      _tile_loadd(0, from, step * 4);
      _tile_loadd(1, from + 16, step * 4);
      _tile_loadd(2, from + 16 * step, step * 4);
      _tile_loadd(3, from + 16 * step + 16, step * 4);
    } else {
      _tile_zero(0);
      _tile_zero(1);
      _tile_zero(2);
      _tile_zero(3);
    }
    for (Size u = 0; u < units; u += 16) {
      const std::int32_t *rows = a + 32 * u, *cols = b + 32 * u;
      if (u < 256) want(c, u / 8);
      for (int line = 0; line < 32; ++line) __builtin_prefetch(cols + 2 * 32 * 16 + 16 * line);  // two steps ahead
      _tile_loadd(4, rows, 64);
      _tile_loadd(6, cols, 128);
      _tile_dpbf16ps(0, 4, 6);
      _tile_loadd(7, cols + 16, 128);
      _tile_dpbf16ps(1, 4, 7);
      _tile_loadd(5, rows + 256, 64);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
    const auto step = static_cast<std::size_t>(c.ld);
    _tile_stored(0, c.data, step * 4);
    _tile_stored(1, c.data + 16, step * 4);
    _tile_stored(2, c.data + 16 * step, step * 4);
    _tile_stored(3, c.data + 16 * step + 16, step * 4);
  }
};
#endif
#endif

}  // namespace hashweave::cpu
#endif
