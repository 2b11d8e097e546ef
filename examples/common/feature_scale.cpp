#include "feature_scale.hpp"

#include <cmath>

namespace examples {

void FeatureScale::fit(Mat<const float> x) {
  require(x.cols == std::ssize(mean_), "FeatureScale", "columns", mean_.size(), x.cols);
  const auto n = static_cast<double>(x.rows);
  for (Size c = 0; c < x.cols; ++c) {
    double sum = 0, squares = 0;
    for (Size r = 0; r < x.rows; ++r) sum += static_cast<double>(x(r, c));
    for (Size r = 0; r < x.rows; ++r) squares += std::pow(static_cast<double>(x(r, c)) - sum / n, 2);
    const double deviation = std::sqrt(squares / n);
    mean_[static_cast<std::size_t>(c)] = static_cast<float>(sum / n);
    factor_[static_cast<std::size_t>(c)] = deviation > 1e-12 ? static_cast<float>(1 / deviation) : 0;
  }
}

void FeatureScale::apply(std::span<float> rows) const {
  const std::size_t n = mean_.size();
  for (std::size_t row = 0; row < rows.size(); row += n)
    for (std::size_t c = 0; c < n; ++c) rows[row + c] = (rows[row + c] - mean_[c]) * factor_[c];
}

void FeatureScale::add_to(std::vector<NamedTensor>& tensors, const std::string& name) const {
  const Shape shape{std::ssize(mean_)};
  tensors.push_back({name + ".mean", view_of(std::span{mean_}, shape)});
  tensors.push_back({name + ".factor", view_of(std::span{factor_}, shape)});
}
void FeatureScale::add_to(TensorTargets& targets, const std::string& name) {
  const Shape shape{std::ssize(mean_)};
  targets.add(name + ".mean", std::span{mean_}, shape);
  targets.add(name + ".factor", std::span{factor_}, shape);
}

}  // namespace examples
