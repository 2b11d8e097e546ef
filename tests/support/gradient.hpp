#pragma once
#include <algorithm>
#include <cmath>
#include <hashweave/core/model.hpp>
#include <hashweave/cpu.hpp>
#include <limits>
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
template <Backend Bk>
void randomise(ParameterBlock<Bk>& params, std::uint64_t seed, double deviation = 0.4) {
  for (const ParameterEntry& e : params.entries()) {
    const double mean = e.init.kind == Init::Kind::constant || e.statistic() ? e.init.mean : 0;
    std::vector<double> values(static_cast<std::size_t>(e.size()));
    randomise(values, seed ^ name_hash(e.name), e.statistic() ? 0 : deviation, mean);
    std::vector<typename Bk::Scalar> as_scalars(values.size());
    std::transform(values.begin(), values.end(), as_scalars.begin(),
                   [](double v) { return static_cast<typename Bk::Scalar>(v); });
    params.assign(e.name, as_scalars);
  }
}

/// Where the gradient is worst, and by how much: |numeric - analytic| / max(1, |analytic|). A NaN counts as infinity.
struct Worst {
  double error = 0;
  std::string where = "nowhere";

  void see(double e, const std::string& place) {
    if (std::isnan(e)) e = std::numeric_limits<double>::infinity();
    if (e > error) {
      error = e;
      where = place;
    }
  }
};

/// How a gradient is checked.
struct Probing {
  std::uint64_t seed = 7;
  bool keep_input = false;  ///< else the input is filled with random numbers
  std::size_t most = 4096;  ///< of each array, at most this many values are moved, evenly spread
};

/// Moves values by ±h and compares (f(x+h) - f(x-h)) / 2h with the gradient computed by hand.
template <class F>
void probe(std::span<double> values, const double* analytic, const std::string& name, const F& f, Worst& worst,
           std::size_t most = 4096) {
  const std::size_t stride = (values.size() + most - 1) / most;
  for (std::size_t i = 0; i < values.size(); i += stride) {
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

/// Probes all trainable parameters.
template <class F>
void probe_parameters(ParameterBlock<B>& params, const ParameterBlock<B>& grads, const F& f, Worst& worst,
                      std::size_t most = 4096) {
  for (const ParameterEntry& e : params.entries()) {
    if (e.statistic()) continue;
    const std::vector<double> analytic = grads.values(e.name);
    probe({params.at(e).data, static_cast<std::size_t>(e.size())}, analytic.data(), e.name, f, worst, most);
  }
}

/// The worst error of a layer's gradient, over its input (where it has a gradient) and all its parameters, for the
/// function Σ w·y with random w. Also wrong: a step that changes its input or dy, and a backward that does not add.
template <class L, class S>
Worst gradient_error(const L& layer, Batch<S>& input, const Probing& how = {}) {
  static_assert(Layer<L, S, B>);
  B be{1, 99};
  Parameters<B, L> params, grads;
  randomise(params, how.seed);
  if constexpr (!std::same_as<S, TokenIds>) {
    if (!how.keep_input) randomise(input.values, how.seed + 1, 0.8);
  }
  std::vector<double> w;
  const auto f = [&] {
    be.tape().rewind();
    be.random().begin_step(3);
    const auto y = layer.forward(be, *params, input.view()).y;
    const auto m = y.mat();
    if (w.empty()) {
      w.resize(static_cast<std::size_t>(m.size()));
      randomise(w, how.seed + 2, 1);
    }
    double sum = 0;
    for (Size i = 0; i < m.size(); ++i) sum += m.data[i] * w[static_cast<std::size_t>(i)];
    return sum;
  };
  f();
  be.tape().rewind();
  be.random().begin_step(3);
  constexpr double before = 0.25;  // in the gradients: backward must add to it
  for (const ParameterEntry& e : grads.entries()) {
    for (Size i = 0; i < e.size(); ++i) grads.at(e).data[i] = before;
  }
  const auto kept_input = input.values;
  const auto kept_w = w;
  auto step = layer.forward(be, *params, input.view());
  auto dy = step.y;
  dy.data = w.data();
  [[maybe_unused]] auto dx = layer.backward(be, *params, step.saved, dy, *grads);
  Worst worst;
  if (input.values != kept_input) worst.see(1, "the layer wrote into its input");
  if (w != kept_w) worst.see(1, "the layer wrote into dy");
  for (const ParameterEntry& e : grads.entries()) {
    for (Size i = 0; i < e.size(); ++i) grads.at(e).data[i] -= before;
  }
  if constexpr (!std::same_as<S, TokenIds>) {
    const std::vector<double> analytic(dx.data, dx.data + input.values.size());
    probe(input.values, analytic.data(), "input", f, worst, how.most);
  }
  probe_parameters(params, grads, f, worst, how.most);
  return worst;
}

/// The largest difference between `infer` and the y of `forward`: 0 unless the layer behaves otherwise in training.
template <class L, class S>
double infer_difference(const L& layer, Batch<S>& input, std::uint64_t seed = 7) {
  B be{1, 99};
  Parameters<B, L> params;
  randomise(params, seed);
  if constexpr (!std::same_as<S, TokenIds>) randomise(input.values, seed + 1, 0.8);
  const auto trained = layer.forward(be, *params, input.view()).y.mat();
  const auto used = infer(be, layer, *params, input.view()).mat();
  if (trained.rows != used.rows || trained.cols != used.cols) return std::numeric_limits<double>::infinity();
  Worst worst;
  for (Size i = 0; i < used.size(); ++i) worst.see(std::abs(trained.data[i] - used.data[i]), "");
  return worst.error;
}

}  // namespace hashweave::test
