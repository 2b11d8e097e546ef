#pragma once
#include <hashweave/optim/groups.hpp>

namespace hashweave {

/// What of `Adam` does not depend on the model's type.
template <Backend B>
class AdamOnBlock {
 public:
  struct Options {
    double rate = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
    double decay = 0;
    bool decoupled = false;
    double clip_norm = std::numeric_limits<double>::infinity();
    std::vector<ParameterGroup> groups{};
  };

  AdamOnBlock(Options options, const std::vector<ParameterEntry>& entries)
      : options_{std::move(options)}, m_{entries}, v_{entries} {
    require(options_.rate >= 0, "Adam", "rate", "at least 0", options_.rate);
    require(options_.beta1 >= 0 && options_.beta1 < 1, "Adam", "beta1", "in [0, 1)", options_.beta1);
    require(options_.beta2 >= 0 && options_.beta2 < 1, "Adam", "beta2", "in [0, 1)", options_.beta2);
    require(options_.clip_norm > 0, "Adam", "clip_norm", "more than 0", options_.clip_norm);
    ranges_ = detail::trained_ranges(m_.entries(), options_.groups);
  }

  StepReport step(B& be, ParameterBlock<B>& params, const ParameterBlock<B>& grads, const StepOptions& now = {}) {
    const double norm = detail::gradient_norm(be, grads, ranges_) * now.gradient_scale;
    const double rate = options_.rate * now.rate_factor;
    if (!std::isfinite(norm)) {
      ++skipped_;
      return {norm, rate, true};
    }
    ++steps_;
    AdamRule rule;
    rule.beta1 = options_.beta1;
    rule.beta2 = options_.beta2;
    rule.eps = options_.eps;
    rule.decoupled = options_.decoupled;
    rule.correction1 = 1 - std::pow(options_.beta1, static_cast<double>(steps_));
    rule.correction2 = 1 - std::pow(options_.beta2, static_cast<double>(steps_));
    rule.scale = now.gradient_scale * detail::clip_factor(norm, options_.clip_norm);
    for (const detail::TrainedRange& r : ranges_) {
      rule.rate = rate * r.rate_factor;
      rule.decay = options_.decay * r.decay_factor;
      adam_update(be, detail::slice(params.flat(), r), detail::slice(grads.flat(), r), detail::slice(m_.flat(), r),
                  detail::slice(v_.flat(), r), rule);
    }
    return {norm, rate, false};
  }

  /// What a checkpoint has to keep: both moments, the number of steps taken and of those skipped.
  ParameterBlock<B>& first_moment() { return m_; }
  ParameterBlock<B>& second_moment() { return v_; }
  const ParameterBlock<B>& first_moment() const { return m_; }
  const ParameterBlock<B>& second_moment() const { return v_; }
  Size steps() const { return steps_; }
  Size skipped() const { return skipped_; }
  void restore(Size steps, Size skipped) {
    steps_ = steps;
    skipped_ = skipped;
  }

 private:
  Options options_;
  ParameterBlock<B> m_, v_;
  std::vector<detail::TrainedRange> ranges_;
  Size steps_ = 0, skipped_ = 0;
};

/// Adam over the parameter block of model L, one pass over memory a step; AdamW with `decoupled` decay.
/// The formula is `AdamRule`'s. The gradient is clipped to `clip_norm` (over all that is trained) before it is used. A
/// gradient that is not finite changes nothing; such steps are reported and counted in `skipped()`.
///
///     Adam<Cpu<float>, Vit2Cmh> adam{{.rate = 1e-5, .clip_norm = 2}};
///     adam.step(be, model.params, model.grads);
template <Backend B, class L>
class Adam : public AdamOnBlock<B> {
 public:
  using typename AdamOnBlock<B>::Options;

  /// @throws Error for values outside their range or a group that names no parameter.
  explicit Adam(Options options) : AdamOnBlock<B>{std::move(options), parameters_of<L, B>()} {}

  StepReport step(B& be, Parameters<B, L>& params, const Parameters<B, L>& grads, const StepOptions& now = {}) {
    return AdamOnBlock<B>::step(be, params, grads, now);
  }
};

/// Adam with decoupled weight decay, 0.01 unless set. Source: Loshchilov, Hutter, ICLR 2019, algorithm 2.
template <Backend B, class L>
class AdamW : public Adam<B, L> {
 public:
  struct Options {
    double rate = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
    double decay = 0.01;
    double clip_norm = std::numeric_limits<double>::infinity();
    std::vector<ParameterGroup> groups{};
  };
  explicit AdamW(Options o)
      : Adam<B, L>{{o.rate, o.beta1, o.beta2, o.eps, o.decay, true, o.clip_norm, std::move(o.groups)}} {}
};

}  // namespace hashweave
