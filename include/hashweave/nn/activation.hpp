#pragma once
#include <hashweave/core/activation.hpp>
#include <hashweave/core/array.hpp>
#include <hashweave/core/layer.hpp>

namespace hashweave {

/// y = f(x), value by value. Shapes: (rows, D) -> (rows, D) for any D. Saved: x; nothing is copied.
template <Activation F>
struct Elementwise {
  static constexpr Activation activation = F;
  static constexpr bool own_output = true, light = true, in_place = true;

  template <class S>
    requires RowWise<S>
  using Output = S;
  template <class B>
  using Params = Empty;
  template <class B, class S>
  struct Saved {
    View<B, S> x;
  };

  template <class B, class S>
  auto forward(B& be, const Empty&, View<B, S> x) const {
    return forward_placed(be, *this, {}, x);
  }
  template <class B, class S>
  Saved<B, S> save(B&, View<B, S> x) const {
    return {x};
  }
  template <class B, class S>
  void compute(B& be, const Empty&, const Saved<B, S>& s, View<B, S> y) const {
    activate(be, F, y.mat(), s.x.mat());
  }
  template <class B, class S>
  View<B, S> backward(B& be, const Empty&, const Saved<B, S>& s, View<B, S> dy, Empty&) const {
    auto dx = make<S>(be, dy.layout());
    activate_backward(be, F, dx.mat(), dy.mat(), s.x.mat());
    return dx;
  }
  template <class B, class S>
  void backward_over(B& be, const Empty&, const Saved<B, S>& s, View<B, S> dy, Empty&) const {
    activate_backward(be, F, dy.mat(), dy.mat(), s.x.mat());
  }
  template <class V, class P>
  static void visit(V&&, const Path&, P&) {}
};

/// x Φ(x), Φ the standard normal distribution function. Source: Hendrycks, Gimpel, arXiv:1606.08415, section 2.
struct Gelu : Elementwise<Activation::gelu> {};
/// x (1 + tanh(sqrt(2/π) (x + 0.044715 x³))) / 2. Source: same.
struct GeluTanh : Elementwise<Activation::gelu_tanh> {};
/// x σ(1.702 x), CLIP's. Source: same.
struct QuickGelu : Elementwise<Activation::quick_gelu> {};
/// max(x, 0); the derivative at 0 is 0.
struct Relu : Elementwise<Activation::relu> {};
/// The hyperbolic tangent.
struct Tanh : Elementwise<Activation::tanh> {};
/// 1 / (1 + exp(-x)).
struct Sigmoid : Elementwise<Activation::sigmoid> {};

/// x where x > 0, else slope x; the derivative at 0 is `slope`. Shapes and Saved as `Elementwise`'s.
/// Source: Maas et al., "Rectifier nonlinearities improve neural network acoustic models", ICML 2013 workshop; a slope
/// of 0.2 for discriminators: Radford et al. (DCGAN), ICLR 2016, section 4.
struct LeakyRelu {
  double slope = 0.2;

  template <class S>
    requires RowWise<S>
  using Output = S;
  template <class B>
  using Params = Empty;
  template <class B, class S>
  struct Saved {
    View<B, S> x;
  };

  template <class B, class S>
  auto forward(B& be, const Empty&, View<B, S> x) const {
    auto y = make<S>(be, x.layout());
    leaky_relu(be, y.mat(), x.mat(), slope);
    return Step<View<B, S>, Saved<B, S>>{y, {x}};
  }
  template <class B, class S>
  View<B, S> backward(B& be, const Empty&, const Saved<B, S>& s, View<B, S> dy, Empty&) const {
    auto dx = make<S>(be, dy.layout());
    leaky_relu_backward(be, dx.mat(), dy.mat(), s.x.mat(), slope);
    return dx;
  }
  template <class V, class P>
  static void visit(V&&, const Path&, P&) {}
};

}  // namespace hashweave
