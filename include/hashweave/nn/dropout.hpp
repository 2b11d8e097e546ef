#pragma once
#include <hashweave/core/array.hpp>
#include <hashweave/core/layer.hpp>

namespace hashweave {

/// In `forward`: each value is zeroed with probability `rate`, the others are divided by 1 - rate. In `infer`: y = x.
///
/// Shapes: (rows, D) -> (rows, D). Saved: x and the random stream, from which backward draws the same mask again. The
/// mask depends on seed, step, the layer's place in the step and the value's position, never on threads.
/// @throws Error when rate is outside [0, 1).
/// Source: Srivastava et al., "Dropout", JMLR 15, 2014 (in the inverted form).
struct Dropout {
  double rate = 0;
  static constexpr bool light = true, reads_input = false;

  template <class S>
    requires RowWise<S>
  using Output = S;
  template <class B>
  using Params = Empty;
  template <class B, class S>
  struct Saved {
    View<B, S> x;
    RandomStream stream;
  };

  template <class B, class S>
  auto forward(B& be, const Empty&, View<B, S> x) const {
    if (passes()) return Step<View<B, S>, Saved<B, S>>{x, {}};
    return forward_placed(be, *this, {}, x);
  }
  template <class B, class S>
  Saved<B, S> save(B& be, View<B, S> x) const {
    require(rate > 0 && rate < 1, "Dropout", "rate", "at least 0 and less than 1", rate);
    return {x, be.random().next()};
  }
  template <class B, class S>
  void compute(B& be, const Empty&, const Saved<B, S>& s, View<B, S> y) const {
    dropout(be, y.mat(), s.x.mat(), rate, s.stream);
  }
  bool passes() const { return rate == 0; }
  template <class B, class S>
  View<B, S> infer(B&, const Empty&, View<B, S> x) const {
    return x;
  }
  template <class B, class S>
  View<B, S> backward(B& be, const Empty&, const Saved<B, S>& s, View<B, S> dy, Empty&) const {
    if (passes()) return dy;
    auto dx = make<S>(be, dy.layout());
    dropout(be, dx.mat(), dy.mat(), rate, s.stream);  // the same mask and scale
    return dx;
  }
  template <class B, class S>
  void backward_over(B& be, const Empty&, const Saved<B, S>& s, View<B, S> dy, Empty&) const {
    if (!passes()) dropout(be, dy.mat(), dy.mat(), rate, s.stream);
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
