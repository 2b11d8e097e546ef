#pragma once
#include <hashweave/core/attention.hpp>
#include <hashweave/cuda/philox.cuh>
#include <hashweave/cuda/reduce.cuh>

// What the attention kernels share. A block has 256 threads and a tile of 32 rows; 8 neighbouring threads share a row.
// Each holds every 8th column of the row's sums and every 8th of 32 logits.
namespace hashweave::cuda {

inline constexpr Size tile_rows = 32, row_threads = 8;

/// One head of one sequence, as the kernels see it. `Columns` is how many columns of a head a thread holds: heads are
/// at most 8 Columns wide.
template <class T>
struct HeadOf {
  const Size* offsets;
  const std::int32_t* ids;
  Mat<const T> bias;
  Size heads, width;
  T factor;
  bool causal, drops;
  Dropping<T> dropping;

  __device__ Size head() const { return block_x() % heads; }
  __device__ Size begin() const { return at(offsets, block_x() / heads); }
  __device__ Size length() const { return at(offsets, block_x() / heads + 1) - begin(); }
  /// The first column of q (0), k (1) or v (2) in the packed projections.
  __device__ Size column(Size which) const { return (which * heads + head()) * width; }
  __device__ Size bias_place(Size token) const { return ids == nullptr ? token - begin() : Size{at(ids, token)}; }
  /// The bias of a query and a key, both rows of the batch.
  __device__ T bias_of(Size query, Size key) const {
    return bias.data == nullptr ? T{0} : T{at(bias, head() * bias.cols + bias_place(query), bias_place(key))};
  }
  /// x times the dropout mask of a pair.
  __device__ T drop(T x, Size query, Size key) const {
    if (!drops) return x;
    return dropping(
        x, (static_cast<std::uint64_t>(query * heads + head()) << 24) + static_cast<std::uint64_t>(key - begin()));
  }
};

/// On the tape: the caller's scope gives it back.
template <class T>
HeadOf<T> head_of(Cuda<T>& be, const AttentionShape& shape, Mat<const T> bias, Size width) {
  return {on_device(be, shape.segments.offsets, shape.segments.count + 1),
          on_device(be, shape.ids, shape.segments.rows()),
          bias,
          shape.heads,
          width,
          T{1} / std::sqrt(static_cast<T>(width)),
          shape.causal,
          shape.dropout > 0,
          shape.dropout > 0 ? Dropping<T>{shape.dropout, shape.stream} : Dropping<T>{}};
}

/// A tile of 32 rows in shared memory; one column more, so that rows fall into other banks.
template <class T, int Columns>
struct Tile {
  static constexpr int cols = 8 * Columns, ld = cols + 1;
  Shared<T, 32 * ld> values;

  /// Rows [first, first + 32) of m, from its column `column` on; 0 from row `end` on.
  __device__ void load(const Mat<const T>& m, Size first, Size end, Size column, Size width) {
    for (Size i = thread_x(); i < tile_rows * cols; i += block_threads) {
      const Size r = i / cols, c = i % cols;
      if (c < width) values[r * ld + c] = first + r < end ? T{at(m, first + r, column + c)} : T{0};
    }
  }
  __device__ T get(Size r, Size c) { return values[r * ld + c]; }
  /// dots[j] = row r of this · row sub + 8 j of the other. What is read of this serves four products.
  __device__ void multiply(T (&dots)[4], Size r, Tile& other, Size sub, Size width) {
    HASHWEAVE_UNROLL
    for (int j = 0; j < 4; ++j) dots[j] = 0;
    for (Size c = 0; c < width; ++c) {
      const T own = get(r, c);
      HASHWEAVE_UNROLL
      for (int j = 0; j < 4; ++j) dots[j] += own * other.get(sub + j * row_threads, c);
    }
  }
};

/// A tile of weights (32 x 32).
template <class T>
struct Weights {
  Shared<T, 32 * 33> values;
  __device__ void set(Size r, Size c, T v) { values[r * 33 + c] = v; }
  /// sums[n] += row r of this · column sub + 8 n of the tile
  template <int Columns>
  __device__ void add_products(T (&sums)[Columns], Size r, Tile<T, Columns>& tile, Size sub, Size width) {
    for (Size k = 0; k < tile_rows; ++k) {
      const T own = values[r * 33 + k];
      HASHWEAVE_UNROLL
      for (int n = 0; n < Columns; ++n) {
        if (sub + n * row_threads < width) sums[n] += own * tile.get(k, sub + n * row_threads);
      }
    }
  }
};

/// Over the 8 threads of a row.
template <class T>
__device__ T row_sum(T v) {
  return warp_sum<row_threads>(v);
}
template <class T>
__device__ T row_max(T v) {
  return warp_max<row_threads>(v);
}

inline Size tiles_of(Size rows) { return (rows + tile_rows - 1) / tile_rows; }

/// Calls f with the number of columns that a thread holds, as a compile-time constant.
/// @throws Error for heads wider than 128.
template <class F>
void with_columns(Size width, F&& f) {
  require(width <= 128, "Cuda: attention", "width of a head", "at most 128", width);
  if (width <= 64) return f(std::integral_constant<int, 8>{});
  f(std::integral_constant<int, 16>{});
}

}  // namespace hashweave::cuda
