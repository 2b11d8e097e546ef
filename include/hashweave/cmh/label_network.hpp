#pragma once
#include <hashweave/cmh/code_losses.hpp>
#include <hashweave/cmh/label_sets.hpp>
#include <hashweave/cmh/losses.hpp>
#include <hashweave/cmh/semantic_losses.hpp>
#include <hashweave/cmh/transformer_block.hpp>
#include <hashweave/compose/repeat.hpp>
#include <hashweave/nn/label_attention.hpp>

namespace hashweave {

/// h = tanh(f Wᵀ + b). Shapes: (rows, D) -> (rows, Bits). Parameters: linear.
template <Size D, Size Bits>
struct TanhHead : Chain<Named<"linear", Linear<D, Bits>>, Tanh> {};

/// A pre-norm transformer block among the labels of a sample. Parameters as `TransformerBlock`'s, and attn.multiple,
/// attn.prior (`LabelAttention`).
template <Size Labels, Size D, Size Heads, Size Hidden>
struct LabelBlock
    : Chain<Residual<Named<"norm1", LayerNorm<D>>, Named<"attn", LabelAttention<D, Heads, Labels>>, Dropout>,
            Residual<Named<"norm2", LayerNorm<D>>, Mlp<D, Hidden>>> {};

/// A sample's labels as one vector: the tokens of the labels it has (the others are left out, so that nothing is
/// masked) behind a summary token, N blocks, and what has become of the summary token, normalised.
///
/// Shapes: token ids, one sequence a sample or set of labels -> (sequences, D). Parameters: embed.token, blocks, norm.
/// Source: a decision of this project for SATAH's "semantic-alignment transformer", of which only the abstract is known
/// (Sun, Wang, Ma, Applied Intelligence 54, 2024).
template <Size Labels, Size D = 512, Size Blocks = 2, Size Heads = 8, Size Hidden = 2 * D>
struct LabelFeatures : Chain<Named<"embed", LabelTokenEmbed<Labels, D>>,
                             Named<"blocks", Repeat<Blocks, LabelBlock<Labels, D, Heads, Hidden>>>, FirstToken<D>,
                             Named<"norm", LayerNorm<D>>> {};

/// The label network with what it is trained by: f = features(labels), h = head(f), and a classifier's logits on f.
///
/// Parameters: features.…, head.…, classifier.….
template <class Features, Size D, Size Bits, Size Classes>
struct LabelNetwork {
  using Head = TanhHead<D, Bits>;
  using Classifier = Linear<D, Classes>;
  Features features;
  Head head;
  Classifier classifier;

  double classification = 1, alignment = 1, quantisation = 0.1;
  double blend = 0.5;  ///< of the labels' Jaccard index in what cosines are to be

  template <class B>
  struct Params {
    typename Features::template Params<B> features;
    typename Head::template Params<B> head;
    typename Classifier::template Params<B> classifier;
  };
  /// f (sets, D) and h (sets, Bits) of sequences of label ids.
  template <class B>
  struct Output {
    View<B, Vectors<D>> features;
    View<B, Vectors<Bits>> codes;
  };

  template <class B>
  Output<B> infer(B& be, const Params<B>& p, View<B, TokenIds> sets) const {
    const auto f = hashweave::infer(be, features, p.features, sets);
    return {f, hashweave::infer(be, head, p.head, f)};
  }

  /// The loss on a batch of samples, whose labels are (samples, classes), classes <= Classes, and the gradient of all
  /// parameters, added into g: classification * cross entropy of σ(logits) against the labels + alignment * mean
  /// (cos(h_i, h_j) - S_ij)² + quantisation * mean (|h| - 1)², over samples; S is `semantic_target` of labels and f,
  /// constant. Each set of labels is computed once.
  /// @throws Error for labels of another length or with more columns than Classes.
  template <class B>
  Mat<typename B::Scalar> train(B& be, const Params<B>& p, const LabelBatch<B>& batch, In<typename B::Scalar> labels,
                                Params<B>& g) const {
    constexpr std::string_view where = "LabelNetwork";
    require(labels.rows == batch.samples, where, "rows of labels", batch.samples, labels.rows);
    require(labels.cols <= Classes, where, "labels", Phrase{"at most ", Classes}, labels.cols);
    const Size n = batch.samples, sets = batch.sets.segments.count;
    auto value = make_matrix(be, 1, 1), term = make_matrix(be, 1, 1);
    TapeScope scope{be};
    const auto f = features.forward(be, p.features, batch.sets);
    const auto h = head.forward(be, p.head, f.y);
    const auto logits = classifier.forward(be, p.classifier, f.y);
    set_zero(be, value);

    auto dh = make<Vectors<Bits>>(be, sets);
    auto d_logits = make<Vectors<Classes>>(be, sets);
    auto codes = make<Vectors<Bits>>(be, n);
    auto of_samples = make<Vectors<Classes>>(be, n), d_of_samples = make<Vectors<Classes>>(be, n);
    for (const auto& zero : {dh.mat(), d_logits.mat(), d_of_samples.mat()}) set_zero(be, zero);
    const auto add_term = [&](double weight, const auto& step) {
      add_scaled(be, value, step.value, weight);
      auto dx = make<Vectors<Bits>>(be, n);
      set_zero(be, dx.mat());
      add_scaled(be, dx.mat(), step.gradient.mat(), weight);
      batch.add_to_sets(be, dh.mat(), dx.mat());
    };

    batch.gather(be, codes.mat(), h.y.mat());
    if (quantisation != 0) add_term(quantisation, Quantisation{}(be, codes));
    if (alignment != 0) {
      auto all = make<Vectors<D>>(be, n);
      batch.gather(be, all.mat(), f.y.mat());
      add_term(alignment, CosineTargets{}(be, codes, semantic_target(be, labels, all.mat(), blend)));
    }
    batch.gather(be, of_samples.mat(), logits.y.mat());
    const auto seen = cols_of(d_of_samples.mat(), 0, labels.cols);
    binary_cross_entropy(be, term, seen, cols_of(of_samples.mat(), 0, labels.cols), labels);
    add_scaled(be, value, term, classification);
    add_scaled(be, seen, seen, classification - 1);  // times its weight
    batch.add_to_sets(be, d_logits.mat(), d_of_samples.mat());

    auto df = make<Vectors<D>>(be, sets);
    add(be, df.mat(), head.backward(be, p.head, h.saved, dh, g.head).mat(),
        classifier.backward(be, p.classifier, logits.saved, d_logits, g.classifier).mat());
    features.backward(be, p.features, f.saved, df, g.features);
    return value;
  }

  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    Features::visit(f, at / "features", p.features);
    Head::visit(f, at / "head", p.head);
    Classifier::visit(f, at / "classifier", p.classifier);
  }
  template <class F>
  constexpr void each_layer(F&& f) {
    for_each_layer(features, f);
    for_each_layer(head, f);
    for_each_layer(classifier, f);
  }
};

}  // namespace hashweave
