#pragma once
#include <hashweave/cuda/attention_tilings.cuh>
#include <hashweave/cuda/kernels.hpp>

// With P = exp(s - lse), P̃ = P after dropout, dP = the mask times do vᵀ and delta = do · o: ds = P (dP - delta),
// dq = ds k, dk = dsᵀ q, dv = P̃ᵀ do. One kernel walks over the keys of a tile of queries, one over the queries of a
// tile of keys: P is computed twice, and no sum needs an atomic addition.
namespace hashweave {

namespace cuda {

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
template <class Tiles, class T = typename Tiles::Scalar>
__global__ void __launch_bounds__(Tiles::threads, 2)
    attention_dq_kernel(Mat<T> dqkv, Mat<T> all_ds, AttentionBackward<T> b) {
  constexpr int held_rows = Tiles::held_rows, held_logits = Tiles::held_logits, held_sums = Tiles::held_sums;
  __shared__ typename Tiles::Memory memory;
  const HeadOf<T>& h = b.h;
  const Size begin = h.begin(), length = h.length(), first = block_y() * Tiles::rows;
  if (first >= length) return;
  const Size visible = h.causal ? smaller(length, first + Tiles::rows) : length;
  Tiles tiles{memory, b, first};
  T sums[held_rows][held_sums]{};
  for (Size from = 0; from < visible; from += Tiles::step) {
    tiles.load(from);
    if (Tiles::may_skip(h, first, from, length)) continue;
    T s[held_rows][held_logits], d[held_rows][held_logits];
    tiles.logits(s, d, from);
    HASHWEAVE_UNROLL
    for (int i = 0; i < held_rows; ++i) {
      const Size query = first + Tiles::row(i);
      const auto of_query = b.query(query, length);
      HASHWEAVE_UNROLL
      for (int j = 0; j < held_logits; ++j) {
        const Size key = from + Tiles::place(j);
        T p = 0, ds = 0;
        if (h.sees(query, key, length)) b.pair(p, ds, s[i][j], d[i][j], of_query, begin + query, begin + key);
        d[i][j] = ds;
        if (all_ds.data != nullptr && query < length && key < length) {
          at(all_ds, h.head() * b.qkv.rows + begin + query, key) = ds;
        }
      }
    }
    tiles.add(sums, d, from);
  }
  const Mat<T> dq = h.part(dqkv, 0);
  HASHWEAVE_UNROLL
  for (int i = 0; i < held_rows; ++i) {
    const Size query = first + Tiles::row(i);
    HASHWEAVE_UNROLL
    for (int n = 0; n < held_sums; ++n) {
      if (query < length && Tiles::place(n) < h.width) at(dq, query, Tiles::place(n)) = h.factor * sums[i][n];
    }
  }
}

/// dk and dv of a tile of keys.
template <class Tiles, class T = typename Tiles::Scalar>
__global__ void __launch_bounds__(Tiles::threads, 2) attention_dkv_kernel(Mat<T> dqkv, AttentionBackward<T> b) {
  constexpr int held_rows = Tiles::held_rows, held_logits = Tiles::held_logits, held_sums = Tiles::held_sums;
  __shared__ typename Tiles::Memory memory;
  const HeadOf<T>& h = b.h;
  const Size begin = h.begin(), length = h.length(), first = block_y() * Tiles::rows;
  if (first >= length) return;
  Tiles tiles{memory, b, first};
  T d_keys[held_rows][held_sums]{}, d_values[held_rows][held_sums]{};
  for (Size from = h.causal ? first : 0; from < length; from += Tiles::step) {
    tiles.load(from);
    if (Tiles::may_skip(h, first, from, length)) continue;
    T s[held_rows][held_logits], d[held_rows][held_logits];
    tiles.logits(s, d, from);
    HASHWEAVE_UNROLL
    for (int j = 0; j < held_logits; ++j) {
      const Size query = from + Tiles::place(j);
      const auto of_query = b.query(query, length);
      HASHWEAVE_UNROLL
      for (int i = 0; i < held_rows; ++i) {
        const Size key = first + Tiles::row(i);
        T p = 0, ds = 0;
        if (h.sees(query, key, length)) {
          b.pair(p, ds, s[i][j], d[i][j], of_query, begin + query, begin + key);
          p = h.drop(p, begin + query, begin + key);
        }
        s[i][j] = p;
        d[i][j] = ds;
      }
    }
    tiles.add(d_keys, d_values, d, s, from);
  }
  const Mat<T> dk = h.part(dqkv, 1), dv = h.part(dqkv, 2);
  HASHWEAVE_UNROLL
  for (int i = 0; i < held_rows; ++i) {
    const Size key = first + Tiles::row(i);
    HASHWEAVE_UNROLL
    for (int n = 0; n < held_sums; ++n) {
      if (key >= length || Tiles::place(n) >= h.width) continue;
      at(dk, key, Tiles::place(n)) = h.factor * d_keys[i][n];
      at(dv, key, Tiles::place(n)) = d_values[i][n];
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
  cuda::with_tilings(be, width, [&]<class Tilings>(Tilings) {
    using Dq = typename Tilings::Dq;
    using Dkv = typename Tilings::Dkv;
    launch(be.device(), cuda::blocks_of<Dq>(shape), Dq::threads, cuda::attention_dq_kernel<Dq>, dqkv, all_ds, b);
    launch(be.device(), cuda::blocks_of<Dkv>(shape), Dkv::threads, cuda::attention_dkv_kernel<Dkv>, dqkv, b);
  });
  if (dbias.data != nullptr) {
    cuda::for_each(
        be, dbias.rows, dbias.cols,
        cuda::BiasGradient<T>{dbias, all_ds, b.h.offsets, b.h.ids, shape.segments.count, shape.heads, shape.causal});
  }
}

}  // namespace hashweave
