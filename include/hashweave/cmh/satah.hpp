#pragma once
#include <hashweave/cmh/adversary.hpp>
#include <hashweave/cmh/label_network.hpp>
#include <hashweave/cmh/losses.hpp>
#include <hashweave/cmh/semantic_losses.hpp>

// SATAH, a reconstruction. Of Sun, Wang, Ma, "Semantic-alignment transformer and adversary hashing", Applied
// Intelligence 54, 2024, only the abstract is public: a label network with a transformer, a balanced conditional GAN, a
// weighted semi-hard cosine triplet and semantic alignment. What these are in formulas are decisions of this project.
namespace hashweave {

/// f = tanh(W₂ relu(W₁ x + b₁) + b₂) of a feature vector, with dropout behind the first activation (0 unless set).
/// Shapes: (rows, In) -> (rows, D). Parameters: fc1, fc2.
template <Size In, Size Hidden = 1024, Size D = 512>
struct FeatureMlp : Chain<Named<"fc1", Linear<In, Hidden>>, Relu, Dropout, Named<"fc2", Linear<Hidden, D>>, Tanh> {};

/// What a network makes of a batch: features f and codes h = `TanhHead`(f), or the gradients with respect to them.
template <class B, Size D, Size Bits>
struct FeaturesAndCodes {
  View<B, Vectors<D>> features;
  View<B, Vectors<Bits>> codes;
};

/// What a batch is to be like: all constant.
template <class B>
struct SemanticContext {
  using Matrix = Mat<const typename B::Scalar>;
  Matrix labels{};          ///< (samples, classes), multi-hot
  Matrix label_features{};  ///< f^L (samples, D), or empty: conditions of zeros, targets of the labels alone
  Matrix label_codes{};     ///< h^L (samples, Bits), or empty: nothing is drawn to them
  Matrix weights{};         ///< (samples, 1): `sample_weights`
};

/// The two discriminators of SATAH, on [f ; f^L] and [h ; h^L]. Image is real, text generated: images keep what they
/// are, and texts become like them. Parameters: feature.…, code.….
template <Size D, Size Bits, class FeatureNet = Discriminator<2 * D>, class CodeNet = Discriminator<2 * Bits>>
struct SatahAdversaries {
  using OnFeatures = ConditionalAdversary<D, D, FeatureNet>;
  using OnCodes = ConditionalAdversary<Bits, Bits, CodeNet>;
  OnFeatures feature;
  OnCodes code;

  template <class B>
  struct Params {
    typename OnFeatures::template Params<B> feature;
    typename OnCodes::template Params<B> code;
  };

  /// The sum of both discriminators' losses; adds their gradients into g.
  /// @throws Error as `ConditionalAdversary` does.
  template <class B>
  Mat<typename B::Scalar> judge(B& be, const Params<B>& p, const FeaturesAndCodes<B, D, Bits>& image,
                                const FeaturesAndCodes<B, D, Bits>& text, const SemanticContext<B>& context,
                                Params<B>& g) const {
    auto value = make_matrix(be, 1, 1);
    TapeScope scope{be};
    const Size n = image.codes.rows;
    const auto f = condition(be, context.label_features, n, D), h = condition(be, context.label_codes, n, Bits);
    copy(be, value, feature.judge(be, p.feature, image.features, text.features, f, context.weights, g.feature));
    add_scaled(be, value, code.judge(be, p.code, image.codes, text.codes, h, context.weights, g.code), 1);
    return value;
  }

  /// The texts' loss, the sum over both, and its gradient; `unused` as in `ConditionalAdversary::fool`.
  template <class B>
  LossStep<B, FeaturesAndCodes<B, D, Bits>> fool(B& be, const Params<B>& p, const FeaturesAndCodes<B, D, Bits>& text,
                                                 const SemanticContext<B>& context, Params<B>& unused) const {
    const Size n = text.codes.rows;
    const auto f = condition(be, context.label_features, n, D), h = condition(be, context.label_codes, n, Bits);
    const auto on_features = feature.fool(be, p.feature, text.features, f, context.weights, unused.feature);
    const auto on_codes = code.fool(be, p.code, text.codes, h, context.weights, unused.code);
    add_scaled(be, on_features.value, on_codes.value, 1);
    return {on_features.value, on_features.value, {on_features.gradient, on_codes.gradient}};
  }

  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    OnFeatures::visit(f, at / "feature", p.feature);
    OnCodes::visit(f, at / "code", p.code);
  }
  template <class F>
  constexpr void each_layer(F&& f) {
    for_each_layer(feature, f);
    for_each_layer(code, f);
  }

 private:
  template <class B, class M>
  static M condition(B& be, M given, Size rows, Size cols) {
    if (given.data != nullptr) return given;
    auto zeros = make_matrix(be, rows, cols);
    set_zero(be, zeros);
    return zeros;
  }
};

/// The loss of SATAH's image and text networks: triplet * `LabelTriplet` + alignment * (`SemanticAlignment` + mean
/// (h - h^L)² of either modality) + quantisation * mean (|h| - 1)² of either modality + adversarial * `fool`. What has
/// the weight 0 is not computed; its term is 0.
///
/// Inputs: features and codes of images and texts (pairs, D) and (pairs, Bits), and what supervises them. The gradient
/// with respect to the images' features is always 0 and has no memory.
/// @throws Error as its parts do.
/// Source: Sun, Wang, Ma (SATAH), 2024, abstract; the formulas are a decision of this project.
struct SatahLoss {
  static constexpr std::array<std::string_view, 4> names{"triplet", "alignment", "quantisation", "adversarial"};

  double triplet = 10, alignment = 1, quantisation = 0.1, adversarial = 0.1;
  LabelTriplet triplets{};
  double blend = 0.5;  ///< of the labels' Jaccard index in what cosines are to be

  template <class B, Size D, Size Bits>
  struct Result {
    Mat<typename B::Scalar> value, terms;  // (1, 1), (1, 4) by `names`, before weighting
    FeaturesAndCodes<B, D, Bits> image, text;
  };

  template <class B, Size D, Size Bits, class Adversaries>
  Result<B, D, Bits> operator()(B& be, const FeaturesAndCodes<B, D, Bits>& image,
                                const FeaturesAndCodes<B, D, Bits>& text, const SemanticContext<B>& context,
                                const Adversaries& adversaries, const typename Adversaries::template Params<B>& p,
                                typename Adversaries::template Params<B>& unused) const {
    const Result<B, D, Bits> result = (*this)(be, image, text, context);
    if (adversarial == 0) return result;
    TapeScope scope{be};
    const auto step = adversaries.fool(be, p, text, context, unused);
    copy(be, cols_of(result.terms, 3, 1), step.value);
    add_scaled(be, result.value, step.value, adversarial);
    add_scaled(be, result.text.features.mat(), step.gradient.features.mat(), adversarial);
    add_scaled(be, result.text.codes.mat(), step.gradient.codes.mat(), adversarial);
    return result;
  }
  /// The same without adversaries, whatever they weigh.
  template <class B, Size D, Size Bits>
  Result<B, D, Bits> operator()(B& be, const FeaturesAndCodes<B, D, Bits>& image,
                                const FeaturesAndCodes<B, D, Bits>& text, const SemanticContext<B>& context) const {
    detail::check_pairs(image.codes, text.codes, {}, "SatahLoss");
    const Size n = image.codes.rows;
    Result<B, D, Bits> result{make_matrix(be, 1, 1), make_matrix(be, 1, 4), {}, {}};
    result.image.codes = make<Vectors<Bits>>(be, n);
    result.text = {make<Vectors<D>>(be, n), make<Vectors<Bits>>(be, n)};
    const auto &di = result.image.codes, &dc = result.text.codes;
    for (const auto& zero : {result.value, result.terms, di.mat(), dc.mat(), result.text.features.mat()}) {
      set_zero(be, zero);
    }
    const auto add_term = [&](Size k, double weight, const auto& step) {
      add_scaled(be, cols_of(result.terms, k, 1), step.value, 1);
      add_scaled(be, result.value, step.value, weight);
      add_scaled(be, di.mat(), step.gradient.image.mat(), weight);
      add_scaled(be, dc.mat(), step.gradient.text.mat(), weight);
    };
    TapeScope scope{be};
    if (triplet != 0) add_term(0, triplet, triplets(be, image.codes, text.codes, context.labels));
    if (alignment != 0) {
      const auto target = semantic_target(be, context.labels, context.label_features, blend);
      add_term(1, alignment, SemanticAlignment{}(be, image.codes, text.codes, target));
      if (context.label_codes.data != nullptr) {
        add_term(1, alignment, OnBoth<DrawnTo<B>>{{context.label_codes}}(be, image.codes, text.codes));
      }
    }
    if (quantisation != 0) add_term(2, quantisation, OnBoth<Quantisation>{}(be, image.codes, text.codes));
    return result;
  }

 private:
  template <class B>
  struct DrawnTo {
    static constexpr std::string_view name = MeanSquaredError::name;
    Mat<const typename B::Scalar> target;

    template <class S>
    LossStep<B, View<B, S>> operator()(B& be, View<B, S> h) const {
      return MeanSquaredError{}(be, h, target);
    }
  };
};

}  // namespace hashweave
