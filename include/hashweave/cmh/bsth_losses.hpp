#pragma once
#include <array>
#include <hashweave/cmh/classified.hpp>
#include <hashweave/cmh/code_losses.hpp>
#include <hashweave/cmh/label_prototypes.hpp>
#include <hashweave/cmh/losses.hpp>

namespace hashweave {

namespace detail {

/// A loss of several terms on several outputs, as it is added up.
template <class B>
struct TermSum {
  using Scalars = Mat<typename B::Scalar>;
  B& be;
  Scalars value, terms;
  Size next = 0;

  TermSum(B& backend, Size count) : be{backend}, value{make_matrix(be, 1, 1)}, terms{make_matrix(be, 1, count)} {
    set_zero(be, value);
  }
  /// The next term: value += weight * term, into += weight * gradient.
  void add(double weight, Scalars term, Scalars gradient, Scalars into) {
    copy(be, cols_of(terms, next++, 1), term);
    add_scaled(be, value, term, weight);
    add_scaled(be, into, gradient, weight);
  }
  /// The same of mean (x - t)².
  void add_squared_error(double weight, Scalars x, In<typename B::Scalar> target, Scalars into) {
    TapeScope scope{be};
    auto term = make_matrix(be, 1, 1), dx = make_matrix(be, x.rows, x.cols);
    mean_squared_error(be, term, dx, x, target);
    add(weight, term, dx, into);
  }
};

/// Labels for the first columns of the predictions: as many as the label set has.
template <class B, Size Classes>
void check_labels(View<B, Vectors<Classes>> predictions, In<typename B::Scalar> labels, std::string_view where) {
  require(labels.rows == predictions.rows, where, "rows of labels", Phrase{"", predictions.rows, " (one a sample)"},
          labels.rows);
  require(labels.cols >= 1 && labels.cols <= Classes, where, "labels", Phrase{"1 to ", Classes}, labels.cols);
}

}  // namespace detail

/// The loss of BSTH's first stage, on what `LabelPrototypes` gives:
/// γ1 mean (l̃ - l)² + γ2 mean (h^L - sign(h^L))² + γ3 mean (cos(P_i, P_j) - R_ij)² + γ4 balance(h^L).
///
/// Inputs: prototypes, codes and predictions; labels (samples, classes), multi-hot; R (classes, classes), by
/// `LabelCounts::cooccurrence`. As many labels as there are prototypes; further columns of the predictions are not
/// looked at. Terms: prediction, quantisation, cosine_targets, balance.
/// @throws Error for an empty batch, labels of another length or number, or another R.
/// Source: Tan et al. (BSTH), SIGIR 2022, section 3.3; the values are the authors'.
struct PrototypeLoss {
  static constexpr std::array<std::string_view, 4> names{"prediction", "quantisation", "cosine_targets", "balance"};
  double prediction = 0.001;
  double quantisation = 100;
  double similarity = 1;
  double balance = 0.01;
  BalanceForm balance_form = BalanceForm::squared;

  template <class B, Size Classes, Size Bits>
  LossStep<B, PrototypeCodes<B, Classes, Bits>> operator()(B& be, const PrototypeCodes<B, Classes, Bits>& y,
                                                           In<typename B::Scalar> labels,
                                                           In<typename B::Scalar> cooccurrence) const {
    detail::check_labels(y.predictions, labels, "PrototypeLoss");
    require(labels.cols == y.prototypes.rows, "PrototypeLoss", "labels",
            Phrase{"", y.prototypes.rows, " (one a prototype)"}, labels.cols);
    const PrototypeCodes<B, Classes, Bits> d{make<Vectors<Bits>>(be, y.prototypes.rows),
                                             make<Vectors<Bits>>(be, y.codes.rows),
                                             make<Vectors<Classes>>(be, y.predictions.rows)};
    for (const auto& zero : {d.prototypes.mat(), d.codes.mat(), d.predictions.mat()}) set_zero(be, zero);
    detail::TermSum<B> sum{be, 4};
    TapeScope scope{be};
    sum.add_squared_error(prediction, cols_of(y.predictions.mat(), 0, labels.cols), labels,
                          cols_of(d.predictions.mat(), 0, labels.cols));
    const auto q = Quantisation{}(be, y.codes);
    sum.add(quantisation, q.value, q.gradient.mat(), d.codes.mat());
    const auto cos = CosineTargets{}(be, y.prototypes, cooccurrence);
    sum.add(similarity, cos.value, cos.gradient.mat(), d.prototypes.mat());
    const auto b = CodeBalance{balance_form}(be, y.codes);
    sum.add(balance, b.value, b.gradient.mat(), d.codes.mat());
    return {sum.value, sum.terms, d};
  }
};

/// The loss of BSTH's second stage, on codes and predictions:
/// β1 mean (l̃ - l)² + β2 mean (h - b^L)² + β3 mean (cos(h_i, h_j) - S_ij)², S by `shared_label_similarity`.
///
/// Inputs: what `Classified` gives; labels (samples, classes), multi-hot; the binary prototype codes b^L (samples,
/// Bits) of -1 and 1. Columns of the predictions beyond the labels' are not looked at. Terms: prediction,
/// prototype_codes, cosine_targets.
/// @throws Error for fewer than two samples, or labels or codes of another length.
/// Source: Tan et al. (BSTH), SIGIR 2022, section 3.4; the values are the authors'.
struct PrototypeHashLoss {
  static constexpr std::array<std::string_view, 3> names{"prediction", "prototype_codes", "cosine_targets"};
  double prediction = 1;
  double prototype_codes = 0.01;
  double similarity = 1;

  template <class B, Size Bits, Size Classes>
  LossStep<B, CodesAndPredictions<View<B, Vectors<Bits>>, View<B, Vectors<Classes>>>> operator()(
      B& be, const CodesAndPredictions<View<B, Vectors<Bits>>, View<B, Vectors<Classes>>>& y,
      In<typename B::Scalar> labels, In<typename B::Scalar> codes) const {
    const Size n = y.codes.rows;
    require(n >= 2, "PrototypeHashLoss", "samples in the batch", "at least 2", n);
    detail::check_labels(y.predictions, labels, "PrototypeHashLoss");
    require(codes.rows == n, "PrototypeHashLoss", "prototype codes", Phrase{"", n, " (one a sample)"}, codes.rows);
    require(codes.cols == Bits, "PrototypeHashLoss", "bits of the prototype codes", Bits, codes.cols);
    const CodesAndPredictions d{make<Vectors<Bits>>(be, n), make<Vectors<Classes>>(be, n)};
    for (const auto& zero : {d.codes.mat(), d.predictions.mat()}) set_zero(be, zero);
    detail::TermSum<B> sum{be, 3};
    TapeScope scope{be};
    sum.add_squared_error(prediction, cols_of(y.predictions.mat(), 0, labels.cols), labels,
                          cols_of(d.predictions.mat(), 0, labels.cols));
    sum.add_squared_error(prototype_codes, y.codes.mat(), codes, d.codes.mat());
    const auto cos = CosineTargets{}(be, y.codes, shared_label_similarity(be, labels, n));
    sum.add(similarity, cos.value, cos.gradient.mat(), d.codes.mat());
    return {sum.value, sum.terms, d};
  }
};

}  // namespace hashweave
