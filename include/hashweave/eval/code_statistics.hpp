#pragma once
#include <algorithm>
#include <bit>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/eval/relevance.hpp>
#include <hashweave/index/code.hpp>
#include <string_view>
#include <vector>

namespace hashweave {

/// Throws `Error` naming `where` if there are no codes.
template <CodeRange R>
void require_codes(const R& codes, std::string_view where) {
  require(!std::ranges::empty(codes), where, "codes", "at least 1", 0);
}

/// bit(i, j): whether bit j of code i is set.
template <class F>
concept BitOf = requires(const F& bit, Size i, Size j) {
  { bit(i, j) } -> std::same_as<bool>;
};

template <BitOf Bit>
std::vector<double> bit_balance(Size codes, Size bits, const Bit& bit);
template <BitOf Bit>
std::vector<double> bit_correlation(Size n, Size bits, const Bit& bit);

/// The share of codes with bit j set, (Bits), in 0 .. 1: 0.5 where a bit splits the codes evenly, 0 or 1 where it tells
/// nothing. Throws `Error` if there are no codes.
template <CodeRange R>
std::vector<double> bit_balance(const R& codes) {
  return bit_balance(std::ssize(codes), bits_of<R>, [&](Size i, Size j) { return std::ranges::data(codes)[i].bit(j); });
}
/// The same for codes of a length known at run time: `bit(i, j)` is bit j of code i.
template <BitOf Bit>
std::vector<double> bit_balance(Size codes, Size bits, const Bit& bit) {
  require(codes > 0, "bit_balance", "codes", "at least 1", codes);
  std::vector<double> ones(static_cast<std::size_t>(bits));
  for (Size i = 0; i < codes; ++i)
    for (Size j = 0; j < bits; ++j) ones.data()[j] += bit(i, j) ? 1 : 0;
  for (double& value : ones) value /= static_cast<double>(codes);
  return ones;
}

/// Pearson's correlation of bits i and j over the codes, (Bits, Bits) row after row, in -1 .. 1:
///   (P(i and j) - P(i) P(j)) / sqrt(P(i) (1 - P(i)) P(j) (1 - P(j))).
/// A bit that never changes has no correlation: 0 with every other bit, 1 with itself.
/// Throws `Error` if there are no codes. Cost: O(Bits^2 n / 64).
template <CodeRange R>
std::vector<double> bit_correlation(const R& codes) {
  return bit_correlation(std::ssize(codes), bits_of<R>,
                         [&](Size i, Size j) { return std::ranges::data(codes)[i].bit(j); });
}
/// The same for codes of a length known at run time, as `bit_balance`.
template <BitOf Bit>
std::vector<double> bit_correlation(Size n, Size bits, const Bit& bit) {
  require(n > 0, "bit_correlation", "codes", "at least 1", n);
  const Size words = (n + 63) / 64;
  std::vector<std::uint64_t> columns(static_cast<std::size_t>(bits * words));  // (Bits, n) bits
  for (Size i = 0; i < n; ++i)
    for (Size j = 0; j < bits; ++j) columns.data()[j * words + i / 64] |= std::uint64_t{bit(i, j)} << (i % 64);
  const auto share_of_both = [&](Size i, Size j) {
    Size both = 0;
    for (Size w = 0; w < words; ++w)
      both += std::popcount(columns.data()[i * words + w] & columns.data()[j * words + w]);
    return static_cast<double>(both) / static_cast<double>(n);
  };
  const std::vector<double> share = bit_balance(n, bits, bit);
  const auto deviation = [&](Size i) { return std::sqrt(share.data()[i] * (1 - share.data()[i])); };
  std::vector<double> out(static_cast<std::size_t>(bits * bits));
  for (Size i = 0; i < bits; ++i) {
    out.data()[i * bits + i] = 1;
    for (Size j = 0; j < i; ++j) {
      const double scale = deviation(i) * deviation(j);
      const double covariance = share_of_both(i, j) - share.data()[i] * share.data()[j];
      const double value = scale > 0 ? std::clamp(covariance / scale, -1.0, 1.0) : 0;
      out.data()[i * bits + j] = out.data()[j * bits + i] = value;
    }
  }
  return out;
}

/// How many pairs of a query and an item lie at each distance, 0 .. Bits: two lists of Bits + 1 counts. The better the
/// codes, the less the two overlap.
struct DistanceHistograms {
  std::vector<std::int64_t> matching;  ///< pairs whose item is relevant to the query
  std::vector<std::int64_t> other;
};

/// Both histograms over all queries and items; `largest` is the largest distance there can be.
/// Throws `Error` for empty sets or sizes that differ.
template <DistanceTable T, Relevance P>
  requires std::same_as<DistanceOf<T>, Size>
DistanceHistograms distance_histograms(const T& table, const P& relevant, Size largest) {
  require_same_sizes(table, relevant, "distance_histograms");
  const std::vector<std::int64_t> none(static_cast<std::size_t>(largest + 1));
  DistanceHistograms out{none, none};
  for (Size q = 0; q < table.queries(); ++q)
    for (Size d = 0; d < table.items(); ++d) ++(relevant(q, d) ? out.matching : out.other).data()[table(q, d)];
  return out;
}

template <Size Bits, Relevance P>
DistanceHistograms distance_histograms(const HammingTable<Bits>& table, const P& relevant) {
  return distance_histograms(table, relevant, Bits);
}

/// Distinct codes / codes, in (0, 1]. Throws `Error` if there are no codes.
template <CodeRange R>
double unique_ratio(const R& codes) {
  require_codes(codes, "unique_ratio");
  std::vector<decltype(std::ranges::range_value_t<R>::words)> words;
  for (const auto& code : codes) words.push_back(code.words);
  std::ranges::sort(words);
  const auto distinct = std::unique(words.begin(), words.end()) - words.begin();
  return static_cast<double>(distinct) / static_cast<double>(words.size());
}

}  // namespace hashweave
