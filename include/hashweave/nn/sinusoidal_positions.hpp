#pragma once
#include <hashweave/core/array.hpp>
#include <hashweave/core/layer.hpp>

namespace hashweave {

/// y_t = x_t + e(t - start of its sequence), where e(p) has sin(p ω_i) in column 2i and cos(p ω_i) in column 2i + 1,
/// ω_i = 10000^(-2i/D).
///
/// Shapes: (tokens, D) -> (tokens, D), the same segments, of any length. No parameters; saved: nothing. The gradient
/// passes through.
/// Source: Vaswani et al., NeurIPS 2017, section 3.5.
template <Size D>
struct SinusoidalPositions {
  template <class S>
    requires std::same_as<S, Tokens<D>>
  using Output = S;
  template <class B>
  using Params = Empty;
  template <class B, class S>
  struct Saved {};

  template <class B, class S>
  auto forward(B& be, const Empty&, View<B, S> x) const {
    auto y = make<S>(be, x.segments);
    add_sinusoids(be, y.mat(), x.mat(), x.segments);
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
