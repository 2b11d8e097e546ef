#pragma once
#include <hashweave/core/array.hpp>
#include <hashweave/core/layer.hpp>

namespace hashweave {

/// y = 1 where x > 0 and -1 elsewhere, value by value; the gradient passes through as if y were x.
///
/// Shapes: (rows, D) -> (rows, D) for any D. Saved: nothing.
/// Source: Bengio et al., arXiv:1308.3432, section 4; as a hash layer: Su et al., GreedyHash, NeurIPS 2018, section 3.
struct SignStraightThrough {
  template <class S>
    requires RowWise<S>
  using Output = S;
  template <class B>
  using Params = Empty;
  template <class B, class S>
  struct Saved {};

  template <class B, class S>
  auto forward(B& be, const Empty&, View<B, S> x) const {
    auto y = make<S>(be, x.layout());
    signs(be, y.mat(), x.mat());
    return Step<View<B, S>, Saved<B, S>>{y, {}};
  }
  template <class B, class S>
  View<B, S> backward(B&, const Empty&, const Saved<B, S>&, View<B, S> dy, Empty&) const {
    return dy;
  }
  template <class F, class P>
  static void visit(F&&, const Path&, P&) {}
};

}  // namespace hashweave
