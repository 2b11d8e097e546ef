#pragma once
#include <hashweave/cmh/pair_losses.hpp>
#include <hashweave/core/form.hpp>
#include <hashweave/core/loss.hpp>

namespace hashweave {

namespace detail {
/// similar (n, n): the number of labels that samples share.
template <class B>
Mat<typename B::Scalar> shared_labels(B& be, In<typename B::Scalar> labels, Size samples, std::string_view where) {
  require(samples >= 2, where, "samples in the batch", "at least 2", samples);
  require(labels.rows == samples, where, "rows of labels", Phrase{"", samples, " (one a sample)"}, labels.rows);
  require(labels.cols > 0, where, "labels", "at least 1", labels.cols);
  auto similar = make_matrix(be, samples, samples);
  multiply(be, Form::nt, similar, labels, labels);
  return similar;
}
/// A loss on the inner products s_ij = y_i · y_j: f(value, ds, s) writes its value and its gradient in s. The gradient
/// of the result is with respect to y.
template <class B, Size Bits, class F>
LossStep<B, View<B, Vectors<Bits>>> on_inner_products(B& be, View<B, Vectors<Bits>> y, F&& f) {
  auto s = make_matrix(be, y.rows, y.rows), ds = make_matrix(be, y.rows, y.rows), value = make_matrix(be, 1, 1);
  multiply(be, Form::nt, s, y.mat(), y.mat());
  f(value, ds, s);
  auto dy = make<Vectors<Bits>>(be, y.rows);
  multiply(be, Form::nn, dy.mat(), ds, y.mat());
  multiply(be, Form::tn, dy.mat(), ds, y.mat(), 1, true);
  return {value, value, dy};
}
}  // namespace detail

/// Cauchy pairwise loss: mean over i != j of w_ij (s_ij log(D_ij/γ) + log(1 + γ/D_ij)), D_ij = Bits/2 (1 - cos(h_i,
/// h_j)) with cos clamped; s_ij = 1 where a label is shared; w balances similar and other pairs (|S|/|S₁| and
/// |S|/|S₀|). In a batch without similar or without other pairs every weight is 1.
///
/// Inputs: codes (samples, Bits); labels (samples, classes), multi-hot. γ in bits.
/// @throws Error for fewer than two samples or labels of another length.
/// Source: Cao et al., DCH, CVPR 2018, equations 4 to 6; Chen et al. (TransHash), ICMR 2022, section 3.4.
struct CauchyPairs {
  static constexpr std::string_view name = "cauchy";
  double gamma = 20;
  double clamp = 0.99;

  template <class B, Size Bits>
  LossStep<B, View<B, Vectors<Bits>>> operator()(B& be, View<B, Vectors<Bits>> h, In<typename B::Scalar> labels) const {
    const auto similar = detail::shared_labels(be, labels, h.rows, "CauchyPairs");
    const detail::UnitRows<B, Vectors<Bits>> u{be, h};
    const auto step = detail::on_inner_products(be, u.y, [&](const auto& value, const auto& dcos, const auto& cos) {
      cauchy_pairs(be, value, dcos, cos, similar, Bits, gamma, clamp);
    });
    return {step.value, step.value, u.backward(be, step.gradient)};
  }
};

/// Pairwise logistic loss: mean over i != j of w_ij (log(1 + exp(α h_i·h_j)) - s_ij α h_i·h_j), w as `CauchyPairs`', or
/// 1 where the pairs are not balanced.
///
/// Inputs and errors as `CauchyPairs`'. Source: Cao et al., HashNet, ICCV 2017, equation 4 (α = 10/Bits in its code);
/// not balanced and with α = 1/2: Li et al., DPSH, IJCAI 2016, section 3.
struct LogisticPairs {
  static constexpr std::string_view name = "logistic";
  double alpha = 0.1;
  bool balanced = true;

  template <class B, Size Bits>
  LossStep<B, View<B, Vectors<Bits>>> operator()(B& be, View<B, Vectors<Bits>> h, In<typename B::Scalar> labels) const {
    const auto similar = detail::shared_labels(be, labels, h.rows, "LogisticPairs");
    return detail::on_inner_products(be, h, [&](const auto& value, const auto& ds, const auto& s) {
      logistic_pairs(be, value, ds, s, similar, alpha, balanced);
    });
  }
};

/// Contrastive loss: mean over i != j of |h_i - h_j|²/2 where a label is shared and of [m - |h_i - h_j|²]₊/2 elsewhere,
/// m = margin_per_bit Bits.
///
/// Inputs and errors as `CauchyPairs`'. Source: Liu et al., DSH, CVPR 2016, section 3.1, with m = 2 Bits.
struct ContrastivePairs {
  static constexpr std::string_view name = "contrastive";
  double margin_per_bit = 2;

  template <class B, Size Bits>
  LossStep<B, View<B, Vectors<Bits>>> operator()(B& be, View<B, Vectors<Bits>> h, In<typename B::Scalar> labels) const {
    const auto similar = detail::shared_labels(be, labels, h.rows, "ContrastivePairs");
    return detail::on_inner_products(be, h, [&](const auto& value, const auto& ds, const auto& s) {
      contrastive_pairs(be, value, ds, s, similar, margin_per_bit * static_cast<double>(Bits));
    });
  }
};

}  // namespace hashweave
