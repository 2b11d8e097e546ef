#pragma once
#include <hashweave/core/attention.hpp>
#include <hashweave/cuda/philox.cuh>
#include <hashweave/cuda/reduce.cuh>

// What the attention kernels know of a head of a sequence. How a block multiplies is a tiling: by single numbers
// (attention_tile.cuh) or, in bf16, by fragments on tensor cores (attention_fragments.cuh). A block has a tile of
// `rows` own rows (queries, or keys) and lets the others pass, `step` at a time. A thread holds the logits of
// `held_rows` rows with `held_logits` of the passing ones, and `held_sums` columns of each row's sums; `row_lanes`
// neighbouring threads share a row.
namespace hashweave::cuda {

/// One head of one sequence, as the kernels see it.
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
  /// Part 0 (q), 1 (k) or 2 (v) of the packed projections: (length, width).
  template <class U>
  __device__ Mat<U> part(const Mat<U>& qkv, Size which) const {
    return {qkv.data + begin() * qkv.ld + (which * heads + head()) * width, length(), width, qkv.ld};
  }
  template <class U>
  __device__ Mat<U> own(const Mat<U>& o) const {
    return part(o, 0);
  }
  __device__ bool sees(Size query, Size key, Size length) const {
    return query < length && key < length && (!causal || key <= query);
  }
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
          shape.dropout > 0 ? Dropping<T>{shape.dropout, be.placed(shape.stream)} : Dropping<T>{}};
}

/// What both kernels of the gradient read.
template <class T>
struct AttentionBackward {
  Mat<const T> d_o, qkv, o, lse, delta;
  HeadOf<T> h;

  /// What all pairs of a query have in common.
  struct Query {
    T lse, delta;
  };
  __device__ Query query(Size query, Size length) const {
    if (query >= length) return {T{0}, T{0}};
    return {at(lse, h.begin() + query, h.head()), at(delta, h.begin() + query, h.head())};
  }
  /// P and ds of a pair, both rows of the batch, from dots of their rows.
  __device__ void pair(T& p, T& ds, T q_dot_k, T do_dot_v, const Query& own, Size query, Size key) const {
    const T s = h.factor * q_dot_k + h.bias_of(query, key);
    p = exp_of(s - own.lse);
    ds = p * (h.drop(do_dot_v, query, key) - own.delta);
  }
};

}  // namespace hashweave::cuda
