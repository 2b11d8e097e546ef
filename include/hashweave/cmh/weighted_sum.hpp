#pragma once
#include <array>
#include <hashweave/cmh/losses.hpp>
#include <hashweave/cmh/pair_losses.hpp>
#include <tuple>

namespace hashweave {

/// L = Σ_k weight_k L_k on the same inputs, as a type. `terms` of the result are the L_k, by `names`.
///
/// Inputs: image and text codes, and owners, where the parts are losses on pairs; codes and labels where they are
/// losses on one batch: a part that asks for no labels (quantisation) gets none. Errors as the parts'. A part whose
/// weight is 0 is not computed; its term is 0.
template <class... Ls>
struct WeightedSum {
  static constexpr Size count = sizeof...(Ls);
  static constexpr std::array<std::string_view, sizeof...(Ls)> names{Ls::name...};

  std::tuple<Ls...> parts;
  std::array<double, sizeof...(Ls)> weights;

  template <class B, class S>
  LossStep<B, PairGradient<B, S>> operator()(B& be, View<B, S> image, View<B, S> text, Owners owners = {}) const {
    detail::check_pairs(image, text, owners, "WeightedSum");
    return on_pairs(be, image, text, [&](const auto& part) { return part(be, image, text, owners); });
  }
  /// On pairs with labels (pairs, classes): parts that take labels get them.
  template <class B, class S>
  LossStep<B, PairGradient<B, S>> operator()(B& be, View<B, S> image, View<B, S> text,
                                             In<typename B::Scalar> labels) const {
    detail::check_pairs(image, text, {}, "WeightedSum");
    return on_pairs(be, image, text, [&](const auto& part) {
      if constexpr (requires { part(be, image, text, labels); }) {
        return part(be, image, text, labels);
      } else {
        return part(be, image, text);
      }
    });
  }
  template <class B, Size Width>
  LossStep<B, View<B, Vectors<Width>>> operator()(B& be, View<B, Vectors<Width>> h,
                                                  In<typename B::Scalar> labels) const {
    const auto gradient = make<Vectors<Width>>(be, h.rows);
    set_zero(be, gradient.mat());
    return sum_of(
        be, gradient,
        [&](const auto& part) {
          if constexpr (requires { part(be, h, labels); }) {
            return part(be, h, labels);
          } else {
            return part(be, h);
          }
        },
        [&](const auto& of_part, double weight) { add_scaled(be, gradient.mat(), of_part.mat(), weight); });
  }

 private:
  template <class B, class S, class Compute>
  LossStep<B, PairGradient<B, S>> on_pairs(B& be, View<B, S> image, View<B, S> text, Compute compute) const {
    const PairGradient<B, S> gradient{make<S>(be, image.layout()), make<S>(be, text.layout())};
    set_zero(be, gradient.image.mat());
    set_zero(be, gradient.text.mat());
    return sum_of(be, gradient, compute, [&](const auto& of_part, double weight) {
      add_scaled(be, gradient.image.mat(), of_part.image.mat(), weight);
      add_scaled(be, gradient.text.mat(), of_part.text.mat(), weight);
    });
  }
  template <class B, class Gradient, class Compute, class Add>
  LossStep<B, Gradient> sum_of(B& be, const Gradient& gradient, Compute compute, Add add_gradient) const {
    auto value = make_matrix(be, 1, 1), terms = make_matrix(be, 1, count);
    set_zero(be, value);
    set_zero(be, terms);
    Size k = 0;
    const auto add_part = [&](const auto& part, double weight) {
      const auto at = cols_of(terms, k++, 1);
      if (weight == 0) return;
      TapeScope scope{be};
      const auto step = compute(part);
      copy(be, at, step.value);
      add_scaled(be, value, step.value, weight);
      add_gradient(step.gradient, weight);
    };
    std::apply([&](const Ls&... part) { (add_part(part, weights[static_cast<std::size_t>(k)]), ...); }, parts);
    return {value, terms, gradient};
  }
};

/// The loss of ViT2CMH: L = L_triplet + η L_angular (+ λ quantisation, 0 by default), by default as the paper sets it.
/// Other losses can be put in: `TripletAngularLoss<InfoNce, Angular>`.
/// Source: Li et al. (ViT2CMH), 2023, equation 14: margin 0.2, α = 45°, η = 0.1.
template <class Triplet = HardestTriplet, class Angle = Angular>
struct TripletAngularLoss : WeightedSum<Triplet, Angle, OnBoth<Quantisation>> {
  explicit TripletAngularLoss(double eta = 0.1, double quantisation = 0, Triplet triplet = {}, Angle angle = {})
      : WeightedSum<Triplet, Angle, OnBoth<Quantisation>>{{triplet, angle, OnBoth<Quantisation>{}},
                                                          {1, eta, quantisation}} {}
};

}  // namespace hashweave
