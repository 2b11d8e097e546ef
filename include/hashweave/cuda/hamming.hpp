#pragma once
#include <algorithm>
#include <cstdint>
#include <hashweave/core/mat.hpp>
#include <hashweave/core/memory.hpp>
#include <hashweave/cuda/backend.hpp>
#include <hashweave/cuda/device_codes.hpp>
#include <hashweave/cuda/hamming_search.hpp>
#include <hashweave/index/hit.hpp>
#include <hashweave/index/search_options.hpp>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace hashweave {

/// The k nearest codes by Hamming distance, or all within a radius, on the device, by comparing with all of them. The
/// codes stay on the device.
///
/// What it does and answers is what `HammingIndex<Bits>` does and answers: the same names, the same errors, the same
/// hits, ordered by distance, then by id. But one thread at a time uses it, it cannot be copied, and it holds 2^31 - 1
/// codes at most.
///
/// One pass counts how often each distance occurs in each chunk of the codes. The counts say how far the k nearest are,
/// how many lie within a radius, which chunks hold one, and where in the answer it goes; only these chunks are looked
/// at again. Nothing is sorted: the codes lie in the order of their ids (`cuda::DeviceCodes`).
///
/// `SearchOptions::where` becomes a bit a code before the search: unlike the CPU's, every item that is there is asked
/// about once, by `SearchOptions::threads` where they are given, and the bits go to the device. Instructions of the CPU
/// (`SearchOptions::kernel`) play no part.
///
///     CudaHammingIndex<Code<128>> index;
///     index.add(codes, ids);
///     auto hits = index.search(queries, 10, {.where = IdBits{words}});
template <class CodeType>
class CudaHammingIndex {
 public:
  static constexpr Size bits = CodeType::bits, words = CodeType::word_count;

  CudaHammingIndex() : CudaHammingIndex{std::span<const CodeType>{}} {}

  /// The codes under the ids 0 .. n - 1. Throws `Error` for a chunk of less than 256 codes, or as `add` does;
  /// `CudaError` without a device.
  explicit CudaHammingIndex(std::span<const CodeType> codes, Size chunk = Size{1} << 16)
      : chunk_{checked(chunk)}, codes_{words} {
    add(codes);
  }
  /// The codes under the given ids.
  CudaHammingIndex(std::span<const CodeType> codes, std::span<const std::int64_t> ids, Size chunk = Size{1} << 16)
      : chunk_{checked(chunk)}, codes_{words} {
    add(codes, ids);
  }

  /// Adds codes under the ids that follow the largest one that ever was there (0, 1, 2 … in an empty index). Where
  /// there is no room it is doubled, which copies all codes on the device. Throws `Error`, adding none, where there
  /// would be more than 2^31 - 1, or ids past the largest 64-bit number.
  void add(std::span<const CodeType> codes) {
    codes_.add(words_of(codes), std::ssize(codes), nullptr, "CudaHammingIndex::add");
  }
  /// Adds codes under the given ids, in any order. Where these do not all follow the largest one in ascending order,
  /// all codes are moved, into new memory on the device. Adds nothing and throws `Error` if there are not as many ids
  /// as codes, if an id is there already or comes twice, or where there would be more than 2^31 - 1 codes.
  void add(std::span<const CodeType> codes, std::span<const std::int64_t> ids) {
    require(codes.size() == ids.size(), "CudaHammingIndex::add", "ids, one a code", codes.size(), ids.size());
    codes_.add(words_of(codes), std::ssize(codes), ids.data(), "CudaHammingIndex::add");
  }

  /// Removes the items with these ids, as far as they are there -> how many were.
  Size remove(std::span<const std::int64_t> ids) { return codes_.remove(ids); }

  /// Gives items that are there other codes. Changes nothing and throws `Error` if there are not as many ids as codes,
  /// or if an id is missing or comes twice.
  void update(std::span<const CodeType> codes, std::span<const std::int64_t> ids) {
    require(codes.size() == ids.size(), "CudaHammingIndex::update", "ids, one a code", codes.size(), ids.size());
    codes_.update(words_of(codes), ids, "CudaHammingIndex::update");
  }

  /// Gives back the memory of what was removed.
  void compact() { codes_.compact(); }

  Size size() const { return codes_.size(); }

  /// Memory of codes and of what is removed on the device, and of ids on the host, without what is kept free for more.
  Size size_in_bytes() const { return codes_.size_in_bytes(); }

  /// The code of an id, or nothing.
  std::optional<CodeType> reconstruct(std::int64_t id) const {
    const auto row = codes_.find(id);
    if (!row) return std::nullopt;
    CodeType code;
    codes_.read(*row, code.words.data());
    return code;
  }

  /// The ids of all items, ascending.
  std::vector<std::int64_t> ids() const {
    std::vector<std::int64_t> all;
    for (Size row = 0; row < codes_.rows(); ++row)
      if (codes_.has(row)) all.push_back(codes_.id(row));
    return all;
  }

  /// f(id, code) for every item, by ascending id. All codes are copied to the host first.
  template <class F>
  void for_each(F&& f) const {
    const std::vector<std::uint64_t> all = codes_.read();
    for (Size row = 0; row < codes_.rows(); ++row) {
      if (!codes_.has(row)) continue;
      CodeType code;
      for (Size w = 0; w < words; ++w) code.words.data()[w] = all.data()[w * codes_.rows() + row];
      f(codes_.id(row), code);
    }
  }

  /// The k nearest items, nearest first, ties by the lower id; all of them where there are fewer.
  /// Throws `Error` unless k > 0.
  std::vector<Hit> search(const CodeType& query, Size k, const SearchOptions& options = {}) {
    return std::move(search(std::span{&query, 1}, k, options)[0]);
  }
  /// The same for every query: one list of hits each.
  std::vector<std::vector<Hit>> search(std::span<const CodeType> queries, Size k, const SearchOptions& options = {}) {
    require(k > 0, "CudaHammingIndex::search", "k", "at least 1", k);
    return answers(queries, k, bits, options);
  }

  /// Every item at a distance of at most `radius` bits, nearest first, ties by the lower id.
  /// Throws `Error` unless radius >= 0.
  std::vector<Hit> search_radius(const CodeType& query, Size radius, const SearchOptions& options = {}) {
    return std::move(search_radius(std::span{&query, 1}, radius, options)[0]);
  }
  /// The same for every query.
  std::vector<std::vector<Hit>> search_radius(std::span<const CodeType> queries, Size radius,
                                              const SearchOptions& options = {}) {
    require(radius >= 0, "CudaHammingIndex::search_radius", "radius", "at least 0 bits", radius);
    return answers(queries, 0, std::min(radius, bits), options);
  }

 private:
  using Hits = std::vector<std::vector<Hit>>;

  static Size checked(Size chunk) {
    require(chunk >= 256, "CudaHammingIndex", "codes in a chunk", "at least 256", chunk);
    return chunk;
  }
  static const std::uint64_t* words_of(std::span<const CodeType> codes) {
    static_assert(sizeof(CodeType) == sizeof(std::uint64_t) * static_cast<std::size_t>(words));
    return codes.empty() ? nullptr : codes.data()->words.data();
  }

  /// The k nearest of each query, or where k is 0 all within the radius.
  Hits answers(std::span<const CodeType> queries, Size k, Size radius, const SearchOptions& options) {
    const std::uint64_t* allowed = codes_.there();
    Size most = codes_.size();
    if (!options.where.passes_all()) {
      const auto passing = codes_.allowed(options.where, options.threads);
      most = passing.count;
      if (filter_.size() < std::ssize(passing.bits))
        filter_ = Buffer<std::uint64_t, CudaMemory>{std::ssize(passing.bits)};
      if (most > 0)
        CudaMemory::copy_from_host(filter_.data(), passing.bits.data(), passing.bits.size() * sizeof(std::uint64_t));
      allowed = filter_.data();
    }
    if (most == 0) return Hits(queries.size());
    Hits hits;
    constexpr Size batch = 64;  // bounds the memory of the counts
    for (Size first = 0; first < std::ssize(queries); first += batch)
      search_batch(queries.subspan(static_cast<std::size_t>(first),
                                   static_cast<std::size_t>(std::min(batch, std::ssize(queries) - first))),
                   std::min(k, most), radius, allowed, hits);
    return hits;
  }

  void search_batch(std::span<const CodeType> queries, Size k, Size radius, const std::uint64_t* allowed, Hits& hits) {
    const Size count = std::ssize(queries);
    std::vector<std::uint64_t> host(static_cast<std::size_t>(count * words));
    for (Size q = 0; q < count; ++q)
      std::copy_n(queries[static_cast<std::size_t>(q)].words.data(), words, host.data() + q * words);
    tape_.rewind();
    auto* own = tape_.take<std::uint64_t>(count * words);
    CudaMemory::copy_from_host(own, host.data(), host.size() * sizeof host[0]);
    cuda::HammingSearch search{codes_.codes(),
                               matrix<const std::uint64_t>(own, count, words),
                               bits,
                               chunk_,
                               k,
                               radius,
                               allowed,
                               {},
                               tape_.take<std::int32_t>(count),
                               tape_.take<std::int32_t>(count),
                               {},
                               {}};
    const Size rows = count * (search.chunks() + 1);
    search.counts = matrix(tape_.take<std::int32_t>(rows * (bits + 1)), rows, bits + 1);
    cuda::count_codes(codes_.device(), search);
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
    std::vector<std::int32_t> found_rows(static_cast<std::size_t>(count * k)), distances(found_rows.size());
    if (k > 0) {
      const auto mark = tape_.mark();
      const Size rows = part.chunks() + 1;
      part.queries = rows_of(part.queries, first, count);
      part.counts = rows_of(part.counts, first * rows, count * rows);
      part.limits += first;
      part.k = k;
      part.rows = matrix(tape_.take<std::int32_t>(count * k), count, k);
      part.distances = matrix(tape_.take<std::int32_t>(count * k), count, k);
      const std::size_t bytes = found_rows.size() * sizeof found_rows[0];
      // a query with fewer hits than another leaves the rest of its row as it is
      const auto rest = std::span{found}.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
      if (std::ranges::any_of(rest, [k](std::int32_t own) { return own < k; })) {
        CudaMemory::zero(part.rows.data, bytes);
        CudaMemory::zero(part.distances.data, bytes);
      }
      cuda::gather_codes(codes_.device(), part);
      CudaMemory::copy_to_host(found_rows.data(), part.rows.data, bytes);
      CudaMemory::copy_to_host(distances.data(), part.distances.data, bytes);
      tape_.release(mark);
    }
    for (Size q = 0; q < count; ++q) {
      auto& own = hits.emplace_back();
      for (Size at = q * k; at < q * k + found[static_cast<std::size_t>(first + q)]; ++at)
        own.push_back({codes_.id(found_rows.data()[at]), distances.data()[at]});
    }
  }

  Size chunk_;
  cuda::DeviceCodes codes_;
  Buffer<std::uint64_t, CudaMemory> filter_;  ///< a bit a row: the items that pass and are there
  Tape<CudaMemory> tape_;
};

}  // namespace hashweave
