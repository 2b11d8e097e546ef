#pragma once
#include <cmath>
#include <hashweave/core/layer.hpp>
#include <hashweave/optim/adam.hpp>

namespace hashweave {

/// A network with its gradients and an optimiser of its own: a player where several take turns, as discriminator and
/// generator do.
///
///     Trained<B, Discriminators> judges{{.rate = 5e-5, .beta1 = 0.5, .beta2 = 0.9}};
///     Trained<B, Head> head{{.rate = 5e-5}};
///     judges.grads.zero();  // backward of the judges' loss adds into *judges.grads
///     judges.step(be);      // then the head's turn, with the judges as they are now
template <Backend B, class L, class Optimizer = Adam<B, L>>
struct Trained {
  L arch;
  Parameters<B, L> params;
  Parameters<B, L> grads;
  Optimizer optimizer;

  explicit Trained(typename Optimizer::Options options, L layer = {})
      : arch{std::move(layer)}, optimizer{std::move(options)} {}

  /// One step by `grads`, running statistics included; a gradient that is not finite changes nothing.
  StepReport step(B& be, const StepOptions& now = {}) {
    const StepReport report = optimizer.step(be, params, grads, now);
    if (!report.skipped) update_statistics(be, params, grads);
    return report;
  }
};

}  // namespace hashweave
