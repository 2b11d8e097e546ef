#pragma once
#include <hashweave/cuda/hamming_search.hpp>
#include <hashweave/cuda/reduce.cuh>

// Brute-force search of binary codes. Counters are integers, so that the order of the additions does not matter.
namespace hashweave::cuda {

/// Whether the row's code may be an answer.
inline __device__ bool may_answer(const HammingSearch& s, Size row) {
  return s.allowed == nullptr || (at(s.allowed, row / 64) >> row % 64 & 1) != 0;
}

/// Block (chunk, group of `Queries` queries): counts of each distance in the chunk. A code that was read serves all
/// queries of the group.
template <int Queries, int Bins>
__global__ void __launch_bounds__(256) count_distances_kernel(HammingSearch s) {
  __shared__ Shared<std::int32_t, Queries * Bins> counts;
  const Size words = s.codes.rows, bins = s.bits + 1, chunks = (s.codes.cols + s.chunk - 1) / s.chunk;
  const Size first = block_x() * s.chunk, end = smaller(s.codes.cols, first + s.chunk);
  for (Size i = thread_x(); i < Queries * bins; i += block_threads) counts[i] = 0;
  barrier();
  for (Size i = first + thread_x(); i < end; i += block_threads) {
    if (!may_answer(s, i)) continue;
    int distance[Queries]{};
    for (Size w = 0; w < words; ++w) {
      const std::uint64_t code = at(s.codes, w, i);
      HASHWEAVE_UNROLL
      for (int q = 0; q < Queries; ++q) {
        const Size query = block_y() * Queries + q;
        if (query < s.queries.rows) distance[q] += bits_set(code ^ at(s.queries, query, w));
      }
    }
    HASHWEAVE_UNROLL
    for (int q = 0; q < Queries; ++q) {
      if (block_y() * Queries + q < s.queries.rows) counts.add_atomically(q * bins + distance[q], 1);
    }
  }
  barrier();
  for (Size i = thread_x(); i < Queries * bins; i += block_threads) {
    const Size query = block_y() * Queries + i / bins;
    if (query < s.queries.rows) at(s.counts, query * (chunks + 1) + block_x(), i % bins) = counts[i];
  }
}

/// A block takes a query: from the counts of all chunks, the limit, how many hits there are within the radius, and in
/// the counts' place where in the answer the first code of each chunk and distance goes (a row more than there are
/// chunks: where the last one ends).
template <int Bins>
__global__ void __launch_bounds__(256) place_distances_kernel(HammingSearch s) {
  __shared__ Shared<std::int32_t, Bins> totals;
  const Size bins = s.bits + 1, chunks = (s.codes.cols + s.chunk - 1) / s.chunk, row = block_x() * (chunks + 1);
  for (Size d = thread_x(); d < bins; d += block_threads) {
    std::int32_t total = 0;
    for (Size c = 0; c < chunks; ++c) total += at(s.counts, row + c, d);
    totals[d] = total;
  }
  barrier();
  if (thread_x() == 0) {
    std::int32_t before = 0, within = 0;
    Size limit = s.radius;
    for (Size d = 0; d < bins; ++d) {
      const std::int32_t own = totals[d];
      totals[d] = before;
      before += own;
      if (d <= s.radius) within = before;
      if (s.k > 0 && before >= s.k && d < limit) limit = d;
    }
    at(s.limits, block_x()) = static_cast<std::int32_t>(limit);
    at(s.found, block_x()) = within;
  }
  barrier();
  for (Size d = thread_x(); d < bins; d += block_threads) {
    std::int32_t place = totals[d];
    for (Size c = 0; c < chunks; ++c) {
      const std::int32_t own = at(s.counts, row + c, d);
      at(s.counts, row + c, d) = place;
      place += own;
    }
    at(s.counts, row + chunks, d) = place;
  }
}

/// Block (chunk, query): writes the chunk's codes that are among the k nearest to their places, in the order of the
/// rows. A chunk without any is left at once.
template <int Bins>
__global__ void __launch_bounds__(256) gather_nearest_kernel(HammingSearch s) {
  __shared__ Shared<std::int32_t, Bins> next;
  __shared__ Shared<std::int32_t, 256> near;
  const Size words = s.codes.rows, query = block_y(), chunks = (s.codes.cols + s.chunk - 1) / s.chunk;
  const Size row = query * (chunks + 1) + block_x(), limit = at(s.limits, query);
  const Size first = block_x() * s.chunk, end = smaller(s.codes.cols, first + s.chunk);
  bool holds = false;
  for (Size d = thread_x(); d <= limit; d += block_threads) {
    const std::int32_t place = at(s.counts, row, d);
    next[d] = place;
    holds = holds || (place < at(s.counts, row + 1, d) && place < s.k);
  }
  if (!any_of_block(holds)) return;
  for (Size from = first; from < end; from += block_threads) {
    const Size i = from + thread_x();
    const bool asked = i < end && may_answer(s, i);
    int distance = 0;
    for (Size w = 0; asked && w < words; ++w) distance += bits_set(at(s.codes, w, i) ^ at(s.queries, query, w));
    const bool candidate = asked && distance <= limit;
    near[thread_x()] = candidate ? distance : -1;
    if (!any_of_block(candidate)) continue;
    std::int32_t place = 0;
    bool last = candidate;
    if (candidate) {
      place = next[distance];
      for (Size t = 0; t < thread_x(); ++t) place += near[t] == distance ? 1 : 0;
      for (Size t = thread_x() + 1; t < block_threads; ++t) last = last && near[t] != distance;
      if (place < s.k) {
        at(s.rows, query, place) = static_cast<std::int32_t>(i);
        at(s.distances, query, place) = distance;
      }
    }
    barrier();
    if (last) next[distance] = place + 1;
    barrier();
  }
}

__global__ void __launch_bounds__(256) arrange_codes_kernel(Mat<std::uint64_t> to, Mat<const std::uint64_t> old,
                                                            Mat<const std::uint64_t> added, const std::uint32_t* from) {
  const Size i = block_x() * block_threads + thread_x(), w = block_y();
  if (i >= to.cols) return;
  const Size row = at(from, i);
  at(to, w, i) = row < old.cols ? at(old, w, row) : at(added, w, row - old.cols);
}

__global__ void __launch_bounds__(256)
    put_codes_kernel(Mat<std::uint64_t> to, Mat<const std::uint64_t> codes, const std::uint32_t* rows) {
  const Size i = block_x() * block_threads + thread_x(), w = block_y();
  if (i < codes.cols) at(to, w, at(rows, i)) = at(codes, w, i);
}

template <int Queries, int Bins>
void run_counts(Device& device, const HammingSearch& s) {
  const Size queries = s.queries.rows;
  launch(device, {s.chunks(), (queries + Queries - 1) / Queries}, block_threads, count_distances_kernel<Queries, Bins>,
         s);
  launch(device, {queries, 1}, block_threads, place_distances_kernel<Bins>, s);
}
inline void count_codes_of(Device& device, const HammingSearch& s) {
  s.bits <= 1024 ? run_counts<4, 1025>(device, s) : run_counts<1, 4097>(device, s);
}

template <int Bins>
void run_gather(Device& device, const HammingSearch& s) {
  launch(device, {s.chunks(), s.queries.rows}, block_threads, gather_nearest_kernel<Bins>, s);
}
inline void gather_codes_of(Device& device, const HammingSearch& s) {
  s.bits <= 1024 ? run_gather<1025>(device, s) : run_gather<4097>(device, s);
}

inline void arrange_codes_of(Device& device, Mat<std::uint64_t> to, Mat<const std::uint64_t> old,
                             Mat<const std::uint64_t> added, const std::uint32_t* from) {
  launch(device, {(to.cols + block_threads - 1) / block_threads, to.rows}, block_threads, arrange_codes_kernel, to, old,
         added, from);
}
inline void put_codes_of(Device& device, Mat<std::uint64_t> to, Mat<const std::uint64_t> codes,
                         const std::uint32_t* rows) {
  launch(device, {(codes.cols + block_threads - 1) / block_threads, codes.rows}, block_threads, put_codes_kernel, to,
         codes, rows);
}

}  // namespace hashweave::cuda
