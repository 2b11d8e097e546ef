#pragma once
#include <cstdint>
#include <hashweave/core/mat.hpp>
#include <hashweave/cuda/backend.hpp>

// What of `CudaHammingIndex` runs on the device. Codes lie word by word: word w of row i is codes(w, i).
namespace hashweave::cuda {

/// What the kernels of a search work on.
struct HammingSearch {
  Mat<const std::uint64_t> codes;     // (words, n)
  Mat<const std::uint64_t> queries;   // (queries, words)
  Size bits, chunk, k;                ///< a block scans `chunk` codes; all hits are wanted where k is 0
  Size radius;                        ///< of all hits
  const std::uint64_t* allowed;       ///< row i may be an answer where bit i % 64 of word i / 64 is 1; null: all may
  Mat<std::int32_t> counts;           // (queries * (chunks + 1), bits + 1): of each distance; then where the first goes
  std::int32_t *limits, *found;       // (queries): the farthest distance of a hit; how many lie within the radius
  Mat<std::int32_t> rows, distances;  // (queries, k)

  Size chunks() const { return (codes.cols + chunk - 1) / chunk; }
};
/// Computes counts, limits and numbers of hits.
void count_codes(Device& device, const HammingSearch& search);
/// Then writes the first k hits of each query, the nearest first, of equally near ones the lower row.
void gather_codes(Device& device, const HammingSearch& search);

/// to(w, i) = word w of row from[i], where the rows of `added` follow those of `old`.
void arrange_codes(Device& device, Mat<std::uint64_t> to, Mat<const std::uint64_t> old, Mat<const std::uint64_t> added,
                   const std::uint32_t* from);
/// to(w, rows[i]) = codes(w, i); no row comes twice.
void put_codes(Device& device, Mat<std::uint64_t> to, Mat<const std::uint64_t> codes, const std::uint32_t* rows);

}  // namespace hashweave::cuda
