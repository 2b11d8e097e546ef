#pragma once
#include <hashweave/cmh/pair_losses.hpp>
#include <hashweave/core/triplet.hpp>

namespace hashweave {

namespace detail {

/// (n, n): the number of labels that samples share.
template <class B>
Mat<typename B::Scalar> shared_by(B& be, In<typename B::Scalar> labels, Size samples, std::string_view where) {
  require(labels.rows == samples, where, "rows of labels", Phrase{"", samples, " (one a pair)"}, labels.rows);
  require(labels.cols > 0, where, "labels", "at least 1", labels.cols);
  auto shared = make_matrix(be, samples, samples);
  multiply(be, Form::nt, shared, labels, labels);
  return shared;
}

}  // namespace detail

/// Triplet loss on labels, both directions added, d = 1 - cos: the mean over all pairs of an anchor a and a positive p
/// (they share a label) of w_ap [d(a,p) - d(a,n) + m]₊. Anchors are the codes of one modality, positives and negatives
/// those of the other. The negative n shares no label with a: the nearest with d(a,p) < d(a,n) < d(a,p) + m, or the
/// nearest of all where there is none. w_ap = (2^{r_ap} - 1)/Z_a, r the number of shared labels, Z_a = Σ_k (2^{r_(k)} -
/// 1)/log2(k + 1) over the batch in falling order of r.
/// Without `semi_hard` n is always the nearest, without `graded` w = 1.
///
/// Inputs: image and text codes (pairs, Bits), row i belongs to row i; labels (pairs, classes), multi-hot. Samples
/// without labels have no positives and are negatives of all; anchors without negatives have no terms; a batch without
/// any triplet gives 0.
/// @throws Error for an empty batch, unequal numbers of images and texts, or labels of another length.
/// Source: Schroff et al. (FaceNet), CVPR 2015, section 3.2 (semi-hard); Zhao et al., "Deep semantic ranking based
/// hashing", CVPR 2015 (weights by rank); in this form a decision of this project for SATAH.
struct LabelTriplet {
  static constexpr std::string_view name = "triplet";
  TripletRule rule{};

  template <class B, class S>
  LossStep<B, PairGradient<B, S>> operator()(B& be, View<B, S> image, View<B, S> text,
                                             In<typename B::Scalar> labels) const {
    detail::check_pairs(image, text, {}, "LabelTriplet");
    const Size n = image.mat().rows;
    const auto shared = detail::shared_by(be, labels, n, "LabelTriplet");
    const detail::UnitRows<B, S> i{be, image}, c{be, text};
    auto cos = make_matrix(be, n, n), dcos = make_matrix(be, n, n);
    auto value = make_matrix(be, 1, 1), back = make_matrix(be, 1, 1);
    auto di = make<S>(be, image.layout()), dc = make<S>(be, text.layout());
    multiply(be, Form::nt, cos, i.y.mat(), c.y.mat());
    label_triplet(be, value, dcos, cos, shared, rule);
    multiply(be, Form::nn, di.mat(), dcos, c.y.mat());
    multiply(be, Form::tn, dc.mat(), dcos, i.y.mat());
    multiply(be, Form::nt, cos, c.y.mat(), i.y.mat());
    label_triplet(be, back, dcos, cos, shared, rule);
    multiply(be, Form::nn, dc.mat(), dcos, i.y.mat(), 1, true);
    multiply(be, Form::tn, di.mat(), dcos, c.y.mat(), 1, true);
    add_scaled(be, value, back, 1);
    return {value, value, {i.backward(be, di), c.backward(be, dc)}};
  }
};

/// What cosines between samples of these labels ought to be: S_ij = (1 - blend) (2 cos(f_i, f_j)₊ - 1) + blend (2
/// J(l_i, l_j) - 1), J the Jaccard index, 1 for two samples without labels. Without features (empty) S = 2 J - 1.
///
/// Inputs: labels (samples, classes), multi-hot; features of the samples' labels (samples, width), constant.
/// @throws Error for an empty batch or features of another length.
template <class B>
Mat<typename B::Scalar> semantic_target(B& be, In<typename B::Scalar> labels, In<typename B::Scalar> features = {},
                                        double blend = 0.5) {
  using T = typename B::Scalar;
  const Size n = labels.rows;
  require(n > 0, "semantic_target", "samples in the batch", "at least 1", n);
  auto target = make_matrix(be, n, n);
  TapeScope scope{be};
  const auto shared = detail::shared_by(be, labels, n, "semantic_target");
  Mat<T> cos{};
  if (features.data != nullptr) {
    require(features.rows == n, "semantic_target", "rows of features", n, features.rows);
    const auto unit = make_matrix(be, n, features.cols), norm = make_matrix(be, n, 1);
    cos = make_matrix(be, n, n);
    normalise_rows(be, unit, norm, features, 1e-12);
    multiply(be, Form::nt, cos, unit, unit);
  }
  semantic_similarity(be, target, cos, shared, blend);
  return target;
}

/// Semantic alignment: mean over i, j of (cos(h_i, h_j) - S_ij)², summed over the pairs image-image, text-text and
/// image-text.
///
/// Inputs: image and text codes (pairs, Bits); S (pairs, pairs), symmetric, constant: `semantic_target`.
/// @throws Error for an empty batch, unequal numbers of images and texts, or a target of another shape.
/// Source: a decision of this project for SATAH, after Bai et al. (DADH), ICMR 2020.
struct SemanticAlignment {
  static constexpr std::string_view name = "alignment";

  template <class B, class S>
  LossStep<B, PairGradient<B, S>> operator()(B& be, View<B, S> image, View<B, S> text,
                                             In<typename B::Scalar> target) const {
    detail::check_pairs(image, text, {}, "SemanticAlignment");
    const Size n = image.mat().rows;
    require(target.rows == n, "SemanticAlignment", "rows of the target", n, target.rows);
    require(target.cols == n, "SemanticAlignment", "columns of the target", n, target.cols);
    const detail::UnitRows<B, S> i{be, image}, c{be, text};
    auto cos = make_matrix(be, n, n), dcos = make_matrix(be, n, n);
    auto value = make_matrix(be, 1, 1), term = make_matrix(be, 1, 1);
    auto di = make<S>(be, image.layout()), dc = make<S>(be, text.layout());
    for (const auto& zero : {value, di.mat(), dc.mat()}) set_zero(be, zero);
    const auto add_term = [&](const auto& a, const auto& b, const auto& da, const auto& db) {
      multiply(be, Form::nt, cos, a.y.mat(), b.y.mat());
      mean_squared_error(be, term, dcos, cos, target);
      multiply(be, Form::nn, da.mat(), dcos, b.y.mat(), 1, true);
      multiply(be, Form::tn, db.mat(), dcos, a.y.mat(), 1, true);
      add_scaled(be, value, term, 1);
    };
    add_term(i, i, di, di);
    add_term(c, c, dc, dc);
    add_term(i, c, di, dc);
    return {value, value, {i.backward(be, di), c.backward(be, dc)}};
  }
};

/// Pairwise likelihood across modalities: mean over all i, j of log(1 + e^θ) - s_ij θ with θ = α h_i · g_j, h the image
/// codes and g the text codes; s_ij = 1 where a label is shared.
///
/// Inputs and errors as `LabelTriplet`'s. Source: Jiang, Li (DCMH), CVPR 2017, equation 1, first term (α = 1/2; there a
/// sum instead of a mean).
struct CrossLogisticPairs {
  static constexpr std::string_view name = "likelihood";
  double alpha = 0.5;

  template <class B, class S>
  LossStep<B, PairGradient<B, S>> operator()(B& be, View<B, S> image, View<B, S> text,
                                             In<typename B::Scalar> labels) const {
    detail::check_pairs(image, text, {}, "CrossLogisticPairs");
    const Size n = image.mat().rows;
    const auto shared = detail::shared_by(be, labels, n, "CrossLogisticPairs");
    auto inner = make_matrix(be, n, n), dinner = make_matrix(be, n, n), value = make_matrix(be, 1, 1);
    multiply(be, Form::nt, inner, image.mat(), text.mat());
    cross_logistic_pairs(be, value, dinner, inner, shared, alpha);
    auto di = make<S>(be, image.layout()), dc = make<S>(be, text.layout());
    multiply(be, Form::nn, di.mat(), dinner, text.mat());
    multiply(be, Form::tn, dc.mat(), dinner, image.mat());
    return {value, value, {di, dc}};
  }
};

}  // namespace hashweave
