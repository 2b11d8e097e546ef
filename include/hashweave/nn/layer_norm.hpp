#pragma once
#include <hashweave/core/array.hpp>
#include <hashweave/core/layer.hpp>

namespace hashweave {

/// y = (x - mean(x)) / sqrt(var(x) + eps) * weight + bias, over the D values of a row; var is the biased variance.
///
/// Shapes: (rows, D) -> (rows, D). Saved: x and, for each row, mean and 1/deviation; x̂ is computed again.
/// `eps` is a value because checkpoints disagree: 1e-12 (BERT and ViT by Hugging Face), 1e-6 (timm), 1e-5 (PyTorch).
/// Source: Ba, Kiros, Hinton, "Layer normalization", arXiv:1607.06450, equations 3 and 4.
template <Size D>
struct LayerNorm {
  double eps = 1e-5;
  static constexpr bool own_output = true, light = true;

  template <class S>
    requires RowsOf<S, D>
  using Output = S;
  template <class B>
  struct Params {
    Array<B, 1, D> weight;
    Array<B, 1, D> bias;
  };
  template <class B, class S>
  struct Saved {
    View<B, S> x;
    Mat<typename B::Scalar> moments;  // (rows, 2): mean, 1/deviation
  };

  template <class B, class S>
  auto forward(B& be, const Params<B>& p, View<B, S> x) const {
    return forward_placed(be, *this, p, x);
  }
  template <class B, class S>
  Saved<B, S> save(B& be, View<B, S> x) const {
    return {x, make_matrix(be, x.mat().rows, 2)};
  }
  template <class B, class S>
  void compute(B& be, const Params<B>& p, const Saved<B, S>& s, View<B, S> y) const {
    layer_norm(be, y.mat(), s.moments, s.x.mat(), p.weight.mat(), p.bias.mat(), eps);
  }
  template <class B, class S>
  View<B, S> backward(B& be, const Params<B>& p, const Saved<B, S>& s, View<B, S> dy, Params<B>& g) const {
    auto dx = make<S>(be, dy.layout());
    layer_norm_backward(be, dx.mat(), g.weight.mat(), g.bias.mat(), dy.mat(), s.x.mat(), s.moments, p.weight.mat());
    return dx;
  }
  template <class B, class S>
  void backward_over(B& be, const Params<B>& p, const Saved<B, S>& s, View<B, S> dy, Params<B>& g) const {
    layer_norm_backward(be, dy.mat(), g.weight.mat(), g.bias.mat(), dy.mat(), s.x.mat(), s.moments, p.weight.mat());
  }
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    f(at / "weight", Init::ones(), p.weight);
    f(at / "bias", Init::zeros(), p.bias);
  }
};

}  // namespace hashweave
