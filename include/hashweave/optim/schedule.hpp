#pragma once
#include <cmath>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <numbers>
#include <vector>

namespace hashweave {

// Schedules give the factor on the base learning rate at a step, counted from 0.

/// A rise in a straight line over the first `steps` steps: (step + 1)/steps, then 1.
struct Warmup {
  Size steps = 0;

  double operator()(Size step) const {
    return step < steps ? static_cast<double>(step + 1) / static_cast<double>(steps) : 1;
  }
};

/// Warm-up, then times `factor` at each milestone that has been reached.
struct WarmupSteps {
  Size warmup = 0;
  std::vector<Size> milestones;
  double factor = 0.1;

  double operator()(Size step) const {
    double rate = Warmup{warmup}(step);
    for (const Size m : milestones) rate *= step >= m ? factor : 1;
    return rate;
  }
};

/// Warm-up, then floor + (1 - floor) (1 + cos(π progress))/2 down to step `total`, and floor beyond it.
/// Source: Loshchilov, Hutter, SGDR, ICLR 2017, equation 5.
/// @throws Error unless warmup < total.
struct WarmupCosine {
  Size warmup = 0;
  Size total = 1;
  double floor = 0;

  double operator()(Size step) const {
    require(warmup < total, "WarmupCosine", "warmup", Phrase{"less than total = ", total}, warmup);
    if (step < warmup) return Warmup{warmup}(step);
    const double progress = std::min(1.0, static_cast<double>(step - warmup) / static_cast<double>(total - warmup));
    return floor + (1 - floor) * 0.5 * (1 + std::cos(std::numbers::pi * progress));
  }
};

/// HashNet's β at a step, constant within a stage: (1 + growth s)^power, s the step at which the stage began.
/// `ScaledTanh::beta` takes it.
/// @throws Error unless a stage has at least one step.
/// Source: Cao et al., HashNet, ICCV 2017, algorithm 1; the numbers are those of its PyTorch code.
struct TanhContinuation {
  Size stage = 200;
  double growth = 0.005;
  double power = 0.5;

  double operator()(Size step) const {
    require(stage >= 1, "TanhContinuation", "steps of a stage", "at least 1", stage);
    return std::pow(1 + growth * static_cast<double>(step / stage * stage), power);
  }
};

}  // namespace hashweave
