#pragma once
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <hashweave/core/types.hpp>
#include <hashweave/index/block_layout.hpp>
#include <hashweave/index/code_part.hpp>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

namespace hashweave::detail {

/// `count` bits of a code from bit `first` on, 0 <= count <= 57, first + count <= 64 words.
inline std::uint64_t bits_of_code(const std::uint64_t* words, Size first, Size count) {
  if (count == 0) return 0;
  const Size shift = first % 64;
  std::uint64_t value = words[first / 64] >> shift;
  if (shift + count > 64) value |= words[first / 64 + 1] << (64 - shift);
  return value & ~std::uint64_t{0} >> (64 - count);
}

/// Chunks of the codes of a part, and where each is.
struct ChunkShape {
  Size bits = 0;        // of a code
  Size chunks = 0;      // tables
  Size width = 0;       // bits of a chunk: chunk c is bits [c width, (c + 1) width) of the code
  Size row_bits = 0;    // bits that number a row
  Size check_bits = 0;  // bits of the code beside the chunk that an entry holds, at most the others

  static constexpr Size most_chunks = 64;

  Size entry_bits() const { return row_bits + check_bits; }
  Size buckets() const { return Size{1} << width; }

  std::uint64_t chunk(const std::uint64_t* words, Size c) const { return bits_of_code(words, c * width, width); }

  /// The bits after chunk c, in a circle.
  std::uint64_t check(const std::uint64_t* words, Size c) const {
    const Size first = (c + 1) * width % bits;
    const Size before_end = std::min(check_bits, bits - first);
    return bits_of_code(words, first, before_end) | bits_of_code(words, 0, check_bits - before_end) << before_end;
  }

  /// For `rows` codes of `bits` bits; `chunks` 0: as many as suit them. `memory`: how many times the codes' own bytes
  /// they and the tables may take.
  static ChunkShape choose(Size rows, Size bits, Size chunks, double memory) {
    ChunkShape shape{.bits = bits};
    shape.row_bits = static_cast<Size>(std::bit_width(static_cast<std::uint64_t>(rows)));
    // buckets of four codes on the average: fewer cost more memory for the buckets, more cost time for the codes
    const Size widest = std::clamp<Size>(shape.row_bits - 3, 4, 26);
    shape.chunks = chunks > 0 ? chunks : std::clamp<Size>((bits + widest / 2) / widest, 2, most_chunks);
    shape.width = std::min(widest, bits / shape.chunks);
    const double buckets = 32.0 * static_cast<double>(shape.chunks * shape.buckets()) / static_cast<double>(rows);
    const double free = (memory - 1) * static_cast<double>(bits) - buckets;  // bits a code for the entries
    const Size entry = static_cast<Size>(std::floor(free / static_cast<double>(shape.chunks)));
    shape.check_bits =
        std::clamp<Size>(entry - shape.row_bits, 0, std::min<Size>(bits - shape.width, 57 - shape.row_bits));
    return shape;
  }
};

/// The entry that begins at this bit, at most 57 bits; what follows it stands above.
[[gnu::always_inline]] inline std::uint64_t entry_at(const std::byte* entries, Size bit) {
  std::uint64_t eight;
  std::memcpy(&eight, entries + bit / 8, sizeof eight);
  return eight >> bit % 8;
}

/// The rows of a part by the value of each chunk of their codes.
///
/// Table c has a bucket for every value of chunk c: the rows with that value, one after another, each with some further
/// bits of its code, by which most rows are dismissed without a look at the code itself.
class ChunkTables {
 public:
  /// Views of tables that `owner` keeps: starts[c] has buckets() + 1 numbers, entries[c] table_bytes(rows) bytes.
  ChunkTables(ChunkShape shape, std::shared_ptr<const void> owner, std::vector<const std::uint32_t*> starts,
              std::vector<const std::byte*> entries)
      : shape_{shape}, owner_{std::move(owner)}, starts_{std::move(starts)}, entries_{std::move(entries)} {}

  /// Sorts the rows of a part into buckets. At most 2^32 - 1 rows.
  static std::shared_ptr<const ChunkTables> build(const ChunkShape& shape, BlockLayout layout, const CodePart& part);

  const ChunkShape& shape() const { return shape_; }
  const std::uint32_t* starts(Size c) const { return starts_[static_cast<std::size_t>(c)]; }
  const std::byte* entries(Size c) const { return entries_[static_cast<std::size_t>(c)]; }

  /// Entry i of table c: the row, and above it the check bits.
  std::uint64_t entry(Size c, Size i) const {
    return entry_at(entries(c), i * shape_.entry_bits()) & ~std::uint64_t{0} >> (64 - shape_.entry_bits());
  }

  /// Bytes of the entries of a table: entries of entry_bits() bits, and room to read eight bytes anywhere.
  static Size table_bytes(const ChunkShape& shape, Size rows) { return (rows * shape.entry_bits() + 7) / 8 + 8; }
  Size size_in_bytes(Size rows) const {
    return shape_.chunks * (table_bytes(shape_, rows) + 4 * (shape_.buckets() + 1));
  }

 private:
  ChunkShape shape_;
  std::shared_ptr<const void> owner_;
  std::vector<const std::uint32_t*> starts_;
  std::vector<const std::byte*> entries_;
};

/// Fills the buckets of one table.
///
/// Rows are first dealt to some hundreds of heaps by the leading bits of their chunk, then each heap is sorted into its
/// buckets: so both passes write to few places, or to places near one another.
class TableBuilder {
 public:
  TableBuilder(const ChunkShape& shape, BlockLayout layout, const CodePart& part)
      : shape_{shape},
        layout_{layout},
        part_{part},
        heaps_{Size{1} << std::min<Size>(heap_bits, shape.width)},
        low_bits_{shape.width - std::min<Size>(heap_bits, shape.width)},
        dealt_{aligned_memory<Dealt>(part.rows)},
        words_(static_cast<std::size_t>(layout.words())) {}

  void build(Size c, std::uint32_t* starts, std::byte* table) {
    std::memset(table, 0, static_cast<std::size_t>(ChunkTables::table_bytes(shape_, part_.rows)));
    std::vector<Size> next(static_cast<std::size_t>(heaps_ + 1));
    for (Size row = 0; row < part_.rows; ++row) ++next.data()[(shape_.chunk(words(row), c) >> low_bits_) + 1];
    std::partial_sum(next.begin(), next.end(), next.begin());
    const std::vector<Size> begin = next;
    for (Size row = 0; row < part_.rows; ++row) {
      const std::uint64_t* code = words(row);
      const std::uint64_t chunk = shape_.chunk(code, c);
      dealt_[next.data()[chunk >> low_bits_]++] = {
          static_cast<std::uint64_t>(row) | shape_.check(code, c) << shape_.row_bits,
          static_cast<std::uint32_t>(chunk & ((std::uint64_t{1} << low_bits_) - 1))};
    }
    for (Size h = 0; h < heaps_; ++h) sort(begin.data()[h], begin.data()[h + 1], starts + (h << low_bits_), table);
    starts[shape_.buckets()] = static_cast<std::uint32_t>(part_.rows);
  }

 private:
  static constexpr Size heap_bits = 8;

  struct Dealt {
    std::uint64_t entry;
    std::uint32_t bucket;  // within the heap
  };

  const std::uint64_t* words(Size row) {
    layout_.get(part_.blocks, row, words_.data());
    return words_.data();
  }

  void sort(Size first, Size last, std::uint32_t* starts, std::byte* table) {
    const Size buckets = Size{1} << low_bits_;
    std::fill_n(starts, buckets, 0u);
    for (Size i = first; i < last; ++i) ++starts[dealt_[i].bucket];
    // where each bucket ends; as its rows are put in from the last on, where it begins
    std::uint32_t end = static_cast<std::uint32_t>(first);
    for (Size b = 0; b < buckets; ++b) starts[b] = end += starts[b];
    for (Size i = last; i-- > first;) {
      const Size at = static_cast<Size>(--starts[dealt_[i].bucket]) * shape_.entry_bits();
      std::uint64_t eight;
      std::memcpy(&eight, table + at / 8, sizeof eight);
      eight |= dealt_[i].entry << at % 8;
      std::memcpy(table + at / 8, &eight, sizeof eight);
    }
  }

  const ChunkShape& shape_;
  BlockLayout layout_;
  const CodePart& part_;
  Size heaps_, low_bits_;
  std::shared_ptr<Dealt[]> dealt_;
  std::vector<std::uint64_t> words_;
};

inline std::shared_ptr<const ChunkTables> ChunkTables::build(const ChunkShape& shape, BlockLayout layout,
                                                             const CodePart& part) {
  struct Memory {
    std::vector<std::shared_ptr<std::uint32_t[]>> starts;
    std::vector<std::shared_ptr<std::byte[]>> entries;
  };
  auto memory = std::make_shared<Memory>();
  std::vector<const std::uint32_t*> starts;
  std::vector<const std::byte*> entries;
  TableBuilder builder{shape, layout, part};
  for (Size c = 0; c < shape.chunks; ++c) {
    memory->starts.push_back(aligned_memory<std::uint32_t>(shape.buckets() + 1));
    memory->entries.push_back(aligned_memory<std::byte>(table_bytes(shape, part.rows)));
    builder.build(c, memory->starts.back().get(), memory->entries.back().get());
    starts.push_back(memory->starts.back().get());
    entries.push_back(memory->entries.back().get());
  }
  return std::make_shared<const ChunkTables>(shape, memory, std::move(starts), std::move(entries));
}

}  // namespace hashweave::detail
