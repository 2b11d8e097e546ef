#pragma once
#include <concepts>
#include <hashweave/core/random.hpp>

namespace hashweave {

/// What an Adam step is made of. With g = scale * gradient (+ decay * w unless decoupled):
/// m = beta1 m + (1 - beta1) g; v = beta2 v + (1 - beta2) g²;
/// w = w (1 - rate * decay, if decoupled) - rate (m / correction1) / (sqrt(v / correction2) + eps).
/// Source: Kingma, Ba, ICLR 2015, algorithm 1; Loshchilov, Hutter, ICLR 2019, algorithm 2 (decoupled).
struct AdamRule {
  double rate = 1e-3, beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  double decay = 0;
  bool decoupled = false;
  double correction1 = 1, correction2 = 1;  ///< 1 - beta^t
  double scale = 1;
  RandomStream
      rounding{};  ///< of moments in bfloat16: value i of both is rounded by its number i, see `round_randomly`
};

/// What a step of gradient descent is made of. With g = scale * gradient + decay * w: v = momentum v + g;
/// w = w - rate v, or w - rate (g + momentum v) for Nesterov's. As PyTorch's SGD without dampening.
struct SgdRule {
  double rate = 1e-2, momentum = 0, decay = 0;
  bool nesterov = false;
  double scale = 1;
};

/// What happened in an optimiser's step.
struct StepReport {
  double grad_norm = 0;  ///< before clipping; of the accumulated and averaged gradient
  double rate = 0;       ///< the base learning rate of this step
  bool skipped = false;  ///< the gradient was not finite: nothing was changed but the counter
};

/// Changes parameters by gradients: one step, which says what happened.
template <class O, class B, class Params>
concept Optimizer = requires(O& optimizer, B& be, Params& params, const Params& grads) {
  { optimizer.step(be, params, grads) } -> std::same_as<StepReport>;
};

}  // namespace hashweave
