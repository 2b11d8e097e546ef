#pragma once
#include <hashweave/optim/groups.hpp>

namespace hashweave {

/// What of `Sgd` does not depend on the model's type.
template <Backend B>
class SgdOnBlock {
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
    ranges_ = detail::trained_ranges(velocity_.entries(), options_.groups);
  }

  StepReport step(B& be, ParameterBlock<B>& params, const ParameterBlock<B>& grads, const StepOptions& now = {}) {
    const double norm = detail::gradient_norm(be, grads, ranges_) * now.gradient_scale;
    const double rate = options_.rate * now.rate_factor;
    if (!std::isfinite(norm)) {
      ++skipped_;
      return {norm, rate, true};
    }
    ++steps_;
    SgdRule rule;
    rule.momentum = options_.momentum;
    rule.nesterov = options_.nesterov;
    rule.scale = now.gradient_scale * detail::clip_factor(norm, options_.clip_norm);
    for (const detail::TrainedRange& r : ranges_) {
      rule.rate = rate * r.rate_factor;
      rule.decay = options_.decay * r.decay_factor;
      sgd_update(be, detail::slice(params.flat(), r), detail::slice(grads.flat(), r),
                 detail::slice(velocity_.flat(), r), rule);
    }
    return {norm, rate, false};
  }

  /// What a checkpoint has to keep.
  ParameterBlock<B>& velocity() { return velocity_; }
  const ParameterBlock<B>& velocity() const { return velocity_; }
  Size steps() const { return steps_; }
  Size skipped() const { return skipped_; }
  void restore(Size steps, Size skipped) {
    steps_ = steps;
    skipped_ = skipped;
  }

 private:
  Options options_;
  ParameterBlock<B> velocity_;
  std::vector<detail::TrainedRange> ranges_;
  Size steps_ = 0, skipped_ = 0;
};

/// Gradient descent with momentum over the parameter block of model L; the formula is `SgdRule`'s. Clipping, groups and
/// gradients that are not finite as `Adam`'s.
template <Backend B, class L>
class Sgd : public SgdOnBlock<B> {
 public:
  using typename SgdOnBlock<B>::Options;

  /// @throws Error for values outside their range or a group that names no parameter.
  explicit Sgd(Options options) : SgdOnBlock<B>{std::move(options), parameters_of<L, B>()} {}

  StepReport step(B& be, Parameters<B, L>& params, const Parameters<B, L>& grads, const StepOptions& now = {}) {
    return SgdOnBlock<B>::step(be, params, grads, now);
  }
};

}  // namespace hashweave
