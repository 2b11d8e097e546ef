#pragma once
/// What networks on features do with them first.
#include <cmath>

#include "parameter_tensors.hpp"

namespace examples {

/// Features of `columns` columns, filled up with zeros to `padded`, enter a Linear of this name: its first values,
/// which depend on how many inputs it has, as if the zeros were none.
template <class P>
void initialise_for_columns(P& params, const std::string& linear, Size padded, Size columns) {
  const double factor = std::sqrt(static_cast<double>(padded) / static_cast<double>(columns));
  for (const std::string& name : {linear + ".weight", linear + ".bias"}) {
    const auto m = params.at(params.entry(name));
    for (Size i = 0; i < m.size(); ++i) m.data[i] = static_cast<float>(m.data[i] * factor);
  }
}

/// Features brought to mean 0 and deviation 1, column by column, as they were among the items that a model is trained
/// on.
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
