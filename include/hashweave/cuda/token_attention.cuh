#pragma once
#include <hashweave/core/attention.hpp>
#include <hashweave/cuda/elementwise.cuh>

// Attention of one token of each sequence: a block takes a sequence and a head, its warps take tokens.
namespace hashweave {

namespace cuda {

template <class T>
struct OneQueryOf {
  const Size* offsets;
  Size heads;
  T factor;
  bool causal, drops, last;
  Dropping<T> dropping;

  __device__ Size sequence() const { return block_x() / heads; }
  __device__ Size head() const { return block_x() % heads; }
  __device__ Size begin() const { return at(offsets, sequence()); }
  __device__ Size length() const { return at(offsets, sequence() + 1) - begin(); }
  __device__ Size position() const { return last ? length() - 1 : 0; }
  __device__ Size keys() const { return causal ? position() + 1 : length(); }
  /// Where the weight of key t lies: sequence by sequence (heads, length).
  __device__ Size place(Size t) const { return begin() * heads + head() * length() + t; }
  __device__ T drop(T x, Size t) const {
    if (!drops) return x;
    return dropping(
        x, (static_cast<std::uint64_t>((begin() + position()) * heads + head()) << 24) + static_cast<std::uint64_t>(t));
  }
};
template <class T>
OneQueryOf<T> one_query_of(Cuda<T>& be, const AttentionShape& shape, Size width, bool last) {
  return {on_device(be, shape.segments.offsets, shape.segments.count + 1),
          shape.heads,
          T{1} / std::sqrt(static_cast<T>(width / shape.heads)),
          shape.causal,
          shape.dropout > 0,
          last,
          shape.dropout > 0 ? Dropping<T>{shape.dropout, be.placed(shape.stream)} : Dropping<T>{}};
}

/// Row t of x · columns [from, from + x.cols) of row i of u, by a warp.
template <class T>
__device__ T row_dot(const Mat<const T>& x, Size t, const Mat<const T>& u, Size i, Size from) {
  T sum = 0;
  for (Size c = lane(); c < x.cols; c += warp_threads) sum += at(x, t, c) * at(u, i, from + c);
  return warp_sum(sum);
}

template <class T>
__global__ void __launch_bounds__(256)
    token_attention_kernel(Mat<T> m, T* p, T* kept, Mat<T> mass, Mat<const T> u, Mat<const T> x, OneQueryOf<T> one) {
  const Size keys = one.keys(), begin = one.begin(), from = one.head() * x.cols, i = one.sequence();
  for (Size t = warp(); t < keys; t += threads_x() / warp_threads) {
    const T s = one.factor * row_dot<T>(x, begin + t, u, i, from);
    if (lane() == 0) at(p, one.place(t)) = s;
  }
  barrier();
  T top = lowest<T>(), sum = 0, left = 0;
  for (Size t = thread_x(); t < keys; t += threads_x()) top = larger(top, T{at(p, one.place(t))});
  top = block_max(top);
  for (Size t = thread_x(); t < keys; t += threads_x()) {
    const T e = exp_of(at(p, one.place(t)) - top);
    at(p, one.place(t)) = e;
    sum += e;
  }
  sum = block_sum(sum);
  for (Size t = thread_x(); t < keys; t += threads_x()) {
    const T w = at(p, one.place(t)) / sum, after = one.drop(w, t);
    at(p, one.place(t)) = w;
    if (one.drops) at(kept, one.place(t)) = after;
    left += after;
  }
  left = block_sum(left);
  if (thread_x() == 0) at(mass, i, one.head()) = left;
  const T* after = one.drops ? kept : p;
  for (Size c = thread_x(); c < x.cols; c += threads_x()) {
    T total = 0;
    for (Size t = 0; t < keys; ++t) total += at(after, one.place(t)) * at(x, begin + t, c);
    at(m, i, from + c) = total;
  }
}

/// ds of every key, then du. ds lies as the weights do.
template <class T>
__global__ void __launch_bounds__(256) token_attention_du_kernel(Mat<T> du, T* ds, Mat<const T> dm, Mat<const T> d_mass,
                                                                 const T* p, Mat<const T> x, OneQueryOf<T> one) {
  const Size keys = one.keys(), begin = one.begin(), from = one.head() * x.cols, i = one.sequence();
  for (Size t = warp(); t < keys; t += threads_x() / warp_threads) {
    T d = row_dot<T>(x, begin + t, dm, i, from);
    if (lane() != 0) continue;
    if (d_mass.data != nullptr) d += at(d_mass, i, one.head());
    at(ds, one.place(t)) = one.drop(d, t);
  }
  barrier();
  T mean = 0;
  for (Size t = thread_x(); t < keys; t += threads_x()) mean += at(p, one.place(t)) * at(ds, one.place(t));
  mean = block_sum(mean);
  for (Size t = thread_x(); t < keys; t += threads_x()) {
    at(ds, one.place(t)) = one.factor * at(p, one.place(t)) * (at(ds, one.place(t)) - mean);
  }
  barrier();
  for (Size c = thread_x(); c < x.cols; c += threads_x()) {
    T total = 0;
    for (Size t = 0; t < keys; ++t) total += at(ds, one.place(t)) * at(x, begin + t, c);
    at(du, i, from + c) = total;
  }
}
/// dx of a sequence, column by column: the sum over the heads in order. Block (sequence, part of the columns).
template <class T>
struct TokenAttentionDx {
  Mat<T> dx;
  const T *ds, *kept;
  Mat<const T> dm, u;
  const Size* offsets;
  Size heads;
  bool causal, last;
  __device__ void operator()(Size i, Size c) const {
    const Size begin = at(offsets, i), length = at(offsets, i + 1) - begin;
    const Size keys = causal ? (last ? length : 1) : length;
    for (Size t = 0; t < length; ++t) {
      T sum = 0;
      for (Size h = 0; h < heads && t < keys; ++h) {
        const Size place = begin * heads + h * length + t;
        sum += at(kept, place) * at(dm, i, h * dx.cols + c) + at(ds, place) * at(u, i, h * dx.cols + c);
      }
      at(dx, begin + t, c) = sum;
    }
  }
};

}  // namespace cuda

template <class T>
void token_attention(Cuda<T>& be, Out<T> m, Out<T> p, Out<T> kept, Out<T> mass, In<T> u, In<T> x,
                     const AttentionShape& shape, bool last) {
  const TapeScope<Cuda<T>> scope{be};
  const auto one = cuda::one_query_of<T>(be, shape, x.cols, last);
  launch(be.device(), {shape.segments.count * shape.heads, 1}, cuda::block_threads, cuda::token_attention_kernel<T>, m,
         p.data, kept.data, mass, u, x, one);
}
template <class T>
void token_attention_backward(Cuda<T>& be, Out<T> dx, Out<T> du, In<T> dm, In<T> d_mass, In<T> p, In<T> kept, In<T> u,
                              In<T> x, const AttentionShape& shape, bool last) {
  const auto mark = be.tape().mark();
  const auto one = cuda::one_query_of<T>(be, shape, x.cols, last);
  T* ds = be.tape().template take<T>(x.rows * shape.heads);
  launch(be.device(), {shape.segments.count * shape.heads, 1}, cuda::block_threads, cuda::token_attention_du_kernel<T>,
         du, ds, dm, d_mass, p.data, x, one);
  cuda::for_each(be, shape.segments.count, x.cols,
                 cuda::TokenAttentionDx<T>{dx, ds, kept.data, dm, u, one.offsets, shape.heads, shape.causal, last});
  be.tape().release(mark);
}

}  // namespace hashweave
