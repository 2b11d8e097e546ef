#pragma once
#include <hashweave/cmh/classified.hpp>
#include <hashweave/cmh/transformer_block.hpp>
#include <hashweave/nn/as_tokens.hpp>
#include <hashweave/nn/embedding.hpp>
#include <hashweave/nn/grouped_linear.hpp>

namespace hashweave {

/// What `LabelPrototypes` makes of labels: views, or the gradients with respect to them.
template <class B, Size Classes, Size Bits>
struct PrototypeCodes {
  View<B, Vectors<Bits>> prototypes;      // P (classes, Bits)
  View<B, Vectors<Bits>> codes;           // h^L = l P (samples, Bits)
  View<B, Vectors<Classes>> predictions;  // (samples, Classes)
};

/// A table of one learned vector a label, normal numbers of deviation 1 at first.
template <Size Classes, Size D>
struct LabelEmbedding : Embedding<Classes, D> {
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    f(at / "word", Init::normal(1), p.word);
  }
};

/// One prototype code a label, learned from the labels alone: the labels' embeddings as one sequence through a
/// transformer block (one head, GELU, post-norm) and LayerNorm, then a Linear and tanh for each label: P (classes,
/// Bits) in (-1, 1). A sample's code is h^L = l P, its binary code b^L the sign of that, and a classifier on h^L tells
/// whether the labels can be read from it.
///
/// Shapes: multi-hot labels (samples, Classes) -> P, h^L and predictions. Labels have no gradient. Saved: the block's.
/// `classes` may be set to less than Classes, for label sets whose size is known at run time only: the columns from
/// there on are not looked at, and their predictions no loss should look at.
/// Parameters: embed.word, block.…, norm, head, classifier.….
/// @throws Error for an empty batch or `classes` outside 1 … Classes.
/// Source: Tan et al. (BSTH), SIGIR 2022, section 3.3.
template <Size Classes, Size Bits>
struct LabelPrototypes {
  using Net = Chain<Named<"embed", LabelEmbedding<Classes, Bits>>, Named<"block", PostNormBlock<Bits, 1, Bits>>,
                    Named<"norm", LayerNorm<Bits>>>;
  using Head = GroupedLinear<Classes, Bits, Bits>;
  using Classifier = LabelClassifier<Bits, Classes>;

  Net net;
  Classifier classifier;
  Size classes = Classes;

  template <class B>
  struct Params {
    typename Net::template Params<B> net;
    typename Head::template Params<B> head;
    typename Classifier::template Params<B> classifier;
  };
  template <class B>
  struct Saved {
    SavedOf<Net, B, TokenIds> net;
    SavedOf<Classifier, B, Vectors<Bits>> classifier;
    View<B, Tokens<Bits>> tokens;    // (classes, Bits), before the head
    View<B, Vectors<Bits>> outputs;  // of the head, before tanh
    View<B, Vectors<Classes>> labels;
  };
  template <class S>
    requires std::same_as<S, Vectors<Classes>>
  using Output = Vectors<Bits>;

  template <class B>
  auto forward(B& be, const Params<B>& p, View<B, Vectors<Classes>> labels) const {
    check(labels);
    auto x = net.forward(be, p.net, ids(be));
    auto outputs = head(be, p, x.y);
    auto prototypes = tanh_of(be, outputs);
    auto codes = codes_of(be, prototypes, labels);
    auto c = classifier.forward(be, p.classifier, codes);
    return Step<PrototypeCodes<B, Classes, Bits>, Saved<B>>{{prototypes, codes, c.y},
                                                            {x.saved, c.saved, x.y, outputs, labels}};
  }
  /// h^L alone, without dropout.
  template <class B>
  View<B, Vectors<Bits>> infer(B& be, const Params<B>& p, View<B, Vectors<Classes>> labels) const {
    check(labels);
    return codes_of(be, prototypes(be, p), labels);
  }
  /// P alone, without dropout.
  template <class B>
  View<B, Vectors<Bits>> prototypes(B& be, const Params<B>& p) const {
    check_classes();
    return tanh_of(be, head(be, p, hashweave::infer(be, net, p.net, ids(be))));
  }
  template <class B>
  NoGradient backward(B& be, const Params<B>& p, const Saved<B>& s, const PrototypeCodes<B, Classes, Bits>& d,
                      Params<B>& g) const {
    auto d_codes = make<Vectors<Bits>>(be, d.codes.rows);
    add(be, d_codes.mat(), d.codes.mat(),
        classifier.backward(be, p.classifier, s.classifier, d.predictions, g.classifier).mat());
    auto d_prototypes = make<Vectors<Bits>>(be, classes);
    copy(be, d_prototypes.mat(), d.prototypes.mat());
    multiply(be, Form::tn, d_prototypes.mat(), cols_of(s.labels.mat(), 0, classes), d_codes.mat(), 1, true);
    auto d_outputs = make<Vectors<Bits>>(be, classes);
    activate_backward(be, Activation::tanh, d_outputs.mat(), d_prototypes.mat(), s.outputs.mat());
    auto d_tokens = make<Tokens<Bits>>(be, s.tokens.segments);
    grouped_affine_backward_weight(be, rows_of(g.head.weight.mat(), 0, classes * Bits),
                                   cols_of(g.head.bias.mat(), 0, classes * Bits), one_row(d_outputs.data),
                                   one_row(s.tokens.data), classes);
    grouped_affine_backward_input(be, one_row(d_tokens.data), one_row(d_outputs.data), weights(p), classes);
    return net.backward(be, p.net, s.net, d_tokens, g.net);
  }
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    Net::visit(f, at, p.net);
    Head::visit(f, at / "head", p.head);
    Classifier::visit(f, at / "classifier", p.classifier);
  }
  template <class F>
  constexpr void each_layer(F&& f) {
    for_each_layer(net, f);
    for_each_layer(classifier, f);
  }

 private:
  void check_classes() const {
    require(classes >= 1 && classes <= Classes, "LabelPrototypes", "classes", Phrase{"1 to ", Classes}, classes);
  }
  template <class B>
  void check(View<B, Vectors<Classes>> labels) const {
    check_classes();
    require(labels.rows > 0, "LabelPrototypes", "samples in the batch", "at least 1", labels.rows);
  }
  /// One sequence of all labels.
  template <class B>
  View<B, TokenIds> ids(B& be) const {
    auto* all = take_shared<std::int32_t>(be, classes);
    for (Size i = 0; i < classes; ++i) all[i] = static_cast<std::int32_t>(i);
    return {all, equal_segments(be, 1, classes)};
  }
  template <class T>
  Mat<T> one_row(T* data) const {
    return matrix(data, 1, classes * Bits);
  }
  template <class B>
  auto weights(const Params<B>& p) const {
    return rows_of(p.head.weight.mat(), 0, classes * Bits);
  }
  template <class B>
  View<B, Vectors<Bits>> head(B& be, const Params<B>& p, View<B, Tokens<Bits>> x) const {
    auto y = make<Vectors<Bits>>(be, classes);
    grouped_affine(be, one_row(y.data), one_row(x.data), weights(p), cols_of(p.head.bias.mat(), 0, classes * Bits),
                   classes);
    return y;
  }
  template <class B>
  static View<B, Vectors<Bits>> tanh_of(B& be, View<B, Vectors<Bits>> x) {
    auto y = make<Vectors<Bits>>(be, x.rows);
    activate(be, Activation::tanh, y.mat(), x.mat());
    return y;
  }
  template <class B>
  View<B, Vectors<Bits>> codes_of(B& be, View<B, Vectors<Bits>> prototypes, View<B, Vectors<Classes>> labels) const {
    auto codes = make<Vectors<Bits>>(be, labels.rows);
    multiply(be, Form::nn, codes.mat(), cols_of(labels.mat(), 0, classes), prototypes.mat());
    return codes;
  }
};

}  // namespace hashweave
