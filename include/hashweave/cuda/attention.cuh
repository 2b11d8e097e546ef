#pragma once
#include <hashweave/cuda/attention_tilings.cuh>
#include <hashweave/cuda/kernels.hpp>

namespace hashweave {

namespace cuda {

/// Block (sequence and head, tile of queries). The keys pass tile by tile; a row keeps its largest logit, its sum of
/// exponentials and its weighted sum of values, and brings them down when a larger logit comes.
/// Source: Milakov, Gimelshein, arXiv:1805.02867, algorithm 3; Dao et al., arXiv:2205.14135, algorithm 1.
template <class Tiles, class T = typename Tiles::Scalar>
__global__ void __launch_bounds__(Tiles::threads, 2)
    attention_kernel(Mat<T> o, Mat<T> lse, Mat<const T> qkv, HeadOf<T> h) {
  constexpr int held_rows = Tiles::held_rows, held_logits = Tiles::held_logits, held_sums = Tiles::held_sums;
  __shared__ typename Tiles::Memory memory;
  const Size begin = h.begin(), length = h.length(), first = block_y() * Tiles::rows;
  if (first >= length) return;
  const Size visible = h.causal ? smaller(length, first + Tiles::rows) : length;
  Tiles tiles{memory, qkv, h, first};
  T sums[held_rows][held_sums]{}, top[held_rows], total[held_rows]{};
  HASHWEAVE_UNROLL
  for (int i = 0; i < held_rows; ++i) top[i] = lowest<T>();
  for (Size from = 0; from < visible; from += Tiles::step) {
    tiles.load(from);
    if (Tiles::may_skip(h, first, from, length)) continue;
    T s[held_rows][held_logits];
    tiles.logits(s);
    HASHWEAVE_UNROLL
    for (int i = 0; i < held_rows; ++i) {
      const Size query = first + Tiles::row(i);
      T most = lowest<T>();
      HASHWEAVE_UNROLL
      for (int j = 0; j < held_logits; ++j) {
        const Size key = from + Tiles::place(j);
        s[i][j] = h.sees(query, key, length) ? h.factor * s[i][j] + h.bias_of(begin + query, begin + key) : lowest<T>();
        most = larger(most, s[i][j]);
      }
      most = larger(top[i], warp_max<Tiles::row_lanes>(most));
      const T down = most == lowest<T>() ? T{1} : exp_of(top[i] - most);
      T part = 0;
      HASHWEAVE_UNROLL
      for (int j = 0; j < held_logits; ++j) {
        const T p = s[i][j] == lowest<T>() ? T{0} : exp_of(s[i][j] - most);
        part += p;
        s[i][j] = p == 0 ? T{0} : h.drop(p, begin + query, begin + from + Tiles::place(j));
      }
      total[i] = total[i] * down + warp_sum<Tiles::row_lanes>(part);
      top[i] = most;
      HASHWEAVE_UNROLL
      for (int n = 0; n < held_sums; ++n) sums[i][n] *= down;
    }
    tiles.add(sums, s, from);
  }
  const Mat<T> own = h.own(o);
  HASHWEAVE_UNROLL
  for (int i = 0; i < held_rows; ++i) {
    const Size query = first + Tiles::row(i);
    if (query >= length) continue;
    HASHWEAVE_UNROLL
    for (int n = 0; n < held_sums; ++n) {
      if (Tiles::place(n) < h.width) at(own, query, Tiles::place(n)) = sums[i][n] / total[i];
    }
    if (lane() % Tiles::row_lanes == 0) at(lse, begin + query, h.head()) = top[i] + log_of(total[i]);
  }
}

}  // namespace cuda

template <class T>
void attention(Cuda<T>& be, Out<T> o, Out<T> lse, In<T> qkv, In<T> bias, const AttentionShape& shape) {
  const Size width = o.cols / shape.heads;
  const TapeScope<Cuda<T>> scope{be};
  const cuda::HeadOf<T> head = cuda::head_of<T>(be, shape, bias, width);
  cuda::with_tilings(be, width, [&]<class Tilings>(Tilings) {
    using Tiles = typename Tilings::Forward;
    launch(be.device(), cuda::blocks_of<Tiles>(shape), Tiles::threads, cuda::attention_kernel<Tiles>, o, lse, qkv,
           head);
  });
}

}  // namespace hashweave
