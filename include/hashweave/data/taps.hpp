#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <hashweave/core/types.hpp>
#include <numbers>
#include <utility>
#include <vector>

namespace hashweave {

/// The weights by which neighbouring pixels enter a resampled one. They widen with the scale where an image shrinks
/// (antialiasing). Bicubic is Keys's kernel with a = -0.5.
enum class Filter { box, bilinear, bicubic, lanczos };

namespace detail {

/// The product as it is rounded to a double: no compiler may fuse it with a following sum, which would differ in the
/// last bit.
inline double rounded_product(double a, double b) {
  const volatile double product = a * b;
  return product;
}

/// Half the width of a filter that does not shrink.
constexpr double filter_support(Filter filter) {
  switch (filter) {
    case Filter::box:
      return 0.5;
    case Filter::bilinear:
      return 1;
    case Filter::bicubic:
      return 2;
    case Filter::lanczos:
      return 3;
  }
  return 0;
}

/// A filter's value at x. Source: Keys, "Cubic convolution interpolation for digital image processing", 1981, eq 15.
inline double filter_value(Filter filter, double x) {
  const auto times = rounded_product;
  const auto sinc = [](double v) { return v == 0 ? 1.0 : std::sin(v * std::numbers::pi) / (v * std::numbers::pi); };
  const double r = std::abs(x);
  switch (filter) {
    case Filter::box:
      return x > -0.5 && x <= 0.5 ? 1 : 0;
    case Filter::bilinear:
      return r < 1 ? 1 - r : 0;
    case Filter::bicubic:
      if (r < 1) return times(times(times(1.5, r) - 2.5, r), r) + 1;
      return r < 2 ? (times(times(r - 5, r) + 8, r) - 4) * -0.5 : 0;
    case Filter::lanczos:
      return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
  }
  return 0;
}

/// Two neighbouring weights in fixed point, 22 bits behind the point, each as upper * 4096 + lower with 0 <= lower <
/// 4096: halves that a 16-bit multiplier takes.
struct WeightPair {
  std::int16_t upper[2], lower[2];

  constexpr std::int32_t weight(int i) const { return upper[i] * 4096 + lower[i]; }
};

inline constexpr int weight_bits = 22;

/// Which source pixels make each of the output pixels [begin, begin + size), and with which weights.
struct Taps {
  struct Output {
    Size first = 0, count = 0;  ///< source pixels
    std::size_t weights = 0;    ///< place of the first of (count + 1) / 2 pairs
  };
  std::vector<Output> outputs;
  std::vector<WeightPair> pairs;

  Size size() const { return std::ssize(outputs); }
  const Output& operator[](Size i) const { return outputs[static_cast<std::size_t>(i)]; }
  const WeightPair* weights(Size i) const { return pairs.data() + (*this)[i].weights; }
  /// The source pixels [first, second) that any output needs.
  std::pair<Size, Size> range() const {
    std::pair<Size, Size> all{outputs.front().first, 0};
    for (const Output& o : outputs) all = {std::min(all.first, o.first), std::max(all.second, o.first + o.count)};
    return all;
  }
};

/// The taps of output pixels [begin, end) of `out` when `in` pixels are scaled to `out`. Weights sum to 1 before they
/// are rounded to fixed point. Every operation is in double and in Pillow's order, so that the weights are Pillow's.
inline Taps make_taps(Filter filter, Size in, Size out, Size begin, Size end) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double stretch = std::max(scale, 1.0), shrink = 1.0 / stretch;
  const double support = rounded_product(filter_support(filter), stretch);
  Taps taps;
  taps.outputs.reserve(static_cast<std::size_t>(end - begin));
  std::vector<double> weights;
  for (Size i = begin; i < end; ++i) {
    const double centre = rounded_product(static_cast<double>(i) + 0.5, scale);
    const Size first = std::max<Size>(0, static_cast<Size>(centre - support + 0.5));
    const Size last = std::min(in, static_cast<Size>(centre + support + 0.5));
    weights.clear();
    double sum = 0;
    for (Size x = first; x < last; ++x) {
      weights.push_back(filter_value(filter, rounded_product(static_cast<double>(x) - centre + 0.5, shrink)));
      sum += weights.back();
    }
    taps.outputs.push_back({first, last - first, taps.pairs.size()});
    for (std::size_t x = 0; x < weights.size(); x += 2) {
      WeightPair pair{};
      for (std::size_t j = 0; j < 2 && x + j < weights.size(); ++j) {
        const double w = sum != 0 ? weights[x + j] / sum : weights[x + j];
        const auto fixed = static_cast<std::int32_t>(w * (1 << weight_bits) + (w < 0 ? -0.5 : 0.5));
        pair.upper[j] = static_cast<std::int16_t>(fixed >> 12);
        pair.lower[j] = static_cast<std::int16_t>(fixed & 4095);
      }
      taps.pairs.push_back(pair);
    }
  }
  return taps;
}

}  // namespace detail
}  // namespace hashweave
