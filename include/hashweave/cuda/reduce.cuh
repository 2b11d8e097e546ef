#pragma once
#include <hashweave/cuda/math.cuh>

// Sums and maxima over a warp and over a block. The order is fixed by the number of threads.
namespace hashweave::cuda {

inline constexpr Size warp_threads = 32;
/// Threads of a block, where nothing speaks for another number.
inline constexpr Size block_threads = 256;

inline __device__ Size lane() { return thread_x() % warp_threads; }
inline __device__ Size warp() { return thread_x() / warp_threads; }

/// Every lane gets the sum, or the largest, of its group of `lanes` neighbours: a power of two, the whole warp if not
/// said.
template <int lanes = 32, class T>
__device__ T warp_sum(T v) {
  for (int mask = lanes / 2; mask > 0; mask /= 2) v += shuffle_xor(v, mask);
  return v;
}
template <int lanes = 32, class T>
__device__ T warp_max(T v) {
  for (int mask = lanes / 2; mask > 0; mask /= 2) v = larger(v, shuffle_xor(v, mask));
  return v;
}

/// Every thread gets the sum of the block's.
template <class T>
__device__ T block_sum(T v) {
  __shared__ Shared<T, 32> parts;
  v = warp_sum(v);
  if (lane() == 0) parts[warp()] = v;
  barrier();
  T sum = 0;
  for (Size w = 0; w < threads_x() / warp_threads; ++w) sum += parts[w];
  barrier();
  return sum;
}
template <class T>
__device__ T block_max(T v) {
  __shared__ Shared<T, 32> parts;
  v = warp_max(v);
  if (lane() == 0) parts[warp()] = v;
  barrier();
  T most = parts[0];
  for (Size w = 1; w < threads_x() / warp_threads; ++w) most = larger(most, T{parts[w]});
  barrier();
  return most;
}

/// The largest value and its place; the first of equals. A place of -1 is no value.
template <class T>
struct Best {
  T value;
  Size place;

  __device__ void see(T v, Size at) {
    if (at >= 0 && (place < 0 || v > value || (v == value && at < place))) {
      value = v;
      place = at;
    }
  }
};
template <class T>
__device__ Best<T> warp_best(Best<T> b) {
  for (int mask = 16; mask > 0; mask /= 2) {
    const T value = shuffle_xor(b.value, mask);
    const long long place = shuffle_xor(static_cast<long long>(b.place), mask);
    b.see(value, static_cast<Size>(place));
  }
  return b;
}

/// f(r, c) for every element of (rows, cols); f has a member `operator()(Size, Size) const`.
template <class F>
__global__ void __launch_bounds__(256, 4) each_kernel(F f, Size rows, Size cols) {
  const Size c = block_x() * threads_x() + thread_x();
  if (c >= cols) return;
  for (Size r = block_y(); r < rows; r += 65535) f(r, c);
}
template <class T, class F>
void for_each(Cuda<T>& be, Size rows, Size cols, const F& f) {
  const Size down = rows < 65535 ? rows : 65535;
  const Size threads = cols < block_threads ? (cols + warp_threads - 1) / warp_threads * warp_threads : block_threads;
  if (cols == 0) return;
  launch(be.device(), {(cols + threads - 1) / threads, down}, threads, each_kernel<F>, f, rows, cols);
}

/// n values of the host's memory, in the device's own: to read them where they are would cost a way over the bus each
/// time, and kernels can read only what is mapped. On the tape; null stays null.
template <class T, class U>
const U* on_device(Cuda<T>& be, const U* shared, Size n) {
  if (shared == nullptr) return nullptr;
  U* own = be.tape().template take<U>(n);
  copy_shared(be.device(), own, shared, static_cast<std::size_t>(n) * sizeof(U));
  return own;
}

/// f(r) by a whole warp, for every row.
template <class F>
__global__ void __launch_bounds__(128, 8) row_kernel(F f, Size rows) {
  const Size r = block_x() * 4 + warp();
  if (r < rows) f(r);
}
template <class T, class F>
void for_rows(Cuda<T>& be, Size rows, const F& f) {
  launch(be.device(), {(rows + 3) / 4, 1}, 128, row_kernel<F>, f, rows);
}

/// out = (keep ? out : 0) + factor Σ values, by one block.
template <class T>
__global__ void __launch_bounds__(256) sum_kernel(T* out, const T* values, Size n, T factor, bool keep) {
  T sum = 0;
  for (Size i = thread_x(); i < n; i += threads_x()) sum += at(values, i);
  sum = block_sum(sum);
  if (thread_x() != 0) return;
  const T before = keep ? T{at(out, 0)} : T{0};
  at(out, 0) = before + factor * sum;
}
template <class T>
void sum_values(Cuda<T>& be, T* out, const T* values, Size n, T factor = 1, bool keep = false) {
  launch(be.device(), {1, 1}, block_threads, sum_kernel<T>, out, values, n, factor, keep);
}

/// Sums over rows of `F::count` terms a column, chunk by chunk: partial(chunk, k * cols + c).
template <class T, class F>
__global__ void __launch_bounds__(256) column_partial_kernel(F f, Mat<T> partial, Size rows, Size cols, Size each) {
  __shared__ Shared<T, 256 * F::count> parts;
  const Size c = block_x() * warp_threads + lane();
  const Size first = block_y() * each, end = smaller(rows, first + each);
  T sums[F::count]{};
  if (c < cols) {
    for (Size r = first + warp(); r < end; r += 8) f(sums, r, c);
  }
  for (int k = 0; k < F::count; ++k) parts[k * 256 + thread_x()] = sums[k];
  barrier();
  if (warp() != 0 || c >= cols) return;
  for (int k = 0; k < F::count; ++k) {
    T sum = 0;
    for (Size w = 0; w < 8; ++w) sum += parts[k * 256 + w * warp_threads + lane()];
    at(partial, block_y(), k * cols + c) = sum;
  }
}
/// out[c] = (keep ? out[c] : 0) + the sum over the chunks in order.
template <class T>
struct FinishColumns {
  T* out;
  Mat<const T> partial;
  bool keep;
  __device__ void operator()(Size, Size c) const {
    T sum = 0;
    for (Size r = 0; r < partial.rows; ++r) sum += at(partial, r, c);
    if (keep) sum += at(out, c);
    at(out, c) = sum;
  }
};
/// out_k[c] (+)= Σ_rows of f's term k; f(sums, r, c) adds its terms. The cut depends on the number of rows alone.
template <class T, class F>
void column_sums(Cuda<T>& be, T* const (&outs)[F::count], Size rows, Size cols, const F& f, bool keep = true) {
  const Size each = rows < 64 * 64 ? 64 : (rows + 63) / 64, chunks = (rows + each - 1) / each;
  const auto mark = be.tape().mark();
  const Mat<T> partial = matrix(be.tape().template take<T>(chunks * F::count * cols), chunks, F::count * cols);
  launch(be.device(), {(cols + warp_threads - 1) / warp_threads, chunks}, 256, column_partial_kernel<T, F>, f, partial,
         rows, cols, each);
  for (int k = 0; k < F::count; ++k) {
    for_each(be, 1, cols, FinishColumns<T>{outs[k], cols_of(partial, k * cols, cols), keep});
  }
  be.tape().release(mark);
}

}  // namespace hashweave::cuda
