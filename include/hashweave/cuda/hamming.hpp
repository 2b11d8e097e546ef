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
  Size bits, chunk, k;               ///< a block scans `chunk` codes; all hits are wanted where k is 0
  Size radius;                       ///< of all hits
  Mat<std::int32_t> counts;          // (queries * (chunks + 1), bits + 1): of each distance; then where the first goes
  std::int32_t *limits, *found;      // (queries): the farthest distance of a hit; how many hits there are
  Mat<std::int32_t> ids, distances;  // (queries, k)

  Size chunks() const { return (codes.cols + chunk - 1) / chunk; }
};
/// Computes counts, limits and numbers of hits.
void count_codes(Device& device, const HammingSearch& search);
/// Then writes the first k hits of each query.
void gather_codes(Device& device, const HammingSearch& search);

}  // namespace cuda

/// The k nearest codes by Hamming distance, or all within a radius, on the device, by comparing with all of them. The
/// codes stay on the device.
///
/// Answers are those of `HammingIndex<Bits>` with the ids 0 .. n - 1: ordered by distance, then by id.
///
/// One pass counts how often each distance occurs in each chunk of the codes. The counts say how far the k nearest are,
/// how many lie within a radius, which chunks hold one, and where in the answer it goes; only these chunks are looked
/// at again. Nothing is sorted.
template <class CodeType>
class CudaHammingIndex {
 public:
  static constexpr Size bits = CodeType::bits, words = CodeType::word_count;

  /// @throws Error for no codes or more than 2^31 - 1, or a chunk of less than 256 codes; CudaError without a device.
  explicit CudaHammingIndex(std::span<const CodeType> codes, Size chunk = Size{1} << 16) : chunk_{chunk} {
    require(!codes.empty(), "CudaHammingIndex", "number of codes", "1 to 2147483647", 0);
    require(chunk >= 256, "CudaHammingIndex", "codes in a chunk", "at least 256", chunk);
    device_ = cuda::open_device();
    add(codes);
  }

  Size size() const { return n_; }

  /// Adds codes behind the others. Where there is no room it is doubled, which copies all codes on the device.
  /// @throws Error, adding none, where there would be more than 2^31 - 1.
  void add(std::span<const CodeType> codes) {
    const Size more = std::ssize(codes);
    require(more < (Size{1} << 31) - n_, "CudaHammingIndex", "number of codes", "1 to 2147483647", n_ + more);
    if (n_ + more > room_) grow(std::max(n_ + more, std::min(2 * room_, (Size{1} << 31) - 1)));
    std::vector<std::uint64_t> one(codes.size());
    for (Size w = 0; w < words; ++w) {
      std::transform(codes.begin(), codes.end(), one.begin(), [w](const CodeType& c) { return c.words.data()[w]; });
      CudaMemory::copy_from_host(codes_.data() + w * room_ + n_, one.data(), one.size() * sizeof(std::uint64_t));
    }
    n_ += more;
  }

  /// The k nearest of each query, nearest first, ties by the lower id; all where there are fewer.
  /// @throws Error unless k > 0.
  std::vector<std::vector<CudaHit>> search(std::span<const CodeType> queries, Size k) {
    require(k > 0, "CudaHammingIndex::search", "k", "at least 1", k);
    return search_in_batches(queries, std::min(k, n_), bits);
  }
  /// All codes within `radius` bits of each query, nearest first, ties by the lower id.
  /// @throws Error unless radius >= 0.
  std::vector<std::vector<CudaHit>> search_radius(std::span<const CodeType> queries, Size radius) {
    require(radius >= 0, "CudaHammingIndex::search_radius", "radius", "at least 0", radius);
    return search_in_batches(queries, 0, std::min(radius, bits));
  }

 private:
  using Hits = std::vector<std::vector<CudaHit>>;

  void grow(Size room) {
    Buffer<std::uint64_t, CudaMemory> larger{words * room};
    for (Size w = 0; n_ > 0 && w < words; ++w)
      CudaMemory::copy(larger.data() + w * room, codes_.data() + w * room_,
                       static_cast<std::size_t>(n_) * sizeof(std::uint64_t));
    codes_ = std::move(larger);
    room_ = room;
  }

  Hits search_in_batches(std::span<const CodeType> queries, Size k, Size radius) {
    Hits hits;
    constexpr Size batch = 64;  // bounds the memory of the counts
    for (Size first = 0; first < std::ssize(queries); first += batch)
      search_batch(queries.subspan(static_cast<std::size_t>(first),
                                   static_cast<std::size_t>(std::min(batch, std::ssize(queries) - first))),
                   k, radius, hits);
    return hits;
  }

  void search_batch(std::span<const CodeType> queries, Size k, Size radius, Hits& hits) {
    const Size count = std::ssize(queries);
    std::vector<std::uint64_t> host(static_cast<std::size_t>(count * words));
    for (Size q = 0; q < count; ++q)
      std::copy_n(queries[static_cast<std::size_t>(q)].words.data(), words, host.data() + q * words);
    tape_.rewind();
    auto* own = tape_.take<std::uint64_t>(count * words);
    CudaMemory::copy_from_host(own, host.data(), host.size() * sizeof host[0]);
    cuda::HammingSearch search{Mat<const std::uint64_t>{codes_.data(), words, n_, room_},
                               matrix<const std::uint64_t>(own, count, words),
                               bits,
                               chunk_,
                               k,
                               radius,
                               {},
                               tape_.take<std::int32_t>(count),
                               tape_.take<std::int32_t>(count),
                               {},
                               {}};
    const Size rows = count * (search.chunks() + 1);
    search.counts = matrix(tape_.take<std::int32_t>(rows * (bits + 1)), rows, bits + 1);
    cuda::count_codes(*device_, search);
    std::vector<std::int32_t> found(static_cast<std::size_t>(count), static_cast<std::int32_t>(k));
    if (k == 0) CudaMemory::copy_to_host(found.data(), search.found, found.size() * sizeof found[0]);

    // as many queries at a time as their answers have room
    constexpr Size most = Size{1} << 24;
    for (Size first = 0, last = 0; first < count; first = last) {
      Size widest = 0;
      for (; last < count; ++last) {
        const Size own_hits = std::max<Size>(widest, found[static_cast<std::size_t>(last)]);
        if (last > first && own_hits * (last + 1 - first) > most) break;
        widest = own_hits;
      }
      gather(search, first, last - first, widest, found, hits);
    }
  }

  /// The answers of some queries of a batch.
  void gather(cuda::HammingSearch part, Size first, Size count, Size k, const std::vector<std::int32_t>& found,
              Hits& hits) {
    std::vector<std::int32_t> ids(static_cast<std::size_t>(count * k)), distances(ids.size());
    if (k > 0) {
      const auto mark = tape_.mark();
      const Size rows = part.chunks() + 1;
      part.queries = rows_of(part.queries, first, count);
      part.counts = rows_of(part.counts, first * rows, count * rows);
      part.limits += first;
      part.k = k;
      part.ids = matrix(tape_.take<std::int32_t>(count * k), count, k);
      part.distances = matrix(tape_.take<std::int32_t>(count * k), count, k);
      const std::size_t bytes = ids.size() * sizeof ids[0];
      // a query with fewer hits than another leaves the rest of its row as it is
      const auto rest = std::span{found}.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
      if (std::ranges::any_of(rest, [k](std::int32_t own) { return own < k; })) {
        CudaMemory::zero(part.ids.data, bytes);
        CudaMemory::zero(part.distances.data, bytes);
      }
      cuda::gather_codes(*device_, part);
      CudaMemory::copy_to_host(ids.data(), part.ids.data, bytes);
      CudaMemory::copy_to_host(distances.data(), part.distances.data, bytes);
      tape_.release(mark);
    }
    for (Size q = 0; q < count; ++q) {
      auto& own = hits.emplace_back();
      for (Size at = q * k; at < q * k + found[static_cast<std::size_t>(first + q)]; ++at)
        own.push_back({ids[static_cast<std::size_t>(at)], distances[static_cast<std::size_t>(at)]});
    }
  }

  Size n_ = 0, room_ = 0, chunk_;
  cuda::DevicePointer device_;
  Buffer<std::uint64_t, CudaMemory> codes_;  ///< (words, room_)
  Tape<CudaMemory> tape_;
};

}  // namespace hashweave
