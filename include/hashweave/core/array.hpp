#pragma once
#include <cmath>
#include <hashweave/core/mat.hpp>
#include <string>
#include <string_view>

namespace hashweave {

/// A learnable Rows x Cols matrix of a model: a view into the model's one parameter block, bound by `Parameters`.
template <class B, Size Rows, Size Cols>
struct Array {
  using Scalar = typename B::Scalar;
  static constexpr Size rows = Rows, cols = Cols;

  Scalar* data;  // not set: thousands of constructors would have nothing else to do

  constexpr Mat<Scalar> mat() { return matrix(data, Rows, Cols); }
  constexpr Mat<const Scalar> mat() const { return matrix<const Scalar>(data, Rows, Cols); }
};

/// How a parameter begins: value = mean, plus uniform numbers in [-spread, spread] or normal ones of deviation
/// `spread`. A statistic (BatchNorm's running mean) is kept beside the parameters but is no part of what an optimiser
/// changes.
struct Init {
  enum class Kind { constant, uniform, normal, statistic };
  Kind kind = Kind::constant;
  double mean = 0;
  double spread = 0;
  bool by_rows = false;  ///< a table, of which a step uses few rows: so does its gradient

  static constexpr Init zeros() { return {}; }
  static constexpr Init ones() { return {Kind::constant, 1, 0}; }
  static constexpr Init constant(double value) { return {Kind::constant, value, 0}; }
  static constexpr Init normal(double deviation) { return {Kind::normal, 0, deviation}; }
  static constexpr Init normal_rows(double deviation) { return {Kind::normal, 0, deviation, true}; }
  static constexpr Init statistic(double value) { return {Kind::statistic, value, 0}; }
  /// Uniform in +-1/sqrt(inputs): what PyTorch's Linear begins with (He et al. 2015 with a = sqrt 5).
  static Init fan_in(Size inputs) { return {Kind::uniform, 0, 1 / std::sqrt(static_cast<double>(inputs))}; }
};

/// The dotted name of a place in a model, such as `image.blocks.7.attn.qkv`.
class Path {
 public:
  Path() = default;
  explicit Path(std::string text) : text_{std::move(text)} {}

  Path operator/(std::string_view part) const {
    return Path{text_.empty() ? std::string{part} : text_ + "." + std::string{part}};
  }
  Path operator/(Size number) const { return *this / std::string_view{std::to_string(number)}; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace hashweave
