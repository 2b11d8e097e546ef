#pragma once
#include <array>
#include <cmath>
#include <concepts>
#include <hashweave/core/error.hpp>
#include <hashweave/core/mat.hpp>
#include <hashweave/index/code.hpp>
#include <ranges>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace hashweave {

/// What the metrics are computed from: how far item d of the database lies from query q, for every pair. Smaller is
/// nearer; a similarity is its negative. Nothing is stored: a distance is computed when a metric asks for it, so no
/// (queries, items) matrix exists unless the caller has one.
template <class T>
concept DistanceTable = requires(const T& table, Size q, Size d) {
  { table.queries() } -> std::convertible_to<Size>;
  { table.items() } -> std::convertible_to<Size>;
  requires std::is_arithmetic_v<std::remove_cvref_t<decltype(table(q, d))>>;
};

/// What a table's distances are: whole bits (`Size`) or `double`.
template <DistanceTable T>
using DistanceOf = std::remove_cvref_t<decltype(std::declval<const T&>()(Size{}, Size{}))>;

/// Whole distances from 0 to `table.largest`, such as those of codes.
template <class T>
concept BitDistanceTable = DistanceTable<T> && std::integral<DistanceOf<T>> && requires(const T& table) {
  { table.largest } -> std::convertible_to<Size>;
};

/// Hamming distances, in bits. The codes stay the caller's.
template <Size Bits>
struct HammingTable {
  static constexpr Size largest = Bits;
  std::span<const Code<Bits>> query_codes;
  std::span<const Code<Bits>> item_codes;

  Size queries() const { return std::ssize(query_codes); }
  Size items() const { return std::ssize(item_codes); }
  Size operator()(Size q, Size d) const { return hamming(query_codes.data()[q], item_codes.data()[d]); }
};

/// The Hamming distances of query codes and item codes of equal length; both must outlive the table.
template <CodeRange Q, CodeRange D>
  requires std::ranges::borrowed_range<Q> && std::ranges::borrowed_range<D> && (bits_of<Q> == bits_of<D>)
HammingTable<bits_of<Q>> hamming_table(Q&& queries, D&& items) {
  return {{std::ranges::data(queries), std::ranges::size(queries)},
          {std::ranges::data(items), std::ranges::size(items)}};
}

/// sum_i a_i b_i of n entries, in double whatever T is.
template <class T>
double inner_product_in_double(const T* a, const T* b, Size n) {
  std::array<double, 8> lanes{};  // eight sums, so that no addition waits for the one before it
  Size i = 0;
  for (; i + 8 <= n; i += 8)
    for (Size l = 0; l < 8; ++l) lanes.data()[l] += static_cast<double>(a[i + l]) * static_cast<double>(b[i + l]);
  for (; i < n; ++i) lanes[0] += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  return sum;
}

/// Negative inner products -a.b of real vectors.
template <class T>
struct InnerProductTable {
  Mat<const T> query_vectors;
  Mat<const T> item_vectors;

  Size queries() const { return query_vectors.rows; }
  Size items() const { return item_vectors.rows; }
  double operator()(Size q, Size d) const {
    return -inner_product_in_double(query_vectors.row(q), item_vectors.row(d), query_vectors.cols);
  }
};

/// Negative cosine similarities -a.b / (|a| |b|) of real vectors, in [-1, 1]. A plain loop of D multiplications a pair:
/// for large sets of wide vectors compute scores by matrix products, a block of queries at a time, for `score_table`.
template <class T>
struct CosineTable {
  InnerProductTable<T> products;
  std::vector<double> query_norms;
  std::vector<double> item_norms;

  Size queries() const { return products.queries(); }
  Size items() const { return products.items(); }
  double operator()(Size q, Size d) const { return products(q, d) / (query_norms.data()[q] * item_norms.data()[d]); }
};

template <class A, class B>
concept SameReal =
    std::floating_point<std::remove_const_t<A>> && std::same_as<std::remove_const_t<A>, std::remove_const_t<B>>;

/// -a.b for query vectors (queries, D) and item vectors (items, D), float or double, summed in double.
/// Throws `Error` if the widths differ or are 0.
template <class Q, class D>
  requires SameReal<Q, D>
InnerProductTable<std::remove_const_t<Q>> inner_product_table(Mat<Q> queries, Mat<D> items) {
  require(queries.cols > 0, "inner_product_table", "columns of the queries", "at least 1", queries.cols);
  require(queries.cols == items.cols, "inner_product_table", "columns of the items", queries.cols, items.cols);
  return {queries, items};
}

/// -cos(a, b) for query vectors (queries, D) and item vectors (items, D), float or double, summed in double.
/// Throws `Error` if the widths differ or are 0, or if a vector has no direction: norm 0, NaN or infinite.
template <class Q, class D>
  requires SameReal<Q, D>
CosineTable<std::remove_const_t<Q>> cosine_table(Mat<Q> queries, Mat<D> items) {
  const auto norms = [](auto vectors, const char* what) {
    std::vector<double> out;
    out.reserve(static_cast<std::size_t>(vectors.rows));
    for (Size i = 0; i < vectors.rows; ++i) {
      out.push_back(std::sqrt(inner_product_in_double(vectors.row(i), vectors.row(i), vectors.cols)));
      require(out.back() > 0 && std::isfinite(out.back()), "cosine_table", "norm of " + (what + std::to_string(i)),
              "a positive number", out.back());
    }
    return out;
  };
  const auto products = inner_product_table(queries, items);
  return {products, norms(queries, "query "), norms(items, "item ")};
}

/// The caller's own scores (queries, items), larger is nearer, as distances -score.
template <class T>
struct ScoreTable {
  Mat<const T> scores;

  Size queries() const { return scores.rows; }
  Size items() const { return scores.cols; }
  double operator()(Size q, Size d) const { return -static_cast<double>(scores(q, d)); }
};

/// Scores (queries, items), larger is nearer; float or double.
template <class T>
  requires SameReal<T, T>
ScoreTable<std::remove_const_t<T>> score_table(Mat<T> scores) {
  return {scores};
}

/// The table with queries and items exchanged: text to image from image to text.
template <DistanceTable T>
struct Transposed {
  T table;

  Size queries() const { return table.items(); }
  Size items() const { return table.queries(); }
  auto operator()(Size q, Size d) const { return table(d, q); }
};

template <DistanceTable T>
Transposed<T> transposed(T table) {
  return {std::move(table)};
}

/// Some of a table's queries against some of its items, in the order given. The lists hold valid row numbers.
template <DistanceTable T>
struct Subset {
  const T& table;
  std::vector<Size> query_rows;
  std::vector<Size> item_rows;

  Size queries() const { return std::ssize(query_rows); }
  Size items() const { return std::ssize(item_rows); }
  auto operator()(Size q, Size d) const { return table(query_rows.data()[q], item_rows.data()[d]); }
};

}  // namespace hashweave
