#pragma once
/// What examples computed by hand are written with.
#include <cmath>
#include <hashweave/core/mat.hpp>
#include <initializer_list>
#include <numbers>
#include <vector>

namespace hashweave::test {

using Values = std::vector<double>;

inline Mat<const double> table(const Values& values, Size cols) {
  return matrix(values.data(), static_cast<Size>(values.size()) / cols, cols);
}
inline double log_one_plus_exp(double x) { return std::log(1 + std::exp(x)); }
inline double cosine(double degrees) { return std::cos(degrees * std::numbers::pi / 180); }

/// Codes in these directions, in degrees, of length 2: cosines do not see the length.
inline Values at_degrees(std::initializer_list<double> angles) {
  Values codes;
  for (const double a : angles) {
    codes.push_back(2 * cosine(a));
    codes.push_back(2 * std::sin(a * std::numbers::pi / 180));
  }
  return codes;
}

}  // namespace hashweave::test
