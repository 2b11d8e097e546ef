#pragma once
#include <hashweave/core/array.hpp>
#include <hashweave/core/layer.hpp>

namespace hashweave {

/// y = x * gamma, one learned factor a column.
///
/// Shapes: (rows, D) -> (rows, D). Saved: x; nothing is copied. gamma begins at `initial`.
/// Source: Touvron et al., "Going deeper with image transformers", ICCV 2021, section 2.
template <Size D>
struct LayerScale {
  template <class S>
    requires RowsOf<S, D>
  using Output = S;
  template <class B>
  struct Params {
    Array<B, 1, D> gamma;
  };
  template <class B, class S>
  struct Saved {
    View<B, S> x;
  };

  template <class B, class S>
  auto forward(B& be, const Params<B>& p, View<B, S> x) const {
    auto y = make<S>(be, x.layout());
    scale_columns(be, y.mat(), x.mat(), p.gamma.mat());
    return Step<View<B, S>, Saved<B, S>>{y, {x}};
  }
  template <class B, class S>
  View<B, S> backward(B& be, const Params<B>& p, const Saved<B, S>& s, View<B, S> dy, Params<B>& g) const {
    auto dx = make<S>(be, dy.layout());
    scale_columns_backward(be, dx.mat(), g.gamma.mat(), dy.mat(), s.x.mat(), p.gamma.mat());
    return dx;
  }
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    f(at / "gamma", Init::ones(), p.gamma);
  }
};

}  // namespace hashweave
