#pragma once
#include <hashweave/core/bfloat16.hpp>
#include <hashweave/optim/block_optimiser.hpp>

namespace hashweave {

/// What of `Adam` does not depend on the model's type.
template <Backend B, class Moment = typename B::Scalar>
class AdamOnBlock : public BlockOptimiser<B> {
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
    this->train(m_.entries(), options_.groups);
    m_.expect_few_rows();
    v_.expect_few_rows();
  }

  StepReport step(B& be, ParameterBlock<B>& params, const ParameterBlock<B>& grads, const StepOptions& now = {}) {
    const auto make_rule = [this] {
      AdamRule rule;
      rule.beta1 = options_.beta1;
      rule.beta2 = options_.beta2;
      rule.eps = options_.eps;
      rule.decoupled = options_.decoupled;
      rule.correction1 = 1 - std::pow(options_.beta1, static_cast<double>(this->steps()));
      rule.correction2 = 1 - std::pow(options_.beta2, static_cast<double>(this->steps()));
      return rule;
    };
    return this->step_by(be, grads, options_, now, make_rule, [&](const auto& r, AdamRule& rule) {
      rule.rounding = {name_hash("Adam"), static_cast<std::uint32_t>(this->steps()),
                       static_cast<std::uint32_t>(r.offset / 16)};
      adam_update(be, detail::slice(params.flat(), r), detail::slice(grads.flat(), r), detail::slice(m_.flat(), r),
                  detail::slice(v_.flat(), r), rule);
    });
  }

  /// What a checkpoint has to keep besides the counts: both moments.
  ParameterBlock<B, Moment>& first_moment() { return m_; }
  ParameterBlock<B, Moment>& second_moment() { return v_; }
  const ParameterBlock<B, Moment>& first_moment() const { return m_; }
  const ParameterBlock<B, Moment>& second_moment() const { return v_; }

 private:
  Options options_;
  ParameterBlock<B, Moment> m_, v_;
};

/// Adam over the parameter block of model L, one pass over memory a step; AdamW with `decoupled` decay.
/// The formula is `AdamRule`'s. The gradient is clipped to `clip_norm` (over all that is trained) before it is used. A
/// gradient that is not finite changes nothing; such steps are reported and counted in `skipped()`.
///
///     Adam<Cpu<float>, Vit2Cmh> adam{{.rate = 1e-5, .clip_norm = 2}};
///     adam.step(be, model.params, model.grads);
///
/// With moments in bfloat16 (`Adam<B, L, BFloat16>`) the optimiser takes half the memory. They are rounded at random,
/// up or down so that the mean is right: to the nearest, v would not follow g² any more, as a step of it is about a
/// thousandth of it and half the distance of two neighbours up to four. Source: Zamirai, Zhang, Aberger, De Sa,
/// "Revisiting BFloat16 training", arXiv:2010.06192, on stochastic rounding.
template <Backend B, class L, class Moment = typename B::Scalar>
using Adam = ForModel<AdamOnBlock<B, Moment>, B, L>;

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
