#pragma once
#include <algorithm>
#include <cstdint>
#include <hashweave/core/mat.hpp>
#include <hashweave/core/memory.hpp>
#include <hashweave/cuda/backend.hpp>
#include <span>
#include <vector>

namespace hashweave {

/// An item that was found: its place among the codes, and how many bits it is away.
struct CudaHit {
  std::int64_t id = 0;
  std::int32_t distance = 0;
  friend bool operator==(const CudaHit&, const CudaHit&) = default;
};

namespace cuda {

/// What the kernels of a search work on. Codes lie word by word: word w of code i is codes(w, i).
struct HammingSearch {
  Mat<const std::uint64_t> codes;    // (words, n)
  Mat<const std::uint64_t> queries;  // (queries, words)
  Size bits, chunk, k;               ///< a block scans `chunk` codes
  Mat<std::int32_t> counts;          // (queries * (chunks + 1), bits + 1): of each distance; then where the first goes
  std::int32_t* limits;              // (queries): the farthest distance among the k nearest
  Mat<std::int32_t> ids, distances;  // (queries, k)

  Size chunks() const { return (codes.cols + chunk - 1) / chunk; }
};
void search_codes(Device& device, const HammingSearch& search);

}  // namespace cuda

/// The k nearest codes by Hamming distance, on the device, by comparing with all of them. The codes stay on the device.
///
/// Answers are those of `HammingIndex<Bits>` with the ids 0 .. n - 1: ordered by distance, then by id.
///
/// One pass counts how often each distance occurs in each chunk of the codes. The counts say how far the k nearest are,
/// which chunks hold one, and where in the answer it goes; only these chunks are looked at again. Nothing is sorted.
template <class CodeType>
class CudaHammingIndex {
 public:
  static constexpr Size bits = CodeType::bits, words = CodeType::word_count;

  /// @throws Error for no codes or more than 2^31 - 1, or a chunk of less than 256 codes; CudaError without a device.
  explicit CudaHammingIndex(std::span<const CodeType> codes, Size chunk = Size{1} << 16)
      : n_{std::ssize(codes)}, chunk_{chunk} {
    require(n_ > 0 && n_ < (Size{1} << 31), "CudaHammingIndex", "number of codes", "1 to 2147483647", n_);
    require(chunk >= 256, "CudaHammingIndex", "codes in a chunk", "at least 256", chunk);
    device_ = cuda::open_device();
    codes_ = Buffer<std::uint64_t, CudaMemory>{words * n_};
    std::vector<std::uint64_t> one(codes.size());
    for (Size w = 0; w < words; ++w) {
      std::transform(codes.begin(), codes.end(), one.begin(), [w](const CodeType& c) { return c.words.data()[w]; });
      CudaMemory::copy_from_host(codes_.data() + w * n_, one.data(), one.size() * sizeof one[0]);
    }
  }

  Size size() const { return n_; }

  /// The k nearest of each query, nearest first, ties by the lower id; all where there are fewer.
  /// @throws Error unless k > 0.
  std::vector<std::vector<CudaHit>> search(std::span<const CodeType> queries, Size k) {
    require(k > 0, "CudaHammingIndex::search", "k", "at least 1", k);
    std::vector<std::vector<CudaHit>> hits;
    constexpr Size batch = 64;  // bounds the memory of the counts
    for (Size first = 0; first < std::ssize(queries); first += batch) {
      search_batch(queries.subspan(static_cast<std::size_t>(first),
                                   static_cast<std::size_t>(std::min(batch, std::ssize(queries) - first))),
                   std::min(k, n_), hits);
    }
    return hits;
  }

 private:
  void search_batch(std::span<const CodeType> queries, Size k, std::vector<std::vector<CudaHit>>& hits) {
    const Size count = std::ssize(queries);
    std::vector<std::uint64_t> host(static_cast<std::size_t>(count * words));
    for (Size q = 0; q < count; ++q) {
      std::copy_n(queries[static_cast<std::size_t>(q)].words.data(), words, host.data() + q * words);
    }
    tape_.rewind();
    auto* own = tape_.take<std::uint64_t>(count * words);
    CudaMemory::copy_from_host(own, host.data(), host.size() * sizeof host[0]);
    cuda::HammingSearch search{matrix<const std::uint64_t>(codes_.data(), words, n_),
                               matrix<const std::uint64_t>(own, count, words),
                               bits,
                               chunk_,
                               k,
                               {},
                               tape_.take<std::int32_t>(count),
                               matrix(tape_.take<std::int32_t>(count * k), count, k),
                               matrix(tape_.take<std::int32_t>(count * k), count, k)};
    const Size rows = count * (search.chunks() + 1);
    search.counts = matrix(tape_.take<std::int32_t>(rows * (bits + 1)), rows, bits + 1);
    cuda::search_codes(*device_, search);
    std::vector<std::int32_t> ids(static_cast<std::size_t>(count * k)), distances(ids.size());
    CudaMemory::copy_to_host(ids.data(), search.ids.data, ids.size() * sizeof ids[0]);
    CudaMemory::copy_to_host(distances.data(), search.distances.data, ids.size() * sizeof ids[0]);
    for (std::size_t at = 0; at < ids.size(); ++at) {
      if (at % static_cast<std::size_t>(k) == 0) hits.emplace_back();
      hits.back().push_back({ids[at], distances[at]});
    }
  }

  Size n_, chunk_;
  cuda::DevicePointer device_;
  Buffer<std::uint64_t, CudaMemory> codes_;
  Tape<CudaMemory> tape_;
};

}  // namespace hashweave
