#pragma once
#include <hashweave/cmh/code_losses.hpp>
#include <hashweave/cmh/semantic_losses.hpp>
#include <hashweave/cmh/weighted_sum.hpp>

namespace hashweave {

/// Both modalities drawn to one code a pair: mean (h - b)² + mean (g - b)², b = sign(h + g), constant.
///
/// Inputs: image and text codes (pairs, Bits).
/// @throws Error for an empty batch or unequal numbers of images and texts.
/// Source: Jiang, Li (DCMH), CVPR 2017, equation 1, second term, with B at its optimum (section 3.3; there a sum).
struct SharedQuantisation {
  static constexpr std::string_view name = "quantisation";

  template <class B, class S>
  LossStep<B, PairGradient<B, S>> operator()(B& be, View<B, S> image, View<B, S> text, Owners = {}) const {
    detail::check_pairs(image, text, {}, "SharedQuantisation");
    auto sum = make<S>(be, image.layout()), code = make<S>(be, image.layout());
    add(be, sum.mat(), image.mat(), text.mat());
    signs(be, code.mat(), sum.mat());
    const auto i = MeanSquaredError{}(be, image, code.mat());
    const auto c = MeanSquaredError{}(be, text, code.mat());
    add_scaled(be, i.value, c.value, 1);
    return {i.value, i.value, {i.gradient, c.gradient}};
  }
};

/// DCMH's loss on pairs with labels: likelihood + γ quantisation + η balance. The paper's is a sum with γ = η = 1;
/// divided by n² pairs these become γ = Bits/n and η = 1/n for means over a batch of n.
/// Source: Jiang, Li (DCMH), CVPR 2017, equation 1.
struct DcmhLoss : WeightedSum<CrossLogisticPairs, SharedQuantisation, OnBoth<CodeBalance>> {
  DcmhLoss(double gamma, double eta)
      : WeightedSum<CrossLogisticPairs, SharedQuantisation, OnBoth<CodeBalance>>{{}, {1, gamma, eta}} {}
};

}  // namespace hashweave
