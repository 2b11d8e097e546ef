#pragma once
#include <hashweave/optim/block_optimiser.hpp>

namespace hashweave {

/// What of `Sgd` does not depend on the model's type.
template <Backend B>
class SgdOnBlock : public BlockOptimiser<B> {
 public:
  struct Options {
    double rate = 1e-2, momentum = 0, decay = 0;
    bool nesterov = false;
    double clip_norm = std::numeric_limits<double>::infinity();
    std::vector<ParameterGroup> groups{};
  };

  SgdOnBlock(Options options, const std::vector<ParameterEntry>& entries)
      : options_{std::move(options)}, velocity_{entries} {
    require(options_.rate >= 0, "Sgd", "rate", "at least 0", options_.rate);
    require(options_.momentum >= 0 && options_.momentum < 1, "Sgd", "momentum", "in [0, 1)", options_.momentum);
    require(options_.clip_norm > 0, "Sgd", "clip_norm", "more than 0", options_.clip_norm);
    this->train(velocity_.entries(), options_.groups);
  }

  StepReport step(B& be, ParameterBlock<B>& params, const ParameterBlock<B>& grads, const StepOptions& now = {}) {
    const auto make_rule = [this] {
      SgdRule rule;
      rule.momentum = options_.momentum;
      rule.nesterov = options_.nesterov;
      return rule;
    };
    return this->step_by(be, grads, options_, now, make_rule, [&](const auto& r, const SgdRule& rule) {
      sgd_update(be, detail::slice(params.flat(), r), detail::slice(grads.flat(), r),
                 detail::slice(velocity_.flat(), r), rule);
    });
  }

  /// What a checkpoint has to keep besides the counts.
  ParameterBlock<B>& velocity() { return velocity_; }
  const ParameterBlock<B>& velocity() const { return velocity_; }

 private:
  Options options_;
  ParameterBlock<B> velocity_;
};

/// Gradient descent with momentum over the parameter block of model L; the formula is `SgdRule`'s. Clipping, groups and
/// gradients that are not finite as `Adam`'s.
template <Backend B, class L>
using Sgd = ForModel<SgdOnBlock<B>, B, L>;

}  // namespace hashweave
