#pragma once
#include <hashweave/core/array.hpp>
#include <hashweave/core/layer.hpp>

namespace hashweave {

/// y_j = exp(x_j) / Σ_k exp(x_k) over the values of a row, shifted by the row's maximum.
///
/// Shapes: (rows, D) -> (rows, D). Saved: y.
struct Softmax {
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
    softmax(be, y.mat(), x.mat());
    return Step<View<B, S>, Saved<B, S>>{y, {y}};
  }
  template <class B, class S>
  View<B, S> backward(B& be, const Empty&, const Saved<B, S>& s, View<B, S> dy, Empty&) const {
    auto dx = make<S>(be, dy.layout());
    softmax_backward(be, dx.mat(), dy.mat(), s.y.mat());
    return dx;
  }
  template <class F, class P>
  static void visit(F&&, const Path&, P&) {}
};

}  // namespace hashweave
