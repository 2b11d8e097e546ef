#pragma once
#include <algorithm>
#include <hashweave/core/types.hpp>

namespace hashweave {

/// What to do with items at the same distance from the query, of which codes of few bits have many.
enum class Ties {
  order,    ///< they stay in database order, so a metric depends on how the database is sorted
  expected  ///< the metric's expectation when all their orders are equally likely, computed exactly
};

/// A run of a query's ranking, nearest first: `size` items at one distance, of which `relevant` are relevant, in any
/// order with equal likelihood. Under `Ties::order` every run has one item, and an expectation over runs is the value.
struct TieGroup {
  double distance = 0;
  Size size = 0;
  Size relevant = 0;
};

/// E[f(X)] for a distribution over lo .. hi without a dip (log-concave), given by the quotients of neighbours:
/// ratio(x) = P(x + 1) / P(x). `start` is at or next to the likeliest value. Sums outwards until a weight falls below
/// 1e-20 of the start's, and divides by the sum of weights: no factorials, so none overflow and none cancel.
template <class Ratio, class F>
double expectation(Size lo, Size hi, Size start, Ratio ratio, F f) {
  start = std::clamp(start, lo, hi);
  double weights = 1;
  double sum = f(start);
  double weight = 1;
  for (Size x = start; x < hi && weight > 1e-20; ++x) {
    weight *= ratio(x);
    weights += weight;
    sum += weight * f(x + 1);
  }
  weight = 1;
  for (Size x = start; x > lo && weight > 1e-20; --x) {
    weight /= ratio(x - 1);
    weights += weight;
    sum += weight * f(x - 1);
  }
  return sum / weights;
}

/// E[f(X)], X = how many of the `relevant` of `size` tied items fall into the first `slots` places (hypergeometric).
template <class F>
double expectation_of_relevant_in(Size slots, Size size, Size relevant, F f) {
  const Size lo = std::max<Size>(0, slots + relevant - size);
  const Size hi = std::min(relevant, slots);
  const auto ratio = [=](Size x) {
    return static_cast<double>(relevant - x) * static_cast<double>(slots - x) /
           (static_cast<double>(x + 1) * static_cast<double>(size - relevant - slots + x + 1));
  };
  return expectation(lo, hi, (slots + 1) * (relevant + 1) / (size + 2), ratio, f);
}

/// E[f(X)], X in 1 .. size = the place of the i-th (1 <= i <= relevant) of the relevant among `size` tied items
/// (negative hypergeometric).
template <class F>
double expectation_of_place_of(Size i, Size size, Size relevant, F f) {
  const auto ratio = [=](Size x) {
    return static_cast<double>(x) * static_cast<double>(size - x - relevant + i) /
           (static_cast<double>(x - i + 1) * static_cast<double>(size - x));
  };
  const Size start = relevant > 1 ? 1 + (i - 1) * (size - 1) / (relevant - 1) : 1;
  return expectation(i, size - relevant + i, start, ratio, f);
}

/// The probability that none of the `relevant` of `size` tied items falls into the first `slots` places:
/// C(size - relevant, slots) / C(size, slots).
constexpr double probability_of_none_in(Size slots, Size size, Size relevant) {
  double probability = 1;
  for (Size i = 0; i < std::min(slots, relevant) && probability > 0; ++i) {
    const Size free = size - std::max(slots, relevant) - i;
    probability *= static_cast<double>(std::max<Size>(free, 0)) / static_cast<double>(size - i);
  }
  return probability;
}

}  // namespace hashweave
