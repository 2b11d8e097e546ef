#pragma once
#include <algorithm>
#include <cstdint>
#include <hashweave/core/types.hpp>
#include <hashweave/index/chunk_search.hpp>
#include <hashweave/index/code_store.hpp>
#include <hashweave/index/scan_kernels.hpp>
#include <hashweave/index/search_options.hpp>
#include <hashweave/index/selection.hpp>
#include <numeric>
#include <span>
#include <vector>

namespace hashweave {

namespace detail {

/// Memory of codes, ids, tables and notes of what is removed.
inline Size size_in_bytes(const CodeState& state) {
  Size bytes = 0;
  for (const CodePart& part : state.parts) {
    const Size blocks = BlockLayout::blocks_of(part.rows);
    bytes += blocks * state.layout.block_bytes();
    if (part.ids != nullptr) bytes += 8 * part.rows;
    if (part.alive != nullptr) bytes += 8 * blocks;
    if (part.tables != nullptr) bytes += part.tables->size_in_bytes(part.rows);
  }
  return bytes;
}

/// Searches of the codes of one state for several queries at once.
///
/// Selection: `limit(ascending)`, `kth()`, `offer(id, distance)`, `take(other)`, `answers()`, as NearestSelection.
/// A part is gone over in pieces that stay in the second cache while query after query, four at a time, passes over
/// them. Threads share out the queries where there are enough of them, and the codes otherwise.
template <class Selection>
class StateSearch {
 public:
  /// `queries`: `count` codes of layout.words() words each. `empty`: the selection that each begins with.
  StateSearch(const CodeState& state, const std::uint64_t* queries, Size count, const SearchOptions& options,
              const Selection& empty)
      : state_{state},
        words_{queries},
        options_{options},
        empty_{empty},
        selections_(static_cast<std::size_t>(count), empty),
        prepared_stride_{state.layout.code_bytes() * prepared_bytes},
        prepared_{aligned_memory<std::byte>(count * prepared_stride_)} {
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(state.layout.code_bytes()));
    for (Size q = 0; q < count; ++q) {
      for (Size k = 0; k < std::ssize(bytes); ++k)
        bytes.data()[k] = static_cast<std::uint8_t>(words_[q * state.layout.words() + k / 8] >> 8 * (k % 8));
      prepare(options.kernel, bytes.data(), std::ssize(bytes), prepared_.get() + q * prepared_stride_);
    }
    std::vector<Size> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), Size{0});
    std::vector<Piece> pieces;
    for (Size p = 0; p < std::ssize(state.parts); ++p) {
      if (state.parts.data()[p].tables == nullptr) {
        cut(p, pieces);
        continue;
      }
      std::vector<Piece> own;
      cut(p, own);
      scan(own, by_tables(p, all));
    }
    scan(pieces, all);
  }

  std::vector<std::vector<Hit>> answers() {
    std::vector<std::vector<Hit>> lists;
    for (Selection& selection : selections_) lists.push_back(selection.answers());
    return lists;
  }

 private:
  static constexpr int most = ScanQueries::most;
  static constexpr Size piece_bytes = Size{1} << 18;
  static constexpr Size most_together = 64 * most;  // queries that pass over a piece before the next

  /// Blocks [first, first + count) of a part.
  struct Piece {
    Size part, first, count;
  };

  void cut(Size p, std::vector<Piece>& pieces) const {
    const Size blocks = BlockLayout::blocks_of(state_.parts.data()[p].rows);
    const Size step = std::max<Size>(1, piece_bytes / state_.layout.block_bytes());
    for (Size b = 0; b < blocks; b += step) pieces.push_back({p, b, std::min(step, blocks - b)});
  }

  template <class F>
  void run(Size tasks, const F& f) {
    if (options_.threads != nullptr)
      options_.threads->run(tasks, [&](Size t, Size) { f(t); });
    else
      for (Size t = 0; t < tasks; ++t) f(t);
  }
  Size threads() const { return options_.threads != nullptr ? options_.threads->count() : 1; }

  /// Searches a part by its tables -> the queries for which a scan is better.
  std::vector<Size> by_tables(Size p, const std::vector<Size>& queries) {
    const CodePart& part = state_.parts.data()[p];
    std::vector<char> done(queries.size());
    // nanoseconds: half of what a scan would take, which waits for memory where a query is alone
    const double bytes = static_cast<double>(state_.layout.code_bytes());
    const double budget = static_cast<double>(part.rows) * bytes * (std::ssize(queries) < most ? 0.04 : 0.008);
    run(std::ssize(queries), [&](Size i) {
      const Size q = queries.data()[i];
      Selection found = empty_;
      const std::uint64_t* words = words_ + q * state_.layout.words();
      if (!ChunkSearch<Selection>{part, state_.layout, words, options_.where, budget, found}.run()) return;
      selections_.data()[q].take(found);
      done.data()[i] = 1;
    });
    std::vector<Size> left;
    for (Size i = 0; i < std::ssize(queries); ++i)
      if (done.data()[i] == 0) left.push_back(queries.data()[i]);
    return left;
  }

  void scan(const std::vector<Piece>& pieces, const std::vector<Size>& queries) {
    const Size count = std::ssize(queries), groups = (count + most - 1) / most;
    if (count == 0 || pieces.empty()) return;
    if (threads() == 1 || groups >= 2 * threads()) {
      const Size together = std::min(most_together, (groups + 2 * threads() - 1) / (2 * threads()) * most);
      run((count + together - 1) / together, [&](Size task) {
        const Size first = task * together;
        const std::span<const Size> mine{queries.data() + first,
                                         static_cast<std::size_t>(std::min(together, count - first))};
        for (const Piece& piece : pieces)
          for (Size q = 0; q < std::ssize(mine); q += most)
            scan(piece, mine.subspan(static_cast<std::size_t>(q)), selections_);
      });
      return;
    }
    const Size tasks = std::min<Size>(std::ssize(pieces), 4 * threads());
    std::vector<std::vector<Selection>> found(static_cast<std::size_t>(tasks));
    run(tasks, [&](Size task) {
      std::vector<Selection>& mine = found.data()[task];
      mine.assign(selections_.size(), empty_);
      for (Size i = task * std::ssize(pieces) / tasks; i < (task + 1) * std::ssize(pieces) / tasks; ++i)
        for (Size q = 0; q < count; q += most)
          scan(pieces.data()[i], std::span{queries}.subspan(static_cast<std::size_t>(q)), mine);
    });
    for (const auto& mine : found)
      for (const Size q : queries) selections_.data()[q].take(mine.data()[q]);
  }

  /// What a kernel's report needs.
  struct Report {
    const CodePart* part;
    Size first_block;
    bool ordered;
    const IdFilter* filter;
    Selection* selections[most];

    static std::uint32_t of(void* context, int q, Size b, std::uint64_t rows, const std::uint16_t* distances) {
      const Report& report = *static_cast<const Report*>(context);
      Selection& selection = *report.selections[q];
      for (; rows != 0; rows &= rows - 1) {
        const int i = std::countr_zero(rows);
        const std::int64_t id = report.part->id((report.first_block + b) * BlockLayout::rows + i);
        if ((*report.filter)(id)) selection.offer(id, distances[i]);
      }
      return selection.limit(report.ordered);
    }
  };

  /// One piece for the first queries of a list, at most `most`.
  void scan(const Piece& piece, std::span<const Size> queries, std::vector<Selection>& selections) {
    const CodePart& part = state_.parts.data()[piece.part];
    Report report{.part = &part,
                  .first_block = piece.first,
                  .ordered = state_.ordered[static_cast<std::size_t>(piece.part)],
                  .filter = &options_.where,
                  .selections = {}};
    ScanQueries asked;
    asked.alone = queries.size() == 1;
    for (int i = 0; i < most; ++i) {
      const bool there = i < std::ssize(queries);
      const Size q = queries[there ? static_cast<std::size_t>(i) : 0];
      asked.prepared[i] = prepared_.get() + q * prepared_stride_;
      report.selections[i] = &selections.data()[q];
      asked.limits[i] = there ? report.selections[i]->limit(report.ordered) : 0;
    }
    const bool cut_off = (piece.first + piece.count) * BlockLayout::rows > part.rows;  // the last block is not full
    ScanJob job{.code_bytes = state_.layout.code_bytes(),
                .blocks = part.blocks + piece.first * state_.layout.block_bytes(),
                .count = piece.count - (cut_off ? 1 : 0),
                .allowed = part.alive != nullptr ? part.alive->data() + piece.first : nullptr,
                .report = Report::of,
                .context = &report};
    detail::scan(options_.kernel, job, asked);
    if (!cut_off) return;
    const std::uint64_t rows = part.rows_of_block(piece.first + job.count);
    job.blocks += job.count * state_.layout.block_bytes();
    report.first_block += job.count;
    job.count = 1;
    job.allowed = &rows;
    detail::scan(options_.kernel, job, asked);
  }

  const CodeState& state_;
  const std::uint64_t* words_;
  SearchOptions options_;
  const Selection& empty_;
  std::vector<Selection> selections_;
  Size prepared_stride_;
  std::shared_ptr<std::byte[]> prepared_;
};

}  // namespace detail
}  // namespace hashweave
