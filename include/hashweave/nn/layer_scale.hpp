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
  static constexpr bool own_output = true, light = true, in_place = true;

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
    return forward_placed(be, *this, p, x);
  }
  template <class B, class S>
  Saved<B, S> save(B&, View<B, S> x) const {
    return {x};
  }
  template <class B, class S>
  void compute(B& be, const Params<B>& p, const Saved<B, S>& s, View<B, S> y) const {
    scale_columns(be, y.mat(), s.x.mat(), p.gamma.mat());
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
