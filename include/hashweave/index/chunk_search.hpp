#pragma once
#include <bit>
#include <cstdint>
#include <hashweave/core/types.hpp>
#include <hashweave/index/chunk_tables.hpp>
#include <hashweave/index/id_filter.hpp>
#include <utility>
#include <vector>

namespace hashweave::detail {

/// What a query's check bits are compared with: the entries of one table.
struct EntryCheck {
  const std::byte* entries;
  Size entry_bits, row_bits;
  std::uint64_t check_mask, check;
  Size bound;

  /// Writes the rows of entries [first, last) whose check bits differ in at most `bound` to `out`, which has room for
  /// all -> how many there are.
  [[gnu::always_inline]] Size rows(Size first, Size last, Size* out) const {
    const std::uint64_t row_mask = (std::uint64_t{1} << row_bits) - 1;
    Size count = 0;
    for (Size at = first * entry_bits; at < last * entry_bits; at += entry_bits) {
      const std::uint64_t entry = entry_at(entries, at);
      out[count] = static_cast<Size>(entry & row_mask);
      count += __builtin_popcountll((entry >> row_bits & check_mask) ^ check) <= bound ? 1 : 0;
    }
    return count;
  }
};

inline Size near_rows_portable(const EntryCheck& check, Size first, Size last, Size* out) {
  return check.rows(first, last, out);
}
#if defined(__x86_64__)
[[gnu::target("popcnt")]] inline Size near_rows_popcnt(const EntryCheck& check, Size first, Size last, Size* out) {
  return check.rows(first, last, out);
}
#endif

/// `EntryCheck::rows` by the processor's popcount where it has one.
inline auto near_rows() {
#if defined(__x86_64__)
  static const bool popcnt = __builtin_cpu_supports("popcnt") != 0;
  if (popcnt) return &near_rows_popcnt;
#endif
  return &near_rows_portable;
}

/// One search through the tables of a part, by rings: step s looks at the buckets of chunk s mod m whose value differs
/// from the query's in exactly s / m bits. A code that has not been seen after step s differs from the query in at
/// least s + 1 bits, for it differs by more than has been looked at in every one of the m chunks, which are disjoint.
/// Chunks need not cover the code for that.
///
/// Source: M. Norouzi, A. Punjani, D. J. Fleet, "Fast Exact Search in Hamming Space with Multi-Index Hashing",
/// IEEE TPAMI 36 (2014), section 3, algorithm 2.
template <class Selection>
class ChunkSearch {
 public:
  /// `budget`: nanoseconds after which a scan of the part is better.
  ChunkSearch(const CodePart& part, BlockLayout layout, const std::uint64_t* query, const IdFilter& filter,
              double budget, Selection& selection)
      : part_{part},
        tables_{*part.tables},
        shape_{tables_.shape()},
        layout_{layout},
        query_{query},
        filter_{filter},
        budget_{budget},
        selection_{selection},
        words_(static_cast<std::size_t>(layout.words())) {}

  /// Offers what may be an answer -> whether everything that can be one was; if not, it was getting dearer than a scan.
  bool run() {
    double spent = 0;
    const double per_bucket =
        bucket_cost + code_cost * static_cast<double>(part_.rows) / static_cast<double>(shape_.buckets());
    for (Size step = 0; selection_.kth() >= step; ++step) {
      const Size ring = step / shape_.chunks;
      if (ring > shape_.width) return true;  // every bucket of a chunk has been seen
      const double buckets = binomial(shape_.width, ring);
      if (spent + buckets * per_bucket > budget_) return false;
      seen_ = offered_ = 0;
      visit(step % shape_.chunks, ring);
      spent +=
          buckets * bucket_cost + static_cast<double>(seen_) * code_cost + static_cast<double>(offered_) * look_cost;
    }
    return true;
  }

 private:
  static constexpr int ahead = 64;           // buckets on their way from memory at a time
  static constexpr double bucket_cost = 12;  // nanoseconds; measured (docs/quality.md)
  static constexpr double code_cost = 2;
  static constexpr double look_cost = 40;

  static double binomial(Size n, Size k) {
    double value = 1;
    for (Size i = 0; i < k; ++i) value *= static_cast<double>(n - i) / static_cast<double>(i + 1);
    return value;
  }

  /// All buckets of a chunk at a distance of `ring` bits.
  void visit(Size c, Size ring) {
    chunk_ = c;
    ring_ = ring;
    check_ = shape_.check(query_, c);
    const std::uint64_t center = shape_.chunk(query_, c);
    const std::uint64_t end = std::uint64_t{1} << shape_.width;
    std::uint64_t keys[ahead];
    int count = 0;
    // the masks of `ring` bits in ascending order
    std::uint64_t mask = (std::uint64_t{1} << ring) - 1;
    while (mask < end) {
      const std::uint64_t key = center ^ mask;
      __builtin_prefetch(tables_.starts(c) + key);
      keys[count++] = key;
      if (count == ahead) look_into(keys, std::exchange(count, 0));
      if (mask == 0) break;
      const std::uint64_t carried = mask + (mask & (~mask + 1));
      mask = carried | ((mask ^ carried) >> 2 >> std::countr_zero(mask));
    }
    look_into(keys, count);
  }

  void look_into(const std::uint64_t* keys, int count) {
    const std::uint32_t* starts = tables_.starts(chunk_);
    const std::byte* entries = tables_.entries(chunk_);
    const Size entry_bits = shape_.entry_bits();
    std::uint32_t first[ahead], last[ahead];
    for (int i = 0; i < count; ++i) {
      first[i] = starts[keys[i]];
      last[i] = starts[keys[i] + 1];
      if (first[i] > last[i] || last[i] > part_.rows) first[i] = last[i] = 0;  // a damaged file, not verified
      if (first[i] == last[i]) continue;
      const std::byte* begin = entries + static_cast<Size>(first[i]) * entry_bits / 8;
      const std::byte* end = entries + static_cast<Size>(last[i]) * entry_bits / 8;
      for (const std::byte* line = begin; line < end; line += 64) __builtin_prefetch(line);
    }
    const EntryCheck check{.entries = entries,
                           .entry_bits = entry_bits,
                           .row_bits = shape_.row_bits,
                           .check_mask = (std::uint64_t{1} << shape_.check_bits) - 1,
                           .check = check_,
                           .bound = selection_.kth() - ring_};
    Size near = 0;
    for (int i = 0; i < count; ++i) {
      const Size in_bucket = last[i] - first[i];
      seen_ += in_bucket;
      if (std::ssize(near_) < near + in_bucket) near_.resize(static_cast<std::size_t>(2 * (near + in_bucket)));
      const Size more = near_rows_(check, first[i], last[i], near_.data() + near);
      for (Size j = near; j < near + more; ++j) prefetch(near_.data()[j]);
      near += more;
    }
    for (Size j = 0; j < near; ++j) offer(near_.data()[j]);
    offered_ += near;
  }

  void prefetch(Size row) const {
    for (Size k = 0; k < layout_.code_bytes(); ++k) __builtin_prefetch(part_.blocks + layout_.place(row, k));
  }

  void offer(Size row) {
    if (row >= part_.rows || !part_.has(row)) return;
    layout_.get(part_.blocks, row, words_.data());
    int distance = 0;
    for (Size w = 0; w < layout_.words(); ++w) distance += std::popcount(words_.data()[w] ^= query_[w]);
    if (distance > selection_.kth()) return;
    for (Size c = 0; c < shape_.chunks; ++c) {  // seen already, by an earlier chunk or in an earlier ring?
      const Size rings = c < chunk_ ? ring_ : ring_ - 1;
      if (c != chunk_ && std::popcount(shape_.chunk(words_.data(), c)) <= rings) return;
    }
    const std::int64_t id = part_.id(row);
    if (filter_(id)) selection_.offer(id, distance);
  }

  const CodePart& part_;
  const ChunkTables& tables_;
  const ChunkShape& shape_;
  BlockLayout layout_;
  const std::uint64_t* query_;
  IdFilter filter_;
  double budget_;
  Selection& selection_;
  std::vector<std::uint64_t> words_;  // of the code at hand, then its difference to the query
  std::vector<Size> near_;            // rows to look at, and room for more
  decltype(&near_rows_portable) near_rows_ = near_rows();
  Size chunk_ = 0, ring_ = 0, seen_ = 0, offered_ = 0;
  std::uint64_t check_ = 0;
};

}  // namespace hashweave::detail
