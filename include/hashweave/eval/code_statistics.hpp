#pragma once
#include <algorithm>
#include <bit>
#include <cmath>
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

/// The share of codes with bit j set, (Bits), in 0 .. 1: 0.5 where a bit splits the codes evenly, 0 or 1 where it tells
/// nothing. Throws `Error` if there are no codes.
template <CodeRange R>
std::vector<double> bit_balance(const R& codes) {
  require_codes(codes, "bit_balance");
  std::vector<double> ones(static_cast<std::size_t>(bits_of<R>));
  for (const auto& code : codes)
    for (Size j = 0; j < bits_of<R>; ++j) ones.data()[j] += code.bit(j) ? 1 : 0;
  for (double& value : ones) value /= static_cast<double>(std::ranges::size(codes));
  return ones;
}

/// Pearson's correlation of bits i and j over the codes, (Bits, Bits) row after row, in -1 .. 1:
///   (P(i and j) - P(i) P(j)) / sqrt(P(i) (1 - P(i)) P(j) (1 - P(j))).
/// A bit that never changes has no correlation: 0 with every other bit, 1 with itself.
/// Throws `Error` if there are no codes. Cost: O(Bits^2 n / 64).
template <CodeRange R>
std::vector<double> bit_correlation(const R& codes) {
  require_codes(codes, "bit_correlation");
  constexpr Size bits = bits_of<R>;
  const auto n = static_cast<Size>(std::ranges::size(codes));
  const Size words = (n + 63) / 64;
  std::vector<std::uint64_t> columns(static_cast<std::size_t>(bits * words));  // (Bits, n) bits
  Size row = 0;
  for (const auto& code : codes) {
    for (Size j = 0; j < bits; ++j) columns.data()[j * words + row / 64] |= std::uint64_t{code.bit(j)} << (row % 64);
    ++row;
  }
  const auto share_of_both = [&](Size i, Size j) {
    Size both = 0;
    for (Size w = 0; w < words; ++w)
      both += std::popcount(columns.data()[i * words + w] & columns.data()[j * words + w]);
    return static_cast<double>(both) / static_cast<double>(n);
  };
  const std::vector<double> share = bit_balance(codes);
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

/// Both histograms over all queries and items. Throws `Error` for empty sets or sizes that differ.
template <Size Bits, Relevance P>
DistanceHistograms distance_histograms(const HammingTable<Bits>& table, const P& relevant) {
  require_same_sizes(table, relevant, "distance_histograms");
  const std::vector<std::int64_t> none(static_cast<std::size_t>(Bits + 1));
  DistanceHistograms out{none, none};
  for (Size q = 0; q < table.queries(); ++q)
    for (Size d = 0; d < table.items(); ++d) ++(relevant(q, d) ? out.matching : out.other).data()[table(q, d)];
  return out;
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
