#pragma once
#include <algorithm>
#include <cstdint>
#include <hashweave/core/types.hpp>
#include <hashweave/index/code.hpp>
#include <numeric>
#include <random>
#include <vector>

/// The metrics by their definitions, as slow as they like: what the tests compare with.
namespace brute_force {

using hashweave::Code;
using hashweave::Size;

template <Size Bits>
std::vector<Code<Bits>> random_codes(Size n, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<Code<Bits>> codes(static_cast<std::size_t>(n));
  for (auto& code : codes)
    for (Size j = 0; j < Bits; ++j) code.set(j, (random() >> 33 & 1) != 0);
  return codes;
}

/// n whole numbers in 0 .. below - 1.
inline std::vector<std::int64_t> random_integers(Size n, std::int64_t below, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::int64_t> out;
  for (Size i = 0; i < n; ++i) out.push_back(static_cast<std::int64_t>((random() >> 20) % std::uint64_t(below)));
  return out;
}

/// Relevances of one query's items by distance, in database order where tied.
template <class T>
std::vector<int> ranked(const std::vector<T>& distances, const std::vector<int>& relevant) {
  std::vector<int> out;
  std::vector<std::size_t> order(distances.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return distances[a] < distances[b]; });
  for (const std::size_t d : order) out.push_back(relevant[d]);
  return out;
}

inline double total(const std::vector<int>& ranking) { return std::accumulate(ranking.begin(), ranking.end(), 0.0); }

inline double found_in_top(const std::vector<int>& ranking, Size k) {
  return std::accumulate(ranking.begin(), ranking.begin() + std::min(k, std::ssize(ranking)), 0.0);
}

/// The precisions at the relevant items, in order.
inline std::vector<double> precisions(const std::vector<int>& ranking) {
  std::vector<double> out;
  for (std::size_t i = 0; i < ranking.size(); ++i)
    if (ranking[i] == 1) out.push_back(static_cast<double>(out.size() + 1) / static_cast<double>(i + 1));
  return out;
}

inline double mean_of_first(const std::vector<double>& values, double count) {
  if (count == 0) return 0;
  return std::accumulate(values.begin(), values.begin() + static_cast<Size>(count), 0.0) / count;
}

inline double average_precision(const std::vector<int>& ranking) {
  return mean_of_first(precisions(ranking), total(ranking));
}
inline double average_precision_at_k(const std::vector<int>& ranking, Size k) {
  return mean_of_first(precisions(ranking), found_in_top(ranking, k));
}
inline double average_precision_cmh_k(const std::vector<int>& ranking, Size k) {
  return mean_of_first(precisions(ranking), std::min(static_cast<double>(k), total(ranking)));
}
inline double first_rank(const std::vector<int>& ranking) {
  return static_cast<double>(std::find(ranking.begin(), ranking.end(), 1) - ranking.begin() + 1);
}

/// The mean of metric(ranking) over every order of the items that a sort by distance may give.
template <class Metric>
double mean_over_orders(const std::vector<std::int64_t>& distances, const std::vector<int>& relevant, Metric metric) {
  std::vector<std::size_t> order(distances.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  double sum = 0;
  double orders = 0;
  do {
    if (!std::is_sorted(order.begin(), order.end(), [&](auto a, auto b) { return distances[a] < distances[b]; }))
      continue;
    std::vector<int> ranking;
    for (const std::size_t d : order) ranking.push_back(relevant[d]);
    sum += metric(ranking);
    ++orders;
  } while (std::next_permutation(order.begin(), order.end()));
  return sum / orders;
}

}  // namespace brute_force
