#pragma once
#include <cmath>
#include <hashweave/core/model.hpp>
#include <hashweave/cpu.hpp>
#include <string>
#include <vector>

// The one obligatory test of a layer: its gradient against central differences in double.
namespace hashweave::test {

using B = Cpu<double>;

/// Host memory for one batch, so that its values can be moved one by one.
template <class S>
struct Batch {
  std::vector<double> values;
  std::vector<Size> offsets;
  Size rows = 0;

  /// `lengths` are the sequences' for Tokens; their sum, or the first alone, is the number of rows for other samples.
  explicit Batch(std::vector<Size> lengths) {
    offsets.push_back(0);
    for (const Size n : lengths) offsets.push_back(offsets.back() + n);
    rows = offsets.back();
    values.resize(static_cast<std::size_t>(View<B, S>::scalars(layout())));
  }
  auto layout() const {
    if constexpr (requires(View<B, S> v) { v.segments; }) {
      return Segments{offsets.data(), static_cast<Size>(offsets.size()) - 1};
    } else {
      return rows;
    }
  }
  View<B, S> view() { return {values.data(), layout()}; }
};
template <>
struct Batch<TokenIds> {
  std::vector<std::int32_t> values, types;
  std::vector<Size> offsets{0};

  explicit Batch(std::vector<Size> lengths) {
    for (const Size n : lengths) offsets.push_back(offsets.back() + n);
    values.resize(static_cast<std::size_t>(offsets.back()));
  }
  View<B, TokenIds> view() {
    return {
        values.data(), {offsets.data(), static_cast<Size>(offsets.size()) - 1}, types.empty() ? nullptr : types.data()};
  }
};

/// Normal numbers, the same for the same seed.
inline void randomise(std::span<double> values, std::uint64_t seed, double deviation = 0.6, double mean = 0) {
  const RandomStream stream{seed, 1, 1};
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = mean + deviation * stream.normal(i);
}
template <class L>
void randomise(Parameters<B, L>& params, std::uint64_t seed, double deviation = 0.4) {
  for (const ParameterEntry& e : params.entries()) {
    const double mean = e.init.kind == Init::Kind::constant || e.statistic() ? e.init.mean : 0;
    std::vector<double> values(static_cast<std::size_t>(e.size()));
    randomise(values, seed ^ name_hash(e.name), e.statistic() ? 0 : deviation, mean);
    params.assign(e.name, values);
  }
}

/// Where the gradient is worst, and by how much: |numeric - analytic| / max(1, |analytic|).
struct Worst {
  double error = 0;
  std::string where = "nowhere";

  void see(double e, const std::string& place) {
    if (!(e <= error)) {
      error = e;
      where = place;
    }
  }
};

/// Moves every value by ±h and compares (f(x+h) - f(x-h)) / 2h with the gradient computed by hand.
template <class F>
void probe(std::span<double> values, const double* analytic, const std::string& name, const F& f, Worst& worst) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    constexpr double h = 1e-5;
    const double keep = values[i];
    values[i] = keep + h;
    const double above = f();
    values[i] = keep - h;
    const double below = f();
    values[i] = keep;
    const double e = std::abs((above - below) / (2 * h) - analytic[i]) / std::max(1.0, std::abs(analytic[i]));
    worst.see(e, name + "[" + std::to_string(i) + "]");
  }
}

/// The worst error of a layer's gradient, over its input (where it has a gradient) and all its parameters, for the
/// function Σ w·y with random w. `input` is filled with random numbers unless `keep_input`.
template <class L, class S>
Worst gradient_error(const L& layer, Batch<S>& input, std::uint64_t seed = 7, bool keep_input = false) {
  B be{1, 99};
  Parameters<B, L> params, grads;
  randomise(params, seed);
  if constexpr (!std::same_as<S, TokenIds>) {
    if (!keep_input) randomise(input.values, seed + 1, 0.8);
  }
  std::vector<double> w;
  const auto f = [&] {
    be.tape().rewind();
    be.random().begin_step(3);
    const auto y = layer.forward(be, *params, input.view()).y;
    const auto m = y.mat();
    if (w.empty()) {
      w.resize(static_cast<std::size_t>(m.size()));
      randomise(w, seed + 2, 1);
    }
    double sum = 0;
    for (Size i = 0; i < m.size(); ++i) sum += m.data[i] * w[static_cast<std::size_t>(i)];
    return sum;
  };
  f();
  be.tape().rewind();
  be.random().begin_step(3);
  auto step = layer.forward(be, *params, input.view());
  auto dy = step.y;
  dy.data = w.data();
  auto dx = layer.backward(be, *params, step.saved, dy, *grads);
  Worst worst;
  if constexpr (!std::same_as<S, TokenIds>) {
    const std::vector<double> analytic(dx.data, dx.data + input.values.size());
    probe(input.values, analytic.data(), "input", f, worst);
  }
  for (const ParameterEntry& e : params.entries()) {
    if (e.statistic()) continue;
    const std::vector<double> analytic = grads.values(e.name);
    probe({params.at(e).data, static_cast<std::size_t>(e.size())}, analytic.data(), e.name, f, worst);
  }
  return worst;
}

}  // namespace hashweave::test
