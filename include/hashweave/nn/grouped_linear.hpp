#pragma once
#include <hashweave/core/array.hpp>
#include <hashweave/core/layer.hpp>

namespace hashweave {

/// A Linear of its own for each of `Groups` groups of columns: y_g = x_g W_gᵀ + b_g.
///
/// Shapes: (rows, Groups * In) -> (rows, Groups * Out), group by group; weight (Groups * Out, In) holds the rows of
/// W_0, then those of W_1, …; bias (1, Groups * Out). One Linear<Groups * In, Groups * Out> with zeros outside the
/// blocks. Saved: x, for dW_g = dy_gᵀ x_g; nothing is copied.
template <Size Groups, Size In, Size Out>
struct GroupedLinear {
  static_assert(Groups > 0 && In > 0 && Out > 0, "GroupedLinear: groups and both widths must be positive");

  template <class S>
    requires RowsOf<S, Groups* In>
  using Output = Resized<S, Groups * Out>;
  template <class B>
  struct Params {
    Array<B, Groups * Out, In> weight;
    Array<B, 1, Groups * Out> bias;
  };
  template <class B, class S>
  struct Saved {
    View<B, S> x;
  };

  template <class B, class S>
  auto forward(B& be, const Params<B>& p, View<B, S> x) const {
    auto y = make<Output<S>>(be, x.layout());
    grouped_affine(be, y.mat(), x.mat(), p.weight.mat(), p.bias.mat(), Groups);
    return Step<View<B, Output<S>>, Saved<B, S>>{y, {x}};
  }
  template <class B, class S, class O>
  View<B, S> backward(B& be, const Params<B>& p, const Saved<B, S>& s, View<B, O> dy, Params<B>& g) const {
    grouped_affine_backward_weight(be, g.weight.mat(), g.bias.mat(), dy.mat(), s.x.mat(), Groups);
    auto dx = make<S>(be, s.x.layout());
    grouped_affine_backward_input(be, dx.mat(), dy.mat(), p.weight.mat(), Groups);
    return dx;
  }
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    f(at / "weight", Init::fan_in(In), p.weight);
    f(at / "bias", Init::fan_in(In), p.bias);
  }
};

}  // namespace hashweave
