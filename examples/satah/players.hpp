#pragma once
/// Networks with optimisers of their own, and those whose width is known at run time only.
#include <cmath>
#include <common/feature_scale.hpp>
#include <common/parameter_tensors.hpp>
#include <hashweave/cmh/satah.hpp>
#include <hashweave/cpu.hpp>
#include <hashweave/optim/trained.hpp>
#include <memory>

namespace examples {

using B = Cpu<float>;
inline constexpr Size feature_width = 512;
using Features = View<B, Vectors<feature_width>>;

template <class L>
using Player = Trained<B, L>;

// What is done with every player.

template <class P>
void add_trained(std::vector<NamedTensor>& to, const P& player, const std::string& name) {
  add_tensors(to, player.params, name + ".");
}
template <class P>
void add_moments(std::vector<NamedTensor>& to, const P& player, const std::string& name) {
  add_tensors(to, player.optimizer.first_moment(), "m." + name + ".");
  add_tensors(to, player.optimizer.second_moment(), "v." + name + ".");
}
template <class P>
void add_targets_of_moments(TensorTargets& to, P& player, const std::string& name) {
  to.add(player.optimizer.first_moment(), "m." + name + ".");
  to.add(player.optimizer.second_moment(), "v." + name + ".");
}

/// The network of one modality up to its features: standardised input, then `FeatureMlp`. Its input's width is one of
/// `feature_widths`.
class FeatureNetwork {
 public:
  virtual ~FeatureNetwork() = default;

  Size columns() const { return columns_; }
  /// Takes mean and deviation of the columns (of their roots, if it is to take these) from rows, which it changes.
  void fit(std::span<float> x);
  /// x = (x - mean) / deviation; 0 where all rows of `fit` were equal.
  void standardise(std::span<float> x) const;

  /// What `forward` saves for `backward` stays until the next `forward`.
  virtual Features forward(B& be, Mat<const float> x) = 0;
  virtual Features infer(B& be, Mat<const float> x) = 0;
  virtual void backward(B& be, Features df) = 0;

  virtual void begin_step() = 0;
  virtual StepReport step(B& be, const StepOptions& now) = 0;
  virtual Size parameter_count() const = 0;

  virtual void add_trained(std::vector<NamedTensor>& to, const std::string& name) const = 0;
  virtual void add_trained(TensorTargets& to, const std::string& name) = 0;
  virtual void add_moments(std::vector<NamedTensor>& to, const std::string& name) const = 0;
  virtual void add_moments(TensorTargets& to, const std::string& name) = 0;
  virtual void restore(Size steps, Size skipped) = 0;

 protected:
  FeatureNetwork(Size columns, bool root) : scale_{columns}, columns_{columns}, root_{root} {}

  FeatureScale scale_;

 private:
  void take_roots(std::span<float> x) const;

  Size columns_;
  bool root_;
};

struct NetworkOptions {
  double rate = 5e-5, dropout = 0, decay = 0;
  bool root = false;  ///< signed square roots of the features, which makes more of small entries of histograms
  std::uint64_t seed = 1;
};

/// A network for features so wide.
std::unique_ptr<FeatureNetwork> make_feature_network(Size columns, const NetworkOptions& options);

}  // namespace examples
