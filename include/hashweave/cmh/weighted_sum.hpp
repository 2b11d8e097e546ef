#pragma once
#include <array>
#include <hashweave/cmh/losses.hpp>
#include <hashweave/cmh/pair_losses.hpp>
#include <tuple>

namespace hashweave {

/// L = Σ_k weight_k L_k on the same pairs, as a type. `terms` of the result are the L_k, by `names`.
///
/// Inputs and errors as the parts'. A part whose weight is 0 is not computed; its term is 0.
template <class... Ls>
struct WeightedSum {
  static constexpr Size count = sizeof...(Ls);
  static constexpr std::array<std::string_view, sizeof...(Ls)> names{Ls::name...};

  std::tuple<Ls...> parts;
  std::array<double, sizeof...(Ls)> weights;

  template <class B, class S>
  LossStep<B, PairGradient<B, S>> operator()(B& be, View<B, S> image, View<B, S> text, Owners owners = {}) const {
    detail::check_pairs(image, text, owners, "WeightedSum");
    return sum(be, image, text, [&](const auto& part) { return part(be, image, text, owners); });
  }
  /// On pairs with labels (pairs, classes): parts that take labels get them.
  template <class B, class S>
  LossStep<B, PairGradient<B, S>> operator()(B& be, View<B, S> image, View<B, S> text,
                                             In<typename B::Scalar> labels) const {
    detail::check_pairs(image, text, {}, "WeightedSum");
    return sum(be, image, text, [&](const auto& part) {
      if constexpr (requires { part(be, image, text, labels); }) {
        return part(be, image, text, labels);
      } else {
        return part(be, image, text);
      }
    });
  }

 private:
  template <class B, class S, class F>
  LossStep<B, PairGradient<B, S>> sum(B& be, View<B, S> image, View<B, S> text, F&& value_of) const {
    auto value = make_matrix(be, 1, 1), terms = make_matrix(be, 1, count);
    PairGradient<B, S> gradient{make<S>(be, image.layout()), make<S>(be, text.layout())};
    for (const auto& zero : {value, terms, gradient.image.mat(), gradient.text.mat()}) set_zero(be, zero);
    Size k = 0;
    const auto add_part = [&](const auto& part, double weight) {
      const auto at = cols_of(terms, k++, 1);
      if (weight == 0) return;
      TapeScope scope{be};
      const auto step = value_of(part);
      copy(be, at, step.value);
      add_scaled(be, value, step.value, weight);
      add_scaled(be, gradient.image.mat(), step.gradient.image.mat(), weight);
      add_scaled(be, gradient.text.mat(), step.gradient.text.mat(), weight);
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
