#pragma once
#include <algorithm>
#include <cstdint>
#include <functional>
#include <hashweave/core/types.hpp>
#include <hashweave/index/code_part.hpp>
#include <hashweave/index/new_ids.hpp>
#include <hashweave/index/part_builder.hpp>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave::detail {

/// All codes of an index at one moment. It never changes; whoever holds it can search it while others add and remove.
struct CodeState {
  BlockLayout layout;
  std::vector<CodePart> parts;
  std::vector<bool> ordered;        // part p's ids ascend and all are larger than those of the parts before
  Size size = 0;                    // codes that are there
  std::int64_t largest_id = no_id;  // of those that ever were there

  CodeState(BlockLayout of, std::vector<CodePart> with, std::int64_t largest_ever)
      : layout{of}, parts{std::move(with)} {
    for (const CodePart& part : parts) {
      ordered.push_back(part.ascending && (part.rows == 0 || part.least_id() > largest_id));
      size += part.alive_rows();
      largest_id = std::max(largest_id, part.largest_id());
    }
    largest_id = std::max(largest_id, largest_ever);
  }

  struct Place {
    Size part, row;
  };
  std::optional<Place> find(std::int64_t id) const {
    for (Size p = std::ssize(parts) - 1; p >= 0; --p)
      if (const auto row = parts.data()[p].find(id)) return Place{p, *row};
    return std::nullopt;
  }
};

/// What finds the codes of a part faster than a scan, and for how many codes.
struct TableRule {
  Size least = 1, most = 0;  // codes
  std::function<std::shared_ptr<const ChunkTables>(BlockLayout, const CodePart&)> make{};

  bool suits(Size codes) const { return codes >= least && codes <= most; }
};

/// Codes in parts. Every change publishes a new `CodeState`; changes wait for one another, searches for nothing.
class CodeStore {
 public:
  using State = std::shared_ptr<const CodeState>;

  explicit CodeStore(Size bits, TableRule rule = {})
      : layout_{bits},
        rule_{std::move(rule)},
        builder_{layout_},
        state_{std::make_shared<const CodeState>(layout_, Parts{}, no_id)} {}
  CodeStore(const CodeStore& other)  // shares all parts and goes on in parts of its own
      : layout_{other.layout_}, rule_{other.rule_}, builder_{layout_}, state_{other.state()} {}
  CodeStore& operator=(const CodeStore& other) {
    if (this != &other) replace(other.state());
    return *this;
  }

  BlockLayout layout() const { return layout_; }
  State state() const {
    const std::lock_guard lock{publishing_};
    return state_;
  }
  /// Takes a state from elsewhere: a file, another store of the same width.
  void replace(State state) {
    const std::lock_guard lock{changing_};
    builder_.forget();
    publish(std::move(state));
  }

  /// The same, unless there were changes since `old`.
  void replace(const State& old, State state) {
    const std::lock_guard lock{changing_};
    if (state_ != old) return;
    builder_.forget();
    publish(std::move(state));
  }

  /// Adds n codes of layout().words() words each; ids null: those that follow the largest one.
  /// Throws `Error` and adds nothing where an id is there already, comes twice or would pass the largest number.
  void add(const std::uint64_t* words, Size n, const std::int64_t* ids, std::string_view where) {
    const std::lock_guard lock{changing_};
    const State before = state();
    std::vector<std::int64_t> numbers;
    if (ids == nullptr) {
      numbers = ids_after(before->largest_id, n, where);
      ids = numbers.data();
    } else {
      const auto is_there = [&](std::int64_t id) { return id <= before->largest_id && before->find(id); };
      require_new_ids({ids, static_cast<std::size_t>(n)}, is_there, where);
    }
    if (n > 0) publish(with_tables(added(before->parts, before->size, {words, ids, n})));
  }

  /// Removes the codes of these ids -> how many there were.
  Size remove(std::span<const std::int64_t> ids) {
    const std::lock_guard lock{changing_};
    const State before = state();
    Parts parts = before->parts;
    const Size count = take_out(parts, ids);
    if (count == 0) return 0;
    const Size rows = std::accumulate(parts.begin(), parts.end(), Size{0},
                                      [](Size sum, const CodePart& part) { return sum + part.rows; });
    if (rows > 2 * (before->size - count) + BlockLayout::rows)
      publish(merged(parts));  // more gaps than codes
    else
      publish(made_of(std::move(parts)));
    return count;
  }

  /// Gives ids that are there other codes, all at once. Throws `Error` and changes nothing where one is missing or
  /// comes twice.
  void update(const std::uint64_t* words, std::span<const std::int64_t> ids, std::string_view where) {
    const std::lock_guard lock{changing_};
    const State before = state();
    require_ids_there(
        ids, [&](std::int64_t id) { return before->find(id).has_value(); }, where);
    if (ids.empty()) return;
    Parts parts = before->parts;
    take_out(parts, ids);
    publish(with_tables(added(std::move(parts), before->size, {words, ids.data(), std::ssize(ids)})));
  }

  /// Puts all codes into one part without gaps, ids ascending, with its tables.
  void compact() {
    const std::lock_guard lock{changing_};
    publish(merged(state()->parts));
  }

 private:
  using Parts = std::vector<CodePart>;

  void publish(State next) {
    const std::lock_guard lock{publishing_};
    state_.swap(next);
  }

  State made_of(Parts parts) const {
    return std::make_shared<const CodeState>(layout_, std::move(parts), state_->largest_id);
  }

  Parts added(Parts parts, Size size, const CodeBatch& batch) {
    try {
      return builder_.add(std::move(parts), size, batch);
    } catch (...) {
      builder_.forget();  // of a batch that was added by half nothing is ever seen
      throw;
    }
  }

  State merged(const Parts& parts) {
    builder_.forget();
    Parts one;
    const bool whole = parts.size() == 1 && parts[0].removed == 0 && parts[0].ascending;
    if (!parts.empty()) one.push_back(whole ? parts[0] : merged_part(layout_, parts));
    if (!one.empty() && one[0].rows == 0) one.clear();
    if (!one.empty() && one[0].tables == nullptr && rule_.suits(one[0].rows))
      one[0].tables = rule_.make(layout_, one[0]);
    return made_of(std::move(one));
  }

  /// Makes tables when those that are there leave out too much: for a quarter of the codes a scan would do.
  State with_tables(Parts parts) {
    Size rows = 0, without = 0;
    for (const CodePart& part : parts) {
      rows += part.alive_rows();
      if (part.tables == nullptr) without += part.alive_rows();
    }
    if (rule_.suits(rows) && without >= std::max(least_tables, rows / 4)) return merged(parts);
    return made_of(std::move(parts));
  }

  /// Removes the codes of these ids from the parts -> how many there were.
  static Size take_out(Parts& parts, std::span<const std::int64_t> ids) {
    Size count = 0;
    std::vector<std::vector<Size>> gone(parts.size());
    for (const std::int64_t id : ids)
      for (std::size_t p = parts.size(); p-- > 0;)
        if (const auto row = parts[p].find(id)) {
          gone[p].push_back(*row);
          break;
        }
    for (std::size_t p = 0; p < parts.size(); ++p) {
      if (gone[p].empty()) continue;
      std::ranges::sort(gone[p]);
      gone[p].erase(std::unique(gone[p].begin(), gone[p].end()), gone[p].end());
      count += std::ssize(gone[p]);
      parts[p] = parts[p].without(gone[p]);
    }
    return count;
  }

  static constexpr Size least_tables = 1 << 16;  // codes without tables

  BlockLayout layout_;
  TableRule rule_;
  PartBuilder builder_;
  mutable std::mutex publishing_;
  std::mutex changing_;
  State state_;
};

}  // namespace hashweave::detail
