#include "players.hpp"

#include <common/labelled_data.hpp>
#include <hashweave/index/with_bits.hpp>

namespace examples {

void FeatureNetwork::fit(std::span<float> x) {
  const std::size_t n = mean_.size(), rows = x.size() / n;
  std::fill(mean_.begin(), mean_.end(), 0.0F);
  std::fill(inverse_.begin(), inverse_.end(), 1.0F);
  standardise(x);  // the roots alone
  for (std::size_t c = 0; c < n; ++c) {
    double sum = 0, squares = 0;
    for (std::size_t r = 0; r < rows; ++r) sum += static_cast<double>(x[r * n + c]);
    const double mean = sum / static_cast<double>(rows);
    for (std::size_t r = 0; r < rows; ++r) squares += std::pow(static_cast<double>(x[r * n + c]) - mean, 2);
    const double spread = std::sqrt(squares / static_cast<double>(rows));
    mean_[c] = static_cast<float>(mean);
    inverse_[c] = spread > 1e-12 ? static_cast<float>(1 / spread) : 0;
  }
}

void FeatureNetwork::standardise(std::span<float> x) const {
  const std::size_t n = mean_.size();
  for (std::size_t row = 0; row < x.size(); row += n)
    for (std::size_t c = 0; c < n; ++c) {
      const float v = root_ ? std::copysign(std::sqrt(std::abs(x[row + c])), x[row + c]) : x[row + c];
      x[row + c] = (v - mean_[c]) * inverse_[c];
    }
}

namespace {

template <Size Columns>
class FeatureNetworkOf final : public FeatureNetwork {
 public:
  using Net = FeatureMlp<Columns, 1024, feature_width>;

  explicit FeatureNetworkOf(const NetworkOptions& o)
      : FeatureNetwork{Columns, o.root}, player_{{.rate = o.rate, .decay = o.decay, .decoupled = true}} {
    player_.params.initialise(o.seed);
    for_each_layer(player_.arch, [&o](auto& layer) {
      if constexpr (requires { layer.rate; }) layer.rate = o.dropout;
    });
  }

  Features forward(B& be, Mat<const float> x) override {
    const auto step = player_.arch.forward(be, *player_.params, view(x));
    saved_ = step.saved;
    return step.y;
  }
  Features infer(B& be, Mat<const float> x) override {
    return hashweave::infer(be, player_.arch, *player_.params, view(x));
  }
  void backward(B& be, Features df) override { player_.arch.backward(be, *player_.params, saved_, df, *player_.grads); }

  void begin_step() override { player_.grads.zero(); }
  StepReport step(B& be, const StepOptions& now) override { return player_.step(be, now); }
  Size parameter_count() const override { return player_.params.count(); }

  void add_trained(std::vector<NamedTensor>& to, const std::string& name) const override {
    examples::add_trained(to, player_, name);
    to.push_back({name + ".mean", view_of(std::span<const float>{mean_}, Shape{Columns})});
    to.push_back({name + ".inverse_spread", view_of(std::span<const float>{inverse_}, Shape{Columns})});
  }
  void add_trained(TensorTargets& to, const std::string& name) override {
    to.add(player_.params, name + ".");
    to.add(name + ".mean", std::span<float>{mean_}, Shape{Columns});
    to.add(name + ".inverse_spread", std::span<float>{inverse_}, Shape{Columns});
  }
  void add_moments(std::vector<NamedTensor>& to, const std::string& name) const override {
    examples::add_moments(to, player_, name);
  }
  void add_moments(TensorTargets& to, const std::string& name) override { add_targets_of_moments(to, player_, name); }
  void restore(Size steps, Size skipped) override { player_.optimizer.restore(steps, skipped); }

 private:
  static View<B, Vectors<Columns>> view(Mat<const float> x) { return {const_cast<float*>(x.data), x.rows}; }

  Player<Net> player_;
  SavedOf<Net, B, Vectors<Columns>> saved_{};
};

}  // namespace

std::unique_ptr<FeatureNetwork> make_feature_network(Size columns, const NetworkOptions& options) {
  using Widths =
      BitsList<feature_widths[0], feature_widths[1], feature_widths[2], feature_widths[3], feature_widths[4]>;
  return with_bits<Widths>(padded_width(columns), [&](auto width) -> std::unique_ptr<FeatureNetwork> {
    return std::make_unique<FeatureNetworkOf<width()>>(options);
  });
}

}  // namespace examples
