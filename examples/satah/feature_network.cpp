#include "players.hpp"

#include <common/labelled_data.hpp>
#include <hashweave/index/with_bits.hpp>

namespace examples {

void FeatureNetwork::fit(std::span<float> x) {
  take_roots(x);
  scale_.fit(matrix<const float>(x.data(), std::ssize(x) / columns_, columns_));
}

void FeatureNetwork::standardise(std::span<float> x) const {
  take_roots(x);
  scale_.apply(x);
}

void FeatureNetwork::take_roots(std::span<float> x) const {
  if (!root_) return;
  for (float& v : x) v = std::copysign(std::sqrt(std::abs(v)), v);
}

namespace {

template <Size Columns>
class FeatureNetworkOf final : public FeatureNetwork {
 public:
  using Net = FeatureMlp<Columns, 1024, feature_width>;

  FeatureNetworkOf(Size columns, const NetworkOptions& o)
      : FeatureNetwork{Columns, o.root}, player_{{.rate = o.rate, .decay = o.decay, .decoupled = true}} {
    player_.params.initialise(o.seed);
    initialise_for_columns(player_.params, "fc1", Columns, columns);
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
    scale_.add_to(to, name + ".scale");
  }
  void add_trained(TensorTargets& to, const std::string& name) override {
    to.add(player_.params, name + ".");
    scale_.add_to(to, name + ".scale");
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
    return std::make_unique<FeatureNetworkOf<width()>>(columns, options);
  });
}

}  // namespace examples
