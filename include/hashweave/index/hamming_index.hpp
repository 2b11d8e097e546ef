#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <hashweave/index/code.hpp>
#include <iterator>
#include <limits>
#include <span>
#include <string>
#include <tuple>
#include <vector>

namespace hashweave {

/// One answer to a query: an item's id, and in how many bits its code differs from the query's.
struct Hit {
  std::int64_t id = 0;
  Size distance = 0;

  friend constexpr bool operator==(const Hit&, const Hit&) = default;
};

/// The order of answers: the nearer first, of equally near ones the lower id.
constexpr bool ranks_before(const Hit& a, const Hit& b) {
  return std::tie(a.distance, a.id) < std::tie(b.distance, b.id);
}

/// Exact nearest neighbours of binary codes by Hamming distance: a linear scan over codes that lie end to end.
///
/// Every item has a 64-bit id, the user's or its row number. Answers are ordered by `ranks_before` and do not depend
/// on the order in which items were added. Searching is `const` and may run in several threads at once.
/// Cost of a search: O(n Bits / 64) a query and 2 n bytes.
template <Size Bits>
class HammingIndex {
 public:
  using CodeType = Code<Bits>;

  HammingIndex() = default;

  /// The codes under the ids 0 .. n - 1.
  explicit HammingIndex(std::span<const CodeType> codes) { add(codes); }

  /// The codes under the given ids. Throws `Error` as `add` does.
  HammingIndex(std::span<const CodeType> codes, std::span<const std::int64_t> ids) { add(codes, ids); }

  /// Adds codes under the ids that follow the largest one so far (0, 1, 2 … in an empty index).
  /// Throws `Error` when these would pass the largest 64-bit number.
  void add(std::span<const CodeType> codes) {
    constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();
    const std::int64_t largest = ids_.empty() ? -1 : *std::ranges::max_element(ids_);
    require(std::ssize(codes) <= (largest < 0 ? last : last - largest), "HammingIndex::add",
            "codes to add after id " + std::to_string(largest), last - std::max<std::int64_t>(largest, 0),
            std::ssize(codes));
    std::vector<std::int64_t> ids(codes.size());
    for (Size i = 0; i < std::ssize(ids); ++i) ids.data()[i] = largest + 1 + i;
    add(codes, ids);
  }

  /// Adds codes under the given ids, in any order. Adds nothing and throws `Error` if there are not as many ids as
  /// codes, or if an id is there already or comes twice.
  /// Cost: O(added) where the ids ascend, O((n + added) log(n + added)) otherwise.
  void add(std::span<const CodeType> codes, std::span<const std::int64_t> ids) {
    require(codes.size() == ids.size(), "HammingIndex::add", "ids, one a code", codes.size(), ids.size());
    const bool still_ascending = ids_ascend_ && continues_ascending(ids);
    if (!still_ascending) require_new(ids);
    make_room(codes_, codes.size());  // first for both, so that a failed allocation leaves both as they were
    make_room(ids_, ids.size());
    codes_.insert(codes_.end(), codes.begin(), codes.end());
    ids_.insert(ids_.end(), ids.begin(), ids.end());
    ids_ascend_ = still_ascending;
  }

  Size size() const { return std::ssize(codes_); }
  std::span<const CodeType> codes() const { return codes_; }
  /// `ids()[i]` belongs to `codes()[i]`.
  std::span<const std::int64_t> ids() const { return ids_; }

  /// The k nearest items, nearest first, ties by the lower id; all of them where k > size().
  /// Throws `Error` unless k > 0.
  std::vector<Hit> search(const CodeType& query, Size k) const {
    std::vector<std::uint16_t> distances;
    return nearest(query, k, distances);
  }

  /// The same for every query: one list of hits each.
  std::vector<std::vector<Hit>> search(std::span<const CodeType> queries, Size k) const {
    std::vector<std::uint16_t> distances;
    std::vector<std::vector<Hit>> answers;
    answers.reserve(queries.size());
    for (const CodeType& query : queries) answers.push_back(nearest(query, k, distances));
    return answers;
  }

  /// Every item at a distance of at most `radius` bits, nearest first, ties by the lower id.
  /// Throws `Error` unless radius >= 0.
  std::vector<Hit> search_radius(const CodeType& query, Size radius) const {
    require(radius >= 0, "HammingIndex::search_radius", "radius", "at least 0 bits", radius);
    std::vector<Hit> hits;
    for (Size i = 0; i < size(); ++i)
      if (const Size distance = hamming(query, codes_.data()[i]); distance <= radius)
        hits.push_back({ids_.data()[i], distance});
    std::ranges::sort(hits, ranks_before);
    return hits;
  }

 private:
  using Counts = std::array<Size, static_cast<std::size_t>(Bits + 1)>;

  template <class T>
  static void make_room(std::vector<T>& list, std::size_t more) {
    if (list.capacity() - list.size() < more) list.reserve(std::max(2 * list.size(), list.size() + more));
  }

  bool continues_ascending(std::span<const std::int64_t> ids) const {
    if (!ids.empty() && !ids_.empty() && ids.front() <= ids_.back()) return false;
    return std::ranges::adjacent_find(ids, std::ranges::greater_equal{}) == ids.end();
  }

  void require_new(std::span<const std::int64_t> ids) const {
    std::vector<std::int64_t> all(ids_);
    all.insert(all.end(), ids.begin(), ids.end());
    std::ranges::sort(all);
    const auto twice = std::ranges::adjacent_find(all);
    if (twice != all.end()) fail("HammingIndex::add", "ids", "each once", std::to_string(*twice) + " twice");
  }

  /// Selection by counting: a histogram of the distances gives the largest one that is needed, `cut`; every nearer
  /// item is an answer, and so are as many items at `cut` as are still wanted, those of the lowest ids.
  std::vector<Hit> nearest(const CodeType& query, Size k, std::vector<std::uint16_t>& distances) const {
    require(k > 0, "HammingIndex::search", "k", "at least 1", k);
    if (codes_.empty()) return {};
    const Size wanted = std::min(k, size());
    distances.resize(codes_.size());
    Counts counts{};
    for (Size i = 0; i < size(); ++i) {
      const Size distance = hamming(query, codes_.data()[i]);
      distances.data()[i] = static_cast<std::uint16_t>(distance);
      ++counts.data()[distance];
    }
    Size cut = 0;
    Size nearer = 0;  // items at a distance below cut
    while (nearer + counts.data()[cut] < wanted) nearer += counts.data()[cut++];

    std::vector<Hit> hits;
    std::vector<Hit> at_cut;
    hits.reserve(static_cast<std::size_t>(wanted));
    const Size tied_needed = ids_ascend_ ? wanted - nearer : counts.data()[cut];
    for (Size i = 0; i < size(); ++i) {
      const Size distance = distances.data()[i];
      if (distance > cut || (distance == cut && std::ssize(at_cut) == tied_needed)) continue;
      (distance < cut ? hits : at_cut).push_back({ids_.data()[i], distance});
    }
    const auto end = at_cut.begin() + (wanted - nearer);
    std::ranges::nth_element(at_cut, end, ranks_before);
    hits.insert(hits.end(), at_cut.begin(), end);
    std::ranges::sort(hits, ranks_before);
    return hits;
  }

  std::vector<CodeType> codes_;
  std::vector<std::int64_t> ids_;
  bool ids_ascend_ = true;  // then the first items found at a distance have the lowest ids
};

}  // namespace hashweave
