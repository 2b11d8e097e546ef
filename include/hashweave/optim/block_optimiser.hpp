#pragma once
#include <hashweave/optim/groups.hpp>
#include <utility>

namespace hashweave {

/// What `Adam` and `Sgd` share: which parameters are trained and how, clipping, steps that are not finite. It works on
/// blocks, whatever the model's type.
template <Backend B>
class BlockOptimiser {
 public:
  /// What a checkpoint has to keep besides the moments: the number of steps taken and of those skipped.
  Size steps() const { return steps_; }
  Size skipped() const { return skipped_; }
  void restore(Size steps, Size skipped) {
    steps_ = steps;
    skipped_ = skipped;
  }

 protected:
  /// `placed`: the entries of a block that is laid out as the parameters'.
  /// @throws Error for a group that names no parameter.
  void train(std::span<const ParameterEntry> placed, const std::vector<ParameterGroup>& groups) {
    ranges_ = detail::trained_ranges(placed, groups);
  }
  /// One step, unless the gradient is not finite: `rule()` once, then `update(range, rule)` for each stretch, with its
  /// rate and decay and the gradient's scale filled in.
  template <class Options, class Rule, class Update>
  StepReport step_by(B& be, const ParameterBlock<B>& grads, const Options& options, const StepOptions& now,
                     const Rule& make_rule, const Update& update) {
    const double norm = detail::gradient_norm(be, grads, ranges_) * now.gradient_scale;
    const double rate = options.rate * now.rate_factor;
    if (!std::isfinite(norm)) {
      ++skipped_;
      return {norm, rate, true};
    }
    ++steps_;
    auto rule = make_rule();
    rule.scale = now.gradient_scale * detail::clip_factor(norm, options.clip_norm);
    for (const detail::TrainedRange& r : ranges_) {
      rule.rate = rate * r.rate_factor;
      rule.decay = options.decay * r.decay_factor;
      update(r, rule);
    }
    return {norm, rate, false};
  }

 private:
  std::vector<detail::TrainedRange> ranges_;
  Size steps_ = 0, skipped_ = 0;
};

/// An optimiser of blocks for the parameters of model L: a block of another model is no argument.
template <class OnBlock, Backend B, class L>
class ForModel : public OnBlock {
 public:
  using typename OnBlock::Options;

  /// @throws Error for values outside their range or a group that names no parameter.
  explicit ForModel(Options options) : OnBlock{std::move(options), parameters_of<L, B>()} {}

  StepReport step(B& be, Parameters<B, L>& params, const Parameters<B, L>& grads, const StepOptions& now = {}) {
    return OnBlock::step(be, params, grads, now);
  }
};

}  // namespace hashweave
