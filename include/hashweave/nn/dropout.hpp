#pragma once
#include <hashweave/core/array.hpp>
#include <hashweave/core/layer.hpp>

namespace hashweave {

/// In `forward`: each value is zeroed with probability `rate`, the others are divided by 1 - rate. In `infer`: y = x.
///
/// Shapes: (rows, D) -> (rows, D). Saved: the random stream, from which backward draws the same mask again. The mask
/// depends on seed, step, the layer's place in the step and the value's position, never on threads.
/// @throws Error when rate is outside [0, 1).
/// Source: Srivastava et al., "Dropout", JMLR 15, 2014 (in the inverted form).
struct Dropout {
  double rate = 0;

  template <class S>
    requires RowWise<S>
  using Output = S;
  template <class B>
  using Params = Empty;
  template <class B, class S>
  struct Saved {
    RandomStream stream;
  };

  template <class B, class S>
  auto forward(B& be, const Empty&, View<B, S> x) const {
    require(rate >= 0 && rate < 1, "Dropout", "rate", "at least 0 and less than 1", rate);
    if (rate == 0) return Step<View<B, S>, Saved<B, S>>{x, {}};
    const RandomStream stream = be.random().next();
    auto y = make<S>(be, x.layout());
    dropout(be, y.mat(), x.mat(), rate, stream);
    return Step<View<B, S>, Saved<B, S>>{y, {stream}};
  }
  template <class B, class S>
  View<B, S> infer(B&, const Empty&, View<B, S> x) const {
    return x;
  }
  template <class B, class S>
  View<B, S> backward(B& be, const Empty&, const Saved<B, S>& s, View<B, S> dy, Empty&) const {
    if (rate == 0) return dy;
    auto dx = make<S>(be, dy.layout());
    dropout(be, dx.mat(), dy.mat(), rate, s.stream);  // the same mask and scale
    return dx;
  }
  template <class F, class P>
  static void visit(F&&, const Path&, P&) {}
};

namespace detail {
struct DropoutSetter {
  double rate;
  template <class L>
  void operator()(L& layer) const {
    if constexpr (requires { layer.rate; }) layer.rate = rate;
    if constexpr (requires { layer.dropout; }) layer.dropout = rate;
  }
};
}  // namespace detail

/// Sets the rate of every dropout in a composition, that of attention weights among them.
template <class L>
void set_dropout(L& layer, double rate) {
  for_each_layer(layer, detail::DropoutSetter{rate});
}

}  // namespace hashweave
