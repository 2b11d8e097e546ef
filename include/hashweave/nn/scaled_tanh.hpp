#pragma once
#include <hashweave/core/array.hpp>
#include <hashweave/core/layer.hpp>

namespace hashweave {

/// y = tanh(β x), value by value. With β growing in the course of training it becomes the sign: see `TanhContinuation`.
///
/// Shapes: (rows, D) -> (rows, D) for any D. Saved: y.
/// Source: Cao et al., HashNet, ICCV 2017, section 3.2.
struct ScaledTanh {
  double beta = 1;

  template <class S>
    requires RowWise<S>
  using Output = S;
  template <class B>
  using Params = Empty;
  template <class B, class S>
  struct Saved {
    View<B, S> y;
  };

  template <class B, class S>
  auto forward(B& be, const Empty&, View<B, S> x) const {
    auto y = make<S>(be, x.layout());
    scaled_tanh(be, y.mat(), x.mat(), beta);
    return Step<View<B, S>, Saved<B, S>>{y, {y}};
  }
  template <class B, class S>
  View<B, S> backward(B& be, const Empty&, const Saved<B, S>& s, View<B, S> dy, Empty&) const {
    auto dx = make<S>(be, dy.layout());
    scaled_tanh_backward(be, dx.mat(), dy.mat(), s.y.mat(), beta);
    return dx;
  }
  template <class F, class P>
  static void visit(F&&, const Path&, P&) {}
};

}  // namespace hashweave
