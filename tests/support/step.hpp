#pragma once
#include <algorithm>

#include "support/check_gradient.hpp"

namespace hashweave::test {

/// What forward and backward of a layer gave, and what of the tape they took.
struct StepOutcome {
  std::vector<double> y, dx, grads;
  std::size_t kept = 0, peak = 0;
  RandomState after;
};

/// Forward and backward of a layer that gives what it takes, on sequences of these lengths, `rounds` times on one
/// backend, which is its tape's only user; the last outcome. Parameters have this deviation.
template <class S, Backend Bk, class L>
StepOutcome step_of(Bk& be, const L& layer, const Lengths& lengths, double deviation, int rounds = 1) {
  using T = typename Bk::Scalar;
  Parameters<Bk, L> params, grads;
  randomise(params, 5, deviation);
  Batch<S> x{lengths}, dy{lengths};
  randomise(x.values, 6);
  randomise(dy.values, 7);
  // on cache lines, as on the tape
  const auto aligned = [](const std::vector<double>& values) {
    Buffer<T, HostMemory> buffer{std::ssize(values)};
    std::transform(values.begin(), values.end(), buffer.data(), [](double v) { return static_cast<T>(v); });
    return buffer;
  };
  Buffer<T, HostMemory> x_values = aligned(x.values), dy_values = aligned(dy.values);
  StepOutcome out;
  for (int round = 0; round < rounds; ++round) {
    be.tape().rewind();
    be.random().begin_step(1);
    grads.zero();
    const auto step = layer.forward(be, *params, View<Bk, S>{x_values.data(), x.layout()});
    out.y.assign(step.y.data, step.y.data + x.values.size());
    out.kept = be.tape().used();
    CHECK(be.tape().brief().used() == 0);
    const auto dx = layer.backward(be, *params, step.saved, View<Bk, S>{dy_values.data(), x.layout()}, *grads);
    out.dx.assign(dx.data, dx.data + x.values.size());
    CHECK(be.tape().brief().used() == 0);
  }
  const auto g = grads.trainable();
  out.grads.assign(g.data, g.data + g.size());
  out.peak = be.tape().step_peak();
  out.after = be.random();
  return out;
}

}  // namespace hashweave::test
