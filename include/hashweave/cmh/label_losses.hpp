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
}  // namespace detail

/// Cauchy pairwise loss: mean over i != j of w_ij (s_ij log(D_ij/γ) + log(1 + γ/D_ij)), D_ij = Bits/2 (1 - cos(h_i,
/// h_j)) with cos clamped; s_ij = 1 where a label is shared; w balances similar and other pairs (|S|/|S₁| and
/// |S|/|S₀|).
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
    const Size n = h.rows;
    const auto similar = detail::shared_labels(be, labels, n, "CauchyPairs");
    const detail::UnitRows<B, Vectors<Bits>> u{be, h};
    auto cos = make_matrix(be, n, n), dcos = make_matrix(be, n, n), value = make_matrix(be, 1, 1);
    multiply(be, Form::nt, cos, u.y.mat(), u.y.mat());
    cauchy_pairs(be, value, dcos, cos, similar, Bits, gamma, clamp);
    auto dh = make<Vectors<Bits>>(be, n);
    multiply(be, Form::nn, dh.mat(), dcos, u.y.mat());
    multiply(be, Form::tn, dh.mat(), dcos, u.y.mat(), 1, true);
    return {value, value, u.backward(be, dh)};
  }
};

/// Weighted pairwise logistic loss: mean over i != j of w_ij (log(1 + exp(α h_i·h_j)) - s_ij α h_i·h_j), w as
/// `CauchyPairs`'.
///
/// Inputs and errors as `CauchyPairs`'. Source: Cao et al., HashNet, ICCV 2017, equation 4 (α = 10/Bits in its code).
struct LogisticPairs {
  static constexpr std::string_view name = "logistic";
  double alpha = 0.1;

  template <class B, Size Bits>
  LossStep<B, View<B, Vectors<Bits>>> operator()(B& be, View<B, Vectors<Bits>> h, In<typename B::Scalar> labels) const {
    const Size n = h.rows;
    const auto similar = detail::shared_labels(be, labels, n, "LogisticPairs");
    auto inner = make_matrix(be, n, n), dinner = make_matrix(be, n, n), value = make_matrix(be, 1, 1);
    multiply(be, Form::nt, inner, h.mat(), h.mat());
    logistic_pairs(be, value, dinner, inner, similar, alpha);
    auto dh = make<Vectors<Bits>>(be, n);
    multiply(be, Form::nn, dh.mat(), dinner, h.mat());
    multiply(be, Form::tn, dh.mat(), dinner, h.mat(), 1, true);
    return {value, value, dh};
  }
};

}  // namespace hashweave
