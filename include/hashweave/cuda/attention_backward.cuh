#pragma once
#include <hashweave/cuda/attention_tile.cuh>
#include <hashweave/cuda/kernels.hpp>

// With P = exp(s - lse), P̃ = P after dropout, dP = the mask times do vᵀ and delta = do · o: ds = P (dP - delta),
// dq = ds k, dk = dsᵀ q, dv = P̃ᵀ do. One kernel walks over the keys of a tile of queries, one over the queries of a
// tile of keys: P is computed twice, and no sum needs an atomic addition.
namespace hashweave {

namespace cuda {

/// What both kernels read.
template <class T>
struct AttentionBackward {
  Mat<const T> d_o, qkv, o, lse, delta;
  HeadOf<T> h;

  /// P and ds of a pair, from dots of their rows.
  __device__ void pair(T& p, T& ds, T q_dot_k, T do_dot_v, Size query, Size key) const {
    const T s = h.factor * q_dot_k + h.bias_of(query, key);
    p = exp_of(s - at(lse, query, h.head()));
    ds = p * (h.drop(do_dot_v, query, key) - at(delta, query, h.head()));
  }
};

/// delta (tokens, heads); a warp takes a token.
template <class T>
struct DeltaRow {
  Mat<T> delta;
  Mat<const T> d_o, o;
  Size width;
  __device__ void operator()(Size r) const {
    for (Size h = 0; h < delta.cols; ++h) {
      T sum = 0;
      for (Size c = lane(); c < width; c += warp_threads) sum += at(d_o, r, h * width + c) * at(o, r, h * width + c);
      sum = warp_sum(sum);
      if (lane() == 0) at(delta, r, h) = sum;
    }
  }
};

/// dq of a tile of queries. Where there is a bias, ds is kept: all_ds (heads * tokens, longest).
template <class T, int Columns>
__global__ void __launch_bounds__(256, 2) attention_dq_kernel(Mat<T> dqkv, Mat<T> all_ds, AttentionBackward<T> b) {
  __shared__ Tile<T, Columns> first_tile, second_tile;  // q and k, then do and v, then k again
  __shared__ Weights<T> weights;
  const HeadOf<T>& h = b.h;
  const Size begin = h.begin(), length = h.length(), end = begin + length, width = h.width;
  const Size first = block_y() * tile_rows;
  if (first >= length) return;
  const Size row = thread_x() / row_threads, sub = thread_x() % row_threads, query = first + row;
  const Size visible = h.causal ? smaller(length, first + tile_rows) : length;
  T sums[Columns]{};
  for (Size from = 0; from < visible; from += tile_rows) {
    T logits[4], d[4];
    barrier();
    first_tile.load(b.qkv, begin + first, end, h.column(0), width);
    second_tile.load(b.qkv, begin + from, end, h.column(1), width);
    barrier();
    first_tile.multiply(logits, row, second_tile, sub, width);
    barrier();
    first_tile.load(b.d_o, begin + first, end, h.head() * width, width);
    second_tile.load(b.qkv, begin + from, end, h.column(2), width);
    barrier();
    first_tile.multiply(d, row, second_tile, sub, width);
    HASHWEAVE_UNROLL
    for (int j = 0; j < 4; ++j) {
      const Size local = sub + j * row_threads, key = from + local;
      T p = 0, ds = 0;
      if (query < length && key < length && (!h.causal || key <= query)) {
        b.pair(p, ds, logits[j], d[j], begin + query, begin + key);
      }
      weights.set(row, local, ds);
      if (all_ds.data != nullptr && query < length && key < length) {
        at(all_ds, h.head() * b.qkv.rows + begin + query, key) = ds;
      }
    }
    barrier();
    second_tile.load(b.qkv, begin + from, end, h.column(1), width);
    barrier();
    weights.add_products(sums, row, second_tile, sub, width);
  }
  if (query >= length) return;
  HASHWEAVE_UNROLL
  for (int n = 0; n < Columns; ++n) {
    const Size c = sub + n * row_threads;
    if (c < width) at(dqkv, begin + query, h.column(0) + c) = h.factor * sums[n];
  }
}

/// dk and dv of a tile of keys.
template <class T, int Columns>
__global__ void __launch_bounds__(256, 2) attention_dkv_kernel(Mat<T> dqkv, AttentionBackward<T> b) {
  __shared__ Tile<T, Columns> key_tile, query_tile;  // k and q, then v and do, then q again
  __shared__ Weights<T> weights;
  const HeadOf<T>& h = b.h;
  const Size begin = h.begin(), length = h.length(), end = begin + length, width = h.width;
  const Size first = block_y() * tile_rows;
  if (first >= length) return;
  const Size row = thread_x() / row_threads, sub = thread_x() % row_threads, key = first + row;
  T d_keys[Columns]{}, d_values[Columns]{};
  for (Size from = h.causal ? first : 0; from < length; from += tile_rows) {
    T logits[4], d[4], ds[4];
    barrier();
    key_tile.load(b.qkv, begin + first, end, h.column(1), width);
    query_tile.load(b.qkv, begin + from, end, h.column(0), width);
    barrier();
    key_tile.multiply(logits, row, query_tile, sub, width);
    barrier();
    key_tile.load(b.qkv, begin + first, end, h.column(2), width);
    query_tile.load(b.d_o, begin + from, end, h.head() * width, width);
    barrier();
    key_tile.multiply(d, row, query_tile, sub, width);
    HASHWEAVE_UNROLL
    for (int j = 0; j < 4; ++j) {
      const Size local = sub + j * row_threads, query = from + local;
      T p = 0;
      ds[j] = 0;
      if (query < length && key < length && (!h.causal || key <= query)) {
        b.pair(p, ds[j], logits[j], d[j], begin + query, begin + key);
        p = h.drop(p, begin + query, begin + key);
      }
      weights.set(row, local, p);
    }
    barrier();
    weights.add_products(d_values, row, query_tile, sub, width);
    barrier();
    HASHWEAVE_UNROLL
    for (int j = 0; j < 4; ++j) weights.set(row, sub + j * row_threads, ds[j]);
    query_tile.load(b.qkv, begin + from, end, h.column(0), width);
    barrier();
    weights.add_products(d_keys, row, query_tile, sub, width);
  }
  if (key >= length) return;
  HASHWEAVE_UNROLL
  for (int n = 0; n < Columns; ++n) {
    const Size c = sub + n * row_threads;
    if (c < width) {
      at(dqkv, begin + key, h.column(1) + c) = h.factor * d_keys[n];
      at(dqkv, begin + key, h.column(2) + c) = d_values[n];
    }
  }
}

/// dbias(head, a, b) += Σ ds over the pairs of a query at place a and a key at place b, sequence by sequence in order.
template <class T>
struct BiasGradient {
  Mat<T> dbias;
  Mat<const T> all_ds;
  const Size* offsets;
  const std::int32_t* ids;
  Size count, heads;
  bool causal;
  __device__ void operator()(Size r, Size b) const {
    const Size head = r / dbias.cols, a = r % dbias.cols, tokens = all_ds.rows / heads;
    T sum = 0;
    for (Size s = 0; s < count; ++s) {
      const Size begin = at(offsets, s), length = at(offsets, s + 1) - begin;
      if (ids == nullptr) {
        if (a < length && b < length && (!causal || b <= a)) sum += at(all_ds, head * tokens + begin + a, b);
        continue;
      }
      for (Size i = 0; i < length; ++i) {
        if (at(ids, begin + i) != a) continue;
        for (Size j = 0; j < (causal ? i + 1 : length); ++j) {
          if (at(ids, begin + j) == b) sum += at(all_ds, head * tokens + begin + i, j);
        }
      }
    }
    at(dbias, r, b) += sum;
  }
};

}  // namespace cuda

template <class T>
void attention_backward(Cuda<T>& be, Out<T> dqkv, Out<T> dbias, In<T> d_o, In<T> qkv, In<T> o, In<T> lse, In<T> bias,
                        const AttentionShape& shape) {
  const Size width = o.cols / shape.heads, longest = shape.segments.longest();
  const TapeScope<Cuda<T>> scope{be};
  const Mat<T> delta = matrix(be.tape().template take<T>(o.rows * shape.heads), o.rows, shape.heads);
  Mat<T> all_ds{};
  if (dbias.data != nullptr) {
    all_ds = matrix(be.tape().template take<T>(shape.heads * o.rows * longest), shape.heads * o.rows, longest);
  }
  cuda::for_rows(be, o.rows, cuda::DeltaRow<T>{delta, d_o, o, width});
  const cuda::AttentionBackward<T> b{d_o, qkv, o, lse, delta, cuda::head_of<T>(be, shape, bias, width)};
  const cuda::Blocks blocks{shape.segments.count * shape.heads, cuda::tiles_of(longest)};
  cuda::with_columns(width, [&](auto columns) {
    constexpr int held = decltype(columns)::value;
    launch(be.device(), blocks, cuda::block_threads, cuda::attention_dq_kernel<T, held>, dqkv, all_ds, b);
    launch(be.device(), blocks, cuda::block_threads, cuda::attention_dkv_kernel<T, held>, dqkv, b);
  });
  if (dbias.data != nullptr) {
    cuda::for_each(
        be, dbias.rows, dbias.cols,
        cuda::BiasGradient<T>{dbias, all_ds, b.h.offsets, b.h.ids, shape.segments.count, shape.heads, shape.causal});
  }
}

}  // namespace hashweave
