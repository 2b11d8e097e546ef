#pragma once
#include <hashweave/core/array.hpp>
#include <hashweave/core/layer.hpp>

namespace hashweave {

/// Whether an affine layer adds a learned bias.
struct WithBias {};
struct NoBias {};

/// y = x Wᵀ + b.
///
/// Shapes: (rows, In) -> (rows, Out); weight (Out, In), bias (1, Out), as in PyTorch's Linear.
/// Saved: x, for dW = dyᵀ x; nothing is copied.
template <Size In, Size Out, class Bias = WithBias>
struct Linear {
  static_assert(In > 0 && Out > 0, "Linear: both widths must be positive");
  static constexpr bool biased = std::same_as<Bias, WithBias>, own_output = true, heavy = true;

  template <class S>
    requires RowsOf<S, In>
  using Output = Resized<S, Out>;
  template <class B>
  struct BiasedParams {
    Array<B, Out, In> weight;
    Array<B, 1, Out> bias;
  };
  template <class B>
  struct PlainParams {
    Array<B, Out, In> weight;
  };
  template <class B>
  using Params = std::conditional_t<biased, BiasedParams<B>, PlainParams<B>>;
  template <class B, class S>
  struct Saved {
    View<B, S> x;
  };

  template <class B, class S>
  auto forward(B& be, const Params<B>& p, View<B, S> x) const {
    return forward_placed(be, *this, p, x);
  }
  template <class B, class S>
  Saved<B, S> save(B&, View<B, S> x) const {
    return {x};
  }
  template <class B, class S, class O>
  void compute(B& be, const Params<B>& p, const Saved<B, S>& s, View<B, O> y) const {
    affine(be, y.mat(), s.x.mat(), p.weight.mat(), bias_of(p));
  }
  /// f of `infer`'s result, for a chain with an activation behind this layer.
  template <ActivatesProducts B, class S>
  auto infer_activated(B& be, const Params<B>& p, View<B, S> x, Activation f) const {
    const auto y = make<Output<S>>(be, x.layout());
    affine_activate(be, f, y.mat(), x.mat(), p.weight.mat(), bias_of(p));
    return y;
  }
  template <class B, class S, class O>
  View<B, S> backward(B& be, const Params<B>& p, const Saved<B, S>& s, View<B, O> dy, Params<B>& g) const {
    backward_parameters(be, s, dy, g);
    auto dx = make<S>(be, s.x.layout());
    affine_backward_input(be, dx.mat(), dy.mat(), p.weight.mat());
    return dx;
  }
  /// The part of `backward` that concerns weight and bias: all that the first layer of a tower needs.
  template <class B, class S, class O>
  void backward_parameters(B& be, const Saved<B, S>& s, View<B, O> dy, Params<B>& g) const {
    affine_backward_weight(be, g.weight.mat(), bias_of(g), dy.mat(), s.x.mat());
  }
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    f(at / "weight", Init::fan_in(In), p.weight);
    if constexpr (biased) f(at / "bias", Init::fan_in(In), p.bias);
  }

 private:
  template <class P>
  static auto bias_of(P& p) {
    if constexpr (biased) {
      return p.bias.mat();
    } else {
      return decltype(p.weight.mat()){};
    }
  }
};

}  // namespace hashweave
