#pragma once
#include <concepts>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/core/mat.hpp>
#include <hashweave/eval/distance_table.hpp>
#include <span>
#include <string_view>
#include <vector>

namespace hashweave {

/// Whether item d answers query q: a lambda will do. One that has `queries()` and `items()` is checked against the
/// distances it is used with.
template <class P>
concept Relevance = requires(const P& relevant, Size q, Size d) {
  { relevant(q, d) } -> std::convertible_to<bool>;
};

/// Relevant = of the same owner: the image a caption was written for owns it and itself.
struct SameOwner {
  std::span<const std::int64_t> query_owner;  // (queries)
  std::span<const std::int64_t> item_owner;   // (items)

  Size queries() const { return std::ssize(query_owner); }
  Size items() const { return std::ssize(item_owner); }
  bool operator()(Size q, Size d) const { return query_owner.data()[q] == item_owner.data()[d]; }
};

/// Relevant = at least one label in common. Keeps the labels as bits, (queries + items) * ceil(C / 64) words.
class SharedLabels {
 public:
  /// Multi-hot labels (queries, C) and (items, C): every entry that is not 0 is a label.
  /// Throws `Error` if the widths differ or are 0.
  template <class Q, class D>
  SharedLabels(Mat<Q> query_labels, Mat<D> item_labels)
      : queries_(query_labels.rows), items_(item_labels.rows), words_((query_labels.cols + 63) / 64) {
    require(query_labels.cols > 0, "SharedLabels", "columns of the query labels", "at least 1", query_labels.cols);
    require(query_labels.cols == item_labels.cols, "SharedLabels", "columns of the item labels", query_labels.cols,
            item_labels.cols);
    query_bits_ = bits(query_labels);
    item_bits_ = bits(item_labels);
  }

  Size queries() const { return queries_; }
  Size items() const { return items_; }
  bool operator()(Size q, Size d) const {
    const std::uint64_t* a = query_bits_.data() + q * words_;
    const std::uint64_t* b = item_bits_.data() + d * words_;
    std::uint64_t shared = 0;
    for (Size w = 0; w < words_; ++w) shared |= a[w] & b[w];
    return shared != 0;
  }

 private:
  template <class T>
  std::vector<std::uint64_t> bits(Mat<T> labels) const {
    std::vector<std::uint64_t> out(static_cast<std::size_t>(labels.rows * words_));
    for (Size i = 0; i < labels.rows; ++i)
      for (Size c = 0; c < labels.cols; ++c)
        if (labels(i, c) != T{}) out.data()[i * words_ + c / 64] |= std::uint64_t{1} << (c % 64);
    return out;
  }

  Size queries_;
  Size items_;
  Size words_;
  std::vector<std::uint64_t> query_bits_;
  std::vector<std::uint64_t> item_bits_;
};

/// Throws `Error` naming `where` if there are no queries or no items, or if the relevance speaks of other numbers of
/// them than the distances do.
template <DistanceTable T, Relevance P>
void require_same_sizes(const T& table, const P& relevant, std::string_view where) {
  require(table.queries() > 0, where, "queries", "at least 1", table.queries());
  require(table.items() > 0, where, "items in the database", "at least 1", table.items());
  if constexpr (requires { relevant.queries(), relevant.items(); }) {
    require(relevant.queries() == table.queries(), where, "queries whose relevance is known", table.queries(),
            relevant.queries());
    require(relevant.items() == table.items(), where, "items whose relevance is known", table.items(),
            relevant.items());
  }
}

}  // namespace hashweave
