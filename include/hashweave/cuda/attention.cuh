#pragma once
#include <hashweave/cuda/attention_tile.cuh>
#include <hashweave/cuda/kernels.hpp>

namespace hashweave {

namespace cuda {

/// Block (sequence and head, tile of queries). The keys pass tile by tile; a row keeps its largest logit, its sum of
/// exponentials and its weighted sum of values, and brings them down when a larger logit comes.
/// Source: Milakov, Gimelshein, arXiv:1805.02867, algorithm 3; Dao et al., arXiv:2205.14135, algorithm 1.
template <class T, int Columns>
__global__ void __launch_bounds__(256, 2) attention_kernel(Mat<T> o, Mat<T> lse, Mat<const T> qkv, HeadOf<T> h) {
  __shared__ Tile<T, Columns> queries, keys;  // keys, then values
  __shared__ Weights<T> weights;
  const Size begin = h.begin(), length = h.length(), width = h.width;
  const Size first = block_y() * tile_rows;
  if (first >= length) return;
  const Size row = thread_x() / row_threads, sub = thread_x() % row_threads, query = first + row;
  const Size visible = h.causal ? smaller(length, first + tile_rows) : length;
  queries.load(qkv, begin + first, begin + length, h.column(0), width);
  T sums[Columns]{};
  T top = lowest<T>(), total = 0;
  for (Size from = 0; from < visible; from += tile_rows) {
    barrier();
    keys.load(qkv, begin + from, begin + length, h.column(1), width);
    barrier();
    T s[4];
    queries.multiply(s, row, keys, sub, width);
    T most = lowest<T>();
    HASHWEAVE_UNROLL
    for (int j = 0; j < 4; ++j) {
      const Size local = sub + j * row_threads, key = from + local;
      const bool seen = query < length && key < length && (!h.causal || key <= query);
      s[j] = seen ? h.factor * s[j] + h.bias_of(begin + query, begin + key) : lowest<T>();
      most = larger(most, s[j]);
    }
    most = larger(top, row_max(most));
    const T down = most == lowest<T>() ? T{1} : exp_of(top - most);
    T part = 0;
    HASHWEAVE_UNROLL
    for (int j = 0; j < 4; ++j) {
      const Size local = sub + j * row_threads;
      const T p = s[j] == lowest<T>() ? T{0} : exp_of(s[j] - most);
      part += p;
      weights.set(row, local, p == 0 ? T{0} : h.drop(p, begin + query, begin + from + local));
    }
    total = total * down + row_sum(part);
    top = most;
    barrier();
    keys.load(qkv, begin + from, begin + length, h.column(2), width);
    barrier();
    HASHWEAVE_UNROLL
    for (int n = 0; n < Columns; ++n) sums[n] *= down;
    weights.add_products(sums, row, keys, sub, width);
  }
  if (query >= length) return;
  HASHWEAVE_UNROLL
  for (int n = 0; n < Columns; ++n) {
    const Size c = sub + n * row_threads;
    if (c < width) at(o, begin + query, h.head() * width + c) = sums[n] / total;
  }
  if (sub == 0) at(lse, begin + query, h.head()) = top + log_of(total);
}

}  // namespace cuda

template <class T>
void attention(Cuda<T>& be, Out<T> o, Out<T> lse, In<T> qkv, In<T> bias, const AttentionShape& shape) {
  const Size width = o.cols / shape.heads;
  const TapeScope<Cuda<T>> scope{be};
  const cuda::HeadOf<T> head = cuda::head_of<T>(be, shape, bias, width);
  const cuda::Blocks blocks{shape.segments.count * shape.heads, cuda::tiles_of(shape.segments.longest())};
  cuda::with_columns(width, [&](auto columns) {
    launch(be.device(), blocks, cuda::block_threads, cuda::attention_kernel<T, decltype(columns)::value>, o, lse, qkv,
           head);
  });
}

}  // namespace hashweave
