#pragma once
#include <hashweave/cmh/label_losses.hpp>
#include <hashweave/core/activation.hpp>

namespace hashweave {

/// Cosines that are to have given values: mean over all i, j of (cos(h_i, h_j) - S_ij)².
///
/// Inputs: codes (samples, Bits); target S (samples, samples).
/// @throws Error for an empty batch or a target of another shape.
/// Source: Tan et al. (BSTH), SIGIR 2022, sections 3.3 and 3.4.
struct CosineTargets {
  static constexpr std::string_view name = "cosine_targets";

  template <class B, class S>
  LossStep<B, View<B, S>> operator()(B& be, View<B, S> h, In<typename B::Scalar> target) const {
    const Size n = h.mat().rows;
    require(n > 0, "CosineTargets", "codes in the batch", "at least 1", n);
    require(target.rows == n, "CosineTargets", "rows of the target", n, target.rows);
    require(target.cols == n, "CosineTargets", "columns of the target", n, target.cols);
    const detail::UnitRows<B, S> u{be, h};
    auto cos = make_matrix(be, n, n), dcos = make_matrix(be, n, n), value = make_matrix(be, 1, 1);
    multiply(be, Form::nt, cos, u.y.mat(), u.y.mat());
    mean_squared_error(be, value, dcos, cos, target);
    auto dh = make<S>(be, h.layout());
    multiply(be, Form::nn, dh.mat(), dcos, u.y.mat());
    multiply(be, Form::tn, dh.mat(), dcos, u.y.mat(), 1, true);
    return {value, value, u.backward(be, dh)};
  }
};

/// S_ij = 2/(1 + exp(-l_i · l_j)) - 1 = tanh(l_i · l_j / 2): 0 for samples that share no label, nearer to 1 the more
/// they share. labels (samples, classes), multi-hot; the result (samples, samples) is on the tape.
/// @throws Error for fewer than two samples or labels of another length.
/// Source: Tan et al. (BSTH), SIGIR 2022, section 3.4.
template <class B>
Mat<typename B::Scalar> shared_label_similarity(B& be, In<typename B::Scalar> labels, Size samples) {
  const auto shared = detail::shared_labels(be, labels, samples, "shared_label_similarity");
  auto s = make_matrix(be, samples, samples), half = make_matrix(be, samples, samples);
  set_zero(be, half);
  add_scaled(be, half, shared, 0.5);
  activate(be, Activation::tanh, s, half);
  return s;
}

/// What every bit's sum over the batch adds to the loss.
enum class BalanceForm {
  squared,    ///< ‖Σ_i h_i‖²/n: the paper's; 0 where every bit is as often 1 as 0
  signed_sum  ///< Σ_i Σ_bits h_i/n: what the authors' program has instead; it favours zeros without end
};

/// Balance of bits: ‖Σ_i h_i‖²/n over the n codes of a batch, or as `form` says.
/// @throws Error for an empty batch. Source: Tan et al. (BSTH), SIGIR 2022, section 3.3.
struct CodeBalance {
  static constexpr std::string_view name = "balance";
  BalanceForm form = BalanceForm::squared;

  template <class B, class S>
  LossStep<B, View<B, S>> operator()(B& be, View<B, S> h) const {
    require(h.mat().rows > 0, "CodeBalance", "codes in the batch", "at least 1", h.mat().rows);
    auto value = make_matrix(be, 1, 1);
    auto dh = make<S>(be, h.layout());
    code_balance(be, value, dh.mat(), h.mat(), form == BalanceForm::signed_sum);
    return {value, value, dh};
  }
};

}  // namespace hashweave
