#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <hashweave/core/types.hpp>
#include <hashweave/index/code_part.hpp>
#include <limits>
#include <memory>
#include <numeric>
#include <queue>
#include <utility>
#include <vector>

namespace hashweave::detail {

/// Codes to add: `count` codes of layout.words() words each, with their ids.
struct CodeBatch {
  const std::uint64_t* words = nullptr;
  const std::int64_t* ids = nullptr;
  Size count = 0;

  CodeBatch from(Size first, Size words_each) const { return {words + first * words_each, ids + first, count - first}; }
};

/// largest - least of ids, least <= largest; it may be larger than the largest id.
inline std::uint64_t span_of_ids(std::int64_t least, std::int64_t largest) {
  return static_cast<std::uint64_t>(largest) - static_cast<std::uint64_t>(least);
}

/// Whether an id is the one after another.
inline bool follows(std::int64_t id, std::int64_t before) { return before < id && span_of_ids(before, id) == 1; }

/// Whether ids follow one another: i, i + 1, …
inline bool consecutive(const std::int64_t* ids, Size count) {
  for (Size i = 1; i < count; ++i)
    if (!follows(ids[i], ids[i - 1])) return false;
  return true;
}

/// Rows 0 .. count - 1 in the order of their ids.
template <class IdOf>
std::vector<Size> rows_by_id(Size count, const IdOf& id_of) {
  std::vector<Size> order(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), Size{0});
  std::ranges::sort(order, {}, id_of);
  return order;
}

/// One part with the codes of a batch, at least one, ids ascending.
inline CodePart sorted_part(BlockLayout layout, const CodeBatch& batch) {
  const std::int64_t *ids = batch.ids, *end = ids + batch.count;
  std::vector<Size> order;  // of ids that do not ascend
  if (std::adjacent_find(ids, end, std::greater_equal{}) != end)
    order = rows_by_id(batch.count, [&](Size i) { return ids[i]; });
  const auto row = [&](Size i) { return order.empty() ? i : order.data()[i]; };
  const bool dense = span_of_ids(ids[row(0)], ids[row(batch.count - 1)]) == static_cast<std::uint64_t>(batch.count) - 1;
  PartMemory memory{layout, batch.count, !dense};
  for (Size i = 0; i < batch.count; ++i) memory.add(batch.words + row(i) * layout.words(), ids[row(i)]);
  return memory.part();
}

/// One part with the codes of many that are there, ids ascending.
inline CodePart merged_part(BlockLayout layout, const std::vector<CodePart>& parts) {
  struct Row {
    std::int64_t id;
    Size part, at;  // at: place in the part's order
    bool operator>(const Row& other) const { return id > other.id; }
  };
  std::vector<std::vector<Size>> orders(parts.size());  // of parts whose ids do not ascend
  std::priority_queue<Row, std::vector<Row>, std::greater<>> next;
  const auto row_at = [&](Size p, Size at) {
    const auto& order = orders[static_cast<std::size_t>(p)];
    return order.empty() ? at : order[static_cast<std::size_t>(at)];
  };
  const auto offer = [&](Size p, Size at) {  // the first row from `at` on that is there
    const CodePart& part = parts[static_cast<std::size_t>(p)];
    while (at < part.rows && !part.has(row_at(p, at))) ++at;
    if (at < part.rows) next.push({part.id(row_at(p, at)), p, at});
  };
  Size rows = 0;
  std::int64_t least = std::numeric_limits<std::int64_t>::max(), largest = std::numeric_limits<std::int64_t>::min();
  for (Size p = 0; p < std::ssize(parts); ++p) {
    const CodePart& part = parts[static_cast<std::size_t>(p)];
    rows += part.alive_rows();
    least = std::min(least, part.least_id());
    largest = std::max(largest, part.largest_id());
    if (!part.ascending)
      orders[static_cast<std::size_t>(p)] = rows_by_id(part.rows, [&](Size row) { return part.id(row); });
    offer(p, 0);
  }
  const bool dense = span_of_ids(least, largest) == static_cast<std::uint64_t>(rows) - 1;  // then ids need no memory
  PartMemory memory{layout, rows, !dense};
  std::vector<std::uint64_t> words(static_cast<std::size_t>(layout.words()));
  while (!next.empty()) {
    const Row row = next.top();
    next.pop();
    const CodePart& part = parts[static_cast<std::size_t>(row.part)];
    const Size at = row_at(row.part, row.at);
    layout.get(part.blocks, at, words.data());
    memory.add(words.data(), row.id);
    offer(row.part, row.at + 1);
  }
  return memory.part();
}

/// Takes codes as they come, and keeps the parts of an index few.
///
/// A large batch becomes a part. Single codes are gathered: up to 63 in a last part that is written anew each time,
/// whole blocks in an open part before it, which is a 32nd of the whole. So an index of n codes has some 32 log n
/// parts.
class PartBuilder {
 public:
  using Parts = std::vector<CodePart>;

  explicit PartBuilder(BlockLayout layout) : layout_{layout} {}

  /// The parts with a batch added; `size`: how many codes they have.
  Parts add(Parts parts, Size size, const CodeBatch& batch) {
    if (batch.count >= std::max(least_part, size / 32)) {
      close(parts);
      parts.push_back(sorted_part(layout_, batch));
      return parts;
    }
    std::vector<std::uint64_t> words;
    std::vector<std::int64_t> ids;
    if (std::exchange(gathering_, false)) take_last(parts, words, ids);
    words.insert(words.end(), batch.words, batch.words + batch.count * layout_.words());
    ids.insert(ids.end(), batch.ids, batch.ids + batch.count);
    CodeBatch left{words.data(), ids.data(), std::ssize(ids)};
    for (; left.count >= BlockLayout::rows; left = left.from(BlockLayout::rows, layout_.words()))
      add_block(parts, size, left);
    gathering_ = left.count > 0;
    if (gathering_) {
      PartMemory memory{layout_, left.count, !consecutive(left.ids, left.count)};
      for (Size i = 0; i < left.count; ++i) memory.add(left.words + i * layout_.words(), left.ids[i]);
      parts.push_back(memory.part());
    }
    return parts;
  }

  /// From now on new parts are begun; those there are may be merged or come from elsewhere.
  void forget() {
    open_.reset();
    gathering_ = false;
  }

 private:
  static constexpr Size least_part = 4096;  // codes; fewer are gathered
  static constexpr Size least_open = 1024;  // capacity of the open part
  static constexpr Size most_open = 1 << 22;

  /// Takes the codes of the last part that are there, and the part away.
  void take_last(Parts& parts, std::vector<std::uint64_t>& words, std::vector<std::int64_t>& ids) const {
    const CodePart last = std::move(parts.back());
    parts.pop_back();
    for (Size row = 0; row < last.rows; ++row) {
      if (!last.has(row)) continue;
      words.resize(words.size() + static_cast<std::size_t>(layout_.words()));
      layout_.get(last.blocks, row, words.data() + std::ssize(words) - layout_.words());
      ids.push_back(last.id(row));
    }
  }

  /// Moves one block of codes into the open part, the last one of `parts`.
  void add_block(Parts& parts, Size size, const CodeBatch& batch) {
    const bool follow = consecutive(batch.ids, BlockLayout::rows);
    if (open_ != nullptr) {
      const CodePart& part = parts.back();
      const bool fits = open_->rows() < open_->capacity() &&
                        (open_->with_ids() || (follow && follows(batch.ids[0], part.largest_id())));
      if (!fits) close(parts);
    }
    const bool fresh = open_ == nullptr;
    if (fresh) open_ = std::make_unique<PartMemory>(layout_, std::clamp(size / 32, least_open, most_open), !follow);
    for (Size i = 0; i < BlockLayout::rows; ++i) open_->add(batch.words + i * layout_.words(), batch.ids[i]);
    CodePart grown = open_->part();
    if (!fresh) {
      if (parts.back().alive != nullptr) {
        auto alive = std::make_shared<std::vector<std::uint64_t>>(*parts.back().alive);
        alive->push_back(~std::uint64_t{0});
        grown.alive = std::move(alive);
        grown.removed = parts.back().removed;
      }
      parts.pop_back();
    }
    parts.push_back(std::move(grown));
  }

  /// Nothing more comes into the open part, whose ids are put in order. It is the last of `parts`, or before the last
  /// while codes are gathered there.
  void close(Parts& parts) {
    if (open_ != nullptr) {
      CodePart& part = parts[parts.size() - (gathering_ ? 2 : 1)];
      if (!part.ascending) part = merged_part(layout_, {part});
    }
    forget();
  }

  BlockLayout layout_;
  std::unique_ptr<PartMemory> open_;
  bool gathering_ = false;  // the last part is being gathered
};

}  // namespace hashweave::detail
