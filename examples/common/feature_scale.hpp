#pragma once
/// Features brought to mean 0 and deviation 1, column by column, as they were among the items that a model is trained
/// on.
#include "parameter_tensors.hpp"

namespace examples {

class FeatureScale {
 public:
  explicit FeatureScale(Size columns)
      : mean_(static_cast<std::size_t>(columns), 0), factor_(static_cast<std::size_t>(columns), 1) {}

  /// Takes mean and deviation from rows of features. A column of one value alone becomes 0.
  void fit(Mat<const float> x);
  /// (x - mean) * factor; as it is made, x.
  void apply(std::span<float> rows) const;

  void add_to(std::vector<NamedTensor>& tensors, const std::string& name) const;
  void add_to(TensorTargets& targets, const std::string& name);

 private:
  std::vector<float> mean_, factor_;
};

}  // namespace examples
