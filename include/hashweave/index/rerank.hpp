#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/core/mat.hpp>
#include <hashweave/core/types.hpp>
#include <hashweave/index/code.hpp>
#include <hashweave/index/hamming_index.hpp>
#include <hashweave/index/hit.hpp>
#include <hashweave/io/dtype.hpp>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace hashweave {

/// An answer with the score by which it was ordered: the higher, the better.
struct ScoredHit {
  std::int64_t id = 0;
  Size distance = 0;
  float score = 0;

  friend constexpr bool operator==(const ScoredHit&, const ScoredHit&) = default;
};

namespace detail {

/// A query vector of this many finite numbers, or an `Error`: one that is not a number has no order among others.
inline void require_query(std::span<const float> query, Size width, std::string_view where) {
  require(std::ssize(query) == width, where, "numbers of the query", width, query.size());
  for (const float number : query) require(std::isfinite(number), where, "numbers of the query", "finite ones", number);
}

}  // namespace detail

/// Scores of a real-valued query h against binary codes b of {-1, +1}^Bits: h.b / Bits. No more is kept than the codes
/// that the index has. Of codes at the same Hamming distance it prefers those that differ where |h| is small.
/// Source: A. Gordo, F. Perronnin, Y. Gong, S. Lazebnik, "Asymmetric Distances for Binary Embeddings", IEEE TPAMI 36
/// (2014), section 3, with the sign as quantiser.
struct AsymmetricScores {
  /// The score of each hit in an index for this query. Throws `Error` unless h has as many finite numbers as the codes
  /// have bits.
  template <Size Bits, class Search, class Ids>
  auto of_query(const HammingIndex<Bits, Search, Ids>& index, std::span<const float> h) const {
    detail::require_query(h, Bits, "AsymmetricScores");
    // sums[k][v]: what byte k adds where its value is v
    std::vector<std::array<float, 256>> sums(static_cast<std::size_t>(Bits / 8));
    for (Size k = 0; k < Bits / 8; ++k)
      for (unsigned value = 0; value < 256; ++value) {
        float sum = 0;
        for (Size j = 0; j < 8; ++j)
          sum += (value >> (7 - j) & 1) != 0 ? h[static_cast<std::size_t>(8 * k + j)]
                                             : -h[static_cast<std::size_t>(8 * k + j)];
        sums.data()[k][value] = sum;
      }
    return [&index, sums = std::move(sums)](const Hit& hit) {
      const auto code = index.reconstruct(hit.id);
      require(code.has_value(), "AsymmetricScores", "id of a hit", "one that is in the index", hit.id);
      float sum = 0;
      for (Size k = 0; k < Bits / 8; ++k) sum += sums.data()[k][code->byte(k)];
      return sum / static_cast<float>(Bits);
    };
  }
};

/// Scores by the cosine of the query to vectors that are kept for the items: `float` (4 bytes a number), `BFloat16` (2)
/// or `std::int8_t` (1, of the vector's largest number a 127th).
template <class Number>
  requires std::same_as<Number, float> || std::same_as<Number, BFloat16> || std::same_as<Number, std::int8_t>
class VectorScores {
 public:
  /// Vectors of `width` numbers.
  explicit VectorScores(Size width) : width_{width} {
    require(width > 0, "VectorScores", "numbers of a vector", "at least 1", width);
  }

  /// Keeps row i of `vectors` for ids[i]; an id that has one gets this one. Throws `Error`, and keeps none, where
  /// numbers and ids do not match, or a vector is not finite.
  void add(Mat<const float> vectors, std::span<const std::int64_t> ids) {
    require(vectors.cols == width_, "VectorScores::add", "numbers of a vector", width_, vectors.cols);
    require(vectors.rows == std::ssize(ids), "VectorScores::add", "ids, one a vector", vectors.rows, ids.size());
    for (Size i = 0; i < vectors.rows; ++i)
      for (Size j = 0; j < width_; ++j)
        require(std::isfinite(vectors.row(i)[j]), "VectorScores::add",
                "vector of id " + std::to_string(ids[static_cast<std::size_t>(i)]), "finite numbers",
                vectors.row(i)[j]);
    for (Size i = 0; i < vectors.rows; ++i) {
      const auto [at, fresh] = rows_.try_emplace(ids[static_cast<std::size_t>(i)], std::ssize(rows_));
      if (fresh) numbers_.resize(numbers_.size() + static_cast<std::size_t>(width_));
      keep(vectors.row(i), numbers_.data() + at->second * width_);
    }
  }

  Size size() const { return std::ssize(rows_); }

  /// The score of each hit for this query. Throws `Error` where its length is another or a number
  /// is not finite, and at a hit without a vector.
  template <class Index>
  auto of_query(const Index&, std::span<const float> query) const {
    detail::require_query(query, width_, "VectorScores");
    return [this, query = unit(query)](const Hit& hit) {
      const auto row = rows_.find(hit.id);
      if (row == rows_.end()) fail("VectorScores", "id of a hit", "one with a vector", hit.id);
      const Number* numbers = numbers_.data() + row->second * width_;
      float dot = 0, square = 0;
      for (Size j = 0; j < width_; ++j) {
        const float number = static_cast<float>(numbers[j]);
        dot += query.data()[j] * number;
        square += number * number;
      }
      return square > 0 ? dot / std::sqrt(square) : 0.0f;
    };
  }

 private:
  static std::vector<float> unit(std::span<const float> query) {
    float square = 0;
    for (const float number : query) square += number * number;
    std::vector<float> out(query.begin(), query.end());
    if (square > 0)
      for (float& number : out) number /= std::sqrt(square);
    return out;
  }
  void keep(const float* from, Number* to) const {
    if constexpr (std::same_as<Number, std::int8_t>) {
      float largest = 0;
      for (Size j = 0; j < width_; ++j) largest = std::max(largest, std::abs(from[j]));
      const float scale = largest > 0 ? 127 / largest : 0;
      for (Size j = 0; j < width_; ++j) to[j] = static_cast<std::int8_t>(std::lround(from[j] * scale));
    } else if constexpr (std::same_as<Number, BFloat16>) {
      std::transform(from, from + width_, to, round_to_bfloat16);
    } else {
      std::copy_n(from, width_, to);
    }
  }

  Size width_;
  std::unordered_map<std::int64_t, Size> rows_;
  std::vector<Number> numbers_;
};

/// A search in two steps: the `shortlist` nearest by Hamming distance, of which the k best by score are the answer.
///
/// `Scores` gives with `of_query(index, query vector)` a function of hits: `AsymmetricScores`, `VectorScores`, or
/// yours.
template <class Index, class Scores>
class Reranked {
 public:
  /// Keeps references to the index and to the scores.
  Reranked(const Index& index, const Scores& scores, Size shortlist)
      : index_{index}, scores_{scores}, shortlist_{shortlist} {
    require(shortlist > 0, "Reranked", "items on the shortlist", "at least 1", shortlist);
  }

  /// The best of the shortlist, highest score first, ties by distance, then by the lower id; k of them, or all where
  /// the shortlist is shorter. Throws `Error` unless k > 0, and what the scores throw.
  std::vector<ScoredHit> search(const typename Index::CodeType& code, std::span<const float> query, Size k,
                                const SearchOptions& options = {}) const {
    require(k > 0, "Reranked::search", "k", "at least 1", k);
    const auto score = scores_.of_query(index_, query);
    std::vector<ScoredHit> hits;
    for (const Hit& hit : index_.search(code, std::max(k, shortlist_), options))
      hits.push_back({hit.id, hit.distance, score(hit)});
    std::ranges::sort(hits, [](const ScoredHit& a, const ScoredHit& b) {
      return a.score != b.score ? a.score > b.score : ranks_before({a.id, a.distance}, {b.id, b.distance});
    });
    if (std::ssize(hits) > k) hits.resize(static_cast<std::size_t>(k));
    return hits;
  }

 private:
  const Index& index_;
  const Scores& scores_;
  Size shortlist_;
};

}  // namespace hashweave
