#pragma once
#include <hashweave/core/form.hpp>
#include <hashweave/cpu/tiles.hpp>

#if HASHWEAVE_AVX2 || HASHWEAVE_AVX512
namespace hashweave::cpu {

/// Products of a packed right operand; `Tile` is the arithmetic. The left one is packed block by block on the way, and
/// a block stays in the second cache.
template <class T>
struct Packed {
  using Tile = T;
  using Unit = typename Tile::Unit;
  using Left = typename Tile::Left;
  using Right = typename Tile::Right;

  /// For a right operand of `n` columns and depth `k`; rows make whole panels.
  static constexpr Block block_of(Size n, Size k) {
    Block block = n * deepest(k) * 4 > Size{5} << 18 ? Tile::block_of_large : Tile::block;
    block.rows = block.rows / Left::width * Left::width;
    return block;
  }
  static std::size_t right_bytes(Size n, Size k) { return packed_bytes<Unit, Right>(n, k); }
  /// Bytes that `multiply` needs for any result of at most `n` columns and any depth of at most `k`.
  static std::size_t left_bytes(Size n, Size k) {
    return static_cast<std::size_t>(block_of(n, k).rows * deepest(k) * 4);
  }
  template <Form F>
  static void pack_right(std::int32_t* to, Mat<const float> b, Size first, Size count) {
    pack<Unit, Right, F == Form::nt>(to, b, 1.0F, first, count);
  }

  /// c = start + alpha * op(a) b, where b begins with panel `col` of `right`; then `finish` of each block of c, if it
  /// is not null, while the block is still in the second cache.
  template <Form F>
  static void multiply(Mat<float> c, Start<float> start, Mat<const float> a, float alpha, const std::int32_t* right,
                       Size col, std::int32_t* left, Block block, void (*finish)(const Mat<float>&) = nullptr) {
    constexpr bool along = F != Form::tn;
    const Size depth = along ? a.cols : a.rows, units = units_of<Unit>(depth), deep_units = cut_of(units);
    Tile::begin();
    for (Size row = 0; row < c.rows; row += block.rows) {
      const Size rows = std::min(block.rows, c.rows - row);
      for (Size u = 0; u < std::max<Size>(1, units); u += deep_units) {
        const Size count = std::min(deep_units, units - u), k = u * Unit::depth;
        const Size deep = std::min(count * Unit::depth, depth - k);
        const Mat<const float> part =
            along ? cols_of(rows_of(a, row, rows), k, deep) : cols_of(rows_of(a, k, deep), row, rows);
        constexpr bool in_place = along && requires { &Tile::multiply_rows; };
        if constexpr (!in_place) pack<Unit, Left, along>(left, part, alpha, 0, panels_of<Left>(rows));
        const auto tile = [&](Size i, Size j) {
          const std::int32_t* b = right + ((col + j / Right::width) * units + u) * Right::width;
          const Start<float> from = u == 0 ? start.from_column(j) : Start<float>{nullptr, true};
          const Size tall = std::min(Left::width, rows - i);
          const Mat<float> to = cols_of(rows_of(c, row + i, tall), j, std::min(Right::width, c.cols - j));
          if constexpr (in_place) {
            Tile::multiply_rows(to, from, rows_of(part, i, tall), alpha, b);
          } else {
            Tile::multiply(to, from, left + i * count, b, count);
          }
        };
        for (Size first = 0; first < c.cols; first += block.cols) {
          const Size end = std::min(c.cols, first + block.cols);
          for (Size i = 0; i < rows; i += Left::width) {
            for (Size j = first; j < end; j += Right::width) tile(i, j);
          }
          if (finish != nullptr && u + count >= units) finish(cols_of(rows_of(c, row, rows), first, end - first));
        }
      }
    }
    Tile::end();
  }

 private:
  /// Units of depth at a time: at most, and as they are cut in equal parts.
  static constexpr Size deepest(Size k) { return std::min(units_of<Unit>(k), Tile::most_units); }
  static constexpr Size cut_of(Size units) {
    const Size parts = std::max<Size>(1, (units + Tile::most_units - 1) / Tile::most_units);
    return std::max<Size>(16, ((units + parts - 1) / parts + 15) / 16 * 16);
  }
};

}  // namespace hashweave::cpu
#endif
