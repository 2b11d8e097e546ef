#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <hashweave/core/types.hpp>
#include <hashweave/index/block_layout.hpp>
#include <hashweave/index/code_memory.hpp>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace hashweave::detail {

class ChunkTables;
struct StoredPart;

/// Rows of codes that lie together, with their ids. What a part says never changes; memory behind its rows may still
/// be written to by the one who adds.
struct CodePart {
  std::shared_ptr<const void> owner;  // of blocks and ids
  const std::byte* blocks = nullptr;
  Size rows = 0;
  const std::int64_t* ids = nullptr;  // null: first_id, first_id + 1, …
  std::int64_t first_id = 0;
  bool ascending = true;                                    // the ids
  std::shared_ptr<const std::vector<std::uint64_t>> alive;  // bit i % 64 of word i / 64: row i is there; null: all are
  Size removed = 0;
  std::shared_ptr<const ChunkTables> tables;  // of multi-index hashing; null: none
  std::shared_ptr<const StoredPart> stored;   // where it lies in a file; null: nowhere

  Size alive_rows() const { return rows - removed; }
  std::int64_t id(Size row) const { return ids != nullptr ? ids[row] : first_id + row; }
  bool has(Size row) const { return alive == nullptr || (alive->data()[row / 64] >> row % 64 & 1) != 0; }

  /// Which rows of block b are there.
  std::uint64_t rows_of_block(Size b) const {
    const Size in_block = std::min<Size>(rows - b * BlockLayout::rows, BlockLayout::rows);
    const std::uint64_t all = ~std::uint64_t{0} >> (BlockLayout::rows - in_block);
    return alive == nullptr ? all : alive->data()[b] & all;
  }

  std::int64_t least_id() const {
    if (rows == 0) return std::numeric_limits<std::int64_t>::max();
    return ids == nullptr || ascending ? id(0) : *std::min_element(ids, ids + rows);
  }
  std::int64_t largest_id() const {
    if (rows == 0) return std::numeric_limits<std::int64_t>::min();
    return ids == nullptr || ascending ? id(rows - 1) : *std::max_element(ids, ids + rows);
  }

  /// The row of an id that is there.
  std::optional<Size> find(std::int64_t wanted) const {
    Size row = rows;
    if (ids == nullptr) {
      if (wanted >= first_id && wanted - first_id < rows) row = wanted - first_id;
    } else if (ascending) {
      row = std::lower_bound(ids, ids + rows, wanted) - ids;
      if (row < rows && ids[row] != wanted) row = rows;
    } else {
      for (row = 0; row < rows && !(ids[row] == wanted && has(row));) ++row;
    }
    return row < rows && has(row) ? std::optional{row} : std::nullopt;
  }

  /// The same rows but these, which are there.
  CodePart without(std::span<const Size> gone) const {
    CodePart part = *this;
    auto bits = alive != nullptr ? std::make_shared<std::vector<std::uint64_t>>(*alive)
                                 : std::make_shared<std::vector<std::uint64_t>>(
                                       static_cast<std::size_t>(BlockLayout::blocks_of(rows)), ~std::uint64_t{0});
    for (const Size row : gone) bits->data()[row / 64] &= ~(std::uint64_t{1} << row % 64);
    part.alive = std::move(bits);
    part.removed += std::ssize(gone);
    return part;
  }
};

/// Memory for the rows of a part, to be filled from the front.
class PartMemory {
 public:
  PartMemory(BlockLayout layout, Size capacity, bool with_ids)
      : layout_{layout},
        capacity_{BlockLayout::blocks_of(capacity) * BlockLayout::rows},
        blocks_{aligned_memory<std::byte>(capacity_ / BlockLayout::rows * layout.block_bytes())},
        ids_{with_ids ? aligned_memory<std::int64_t>(capacity_) : nullptr} {}

  Size capacity() const { return capacity_; }
  Size rows() const { return rows_; }
  bool with_ids() const { return ids_ != nullptr; }

  /// One more row, of these words. A block is cleared when its first row comes.
  void add(const std::uint64_t* words, std::int64_t id) {
    if (rows_ % BlockLayout::rows == 0)
      std::memset(blocks_.get() + layout_.place(rows_, 0), 0, static_cast<std::size_t>(layout_.block_bytes()));
    layout_.put(blocks_.get(), rows_, words);
    note(id);
  }

  /// The rows so far as a part.
  CodePart part() const {
    CodePart part;
    part.owner =
        std::make_shared<const std::pair<std::shared_ptr<std::byte[]>, std::shared_ptr<std::int64_t[]>>>(blocks_, ids_);
    part.blocks = blocks_.get();
    part.rows = rows_;
    part.ids = ids_.get();
    part.first_id = first_;
    part.ascending = ascending_;
    return part;
  }

 private:
  void note(std::int64_t id) {
    if (rows_ == 0)
      first_ = id;
    else
      ascending_ = ascending_ && id > last_;
    if (ids_ != nullptr) ids_[rows_] = id;
    last_ = id;
    ++rows_;
  }

  BlockLayout layout_;
  Size capacity_;
  std::shared_ptr<std::byte[]> blocks_;
  std::shared_ptr<std::int64_t[]> ids_;
  Size rows_ = 0;
  std::int64_t first_ = 0, last_ = 0;
  bool ascending_ = true;
};

}  // namespace hashweave::detail
