#pragma once
#include <hashweave/cuda/elementwise.cuh>

namespace hashweave {

namespace cuda {

template <class T>
struct Embed {
  Mat<T> y;
  const std::int32_t *ids, *types;
  const Size* offsets;
  Mat<const T> word, position, type;
  __device__ void operator()(Size s, Size c) const {
    const Size first = at(offsets, s);
    for (Size t = first; t < at(offsets, s + 1); ++t) {
      T sum = at(word, at(ids, t), c);
      if (position.data != nullptr) sum += at(position, t - first, c);
      if (type.data != nullptr) sum += at(type, types == nullptr ? 0 : at(types, t), c);
      at(y, t, c) = sum;
    }
  }
};

/// The first token with an id adds up the gradients of all tokens with it, in order: rows of the table have one writer.
template <class T>
__global__ void __launch_bounds__(256) embed_word_kernel(Mat<T> d_word, Mat<const T> dy, const std::int32_t* ids) {
  const Size t = block_x();
  const std::int32_t id = at(ids, t);
  bool before = false;
  for (Size i = thread_x(); i < t; i += threads_x()) before = before || at(ids, i) == id;
  if (any_of_block(before)) return;
  for (Size c = thread_x(); c < dy.cols; c += threads_x()) {
    T sum = 0;
    for (Size i = t; i < dy.rows; ++i) {
      if (at(ids, i) == id) sum += at(dy, i, c);
    }
    at(d_word, id, c) += sum;
  }
}
/// The sum over the sequences that have position p, in order.
template <class T>
struct EmbedPosition {
  Mat<T> d_position;
  Mat<const T> dy;
  const Size* offsets;
  Size count;
  __device__ void operator()(Size p, Size c) const {
    T sum = 0;
    for (Size s = 0; s < count; ++s) {
      const Size t = at(offsets, s) + p;
      if (t < at(offsets, s + 1)) sum += at(dy, t, c);
    }
    at(d_position, p, c) += sum;
  }
};
template <class T>
struct EmbedType {
  static constexpr int count = 1;
  Mat<const T> dy;
  const std::int32_t* types;
  Size type;
  __device__ void operator()(T (&sums)[1], Size t, Size c) const {
    if ((types == nullptr ? 0 : at(types, t)) == type) sums[0] += at(dy, t, c);
  }
};

}  // namespace cuda

template <class T>
void embed(Cuda<T>& be, Out<T> y, const std::int32_t* ids, const std::int32_t* types, const Segments& segments,
           In<T> word, In<T> position, In<T> type) {
  const TapeScope<Cuda<T>> scope{be};
  const Size* offsets = cuda::on_device(be, segments.offsets, segments.count + 1);
  ids = cuda::on_device(be, ids, y.rows);
  types = cuda::on_device(be, types, y.rows);
  cuda::for_each(be, segments.count, y.cols, cuda::Embed<T>{y, ids, types, offsets, word, position, type});
}
template <class T>
void embed_backward(Cuda<T>& be, Out<T> d_word, Out<T> d_position, Out<T> d_type, In<T> dy, const std::int32_t* ids,
                    const std::int32_t* types, const Segments& segments) {
  const TapeScope<Cuda<T>> scope{be};
  const Size* offsets = cuda::on_device(be, segments.offsets, segments.count + 1);
  ids = cuda::on_device(be, ids, dy.rows);
  types = cuda::on_device(be, types, dy.rows);
  launch(be.device(), {segments.rows(), 1}, cuda::block_threads, cuda::embed_word_kernel<T>, d_word, dy, ids);
  if (d_position.data != nullptr) {
    cuda::for_each(be, segments.longest(), dy.cols, cuda::EmbedPosition<T>{d_position, dy, offsets, segments.count});
  }
  for (Size k = 0; d_type.data != nullptr && k < (types == nullptr ? 1 : d_type.rows); ++k) {
    cuda::column_sums<T>(be, {d_type.row(k)}, dy.rows, dy.cols, cuda::EmbedType<T>{dy, types, k});
  }
}

}  // namespace hashweave
