#pragma once
#include <hashweave/compose/chain.hpp>
#include <hashweave/compose/named.hpp>
#include <hashweave/core/array.hpp>
#include <hashweave/core/layer.hpp>
#include <hashweave/nn/linear.hpp>

namespace hashweave {

/// h = tanh(x - median(softmax(x))), row by row; the median is the lower one for an even number of values, and the
/// gradient passes through the value that was chosen.
///
/// Shapes: (rows, Bits) -> (rows, Bits), h in (-1, 1). Saved: h, the softmax and the median's place.
/// Source: Li et al. (ViT2CMH), 2023, equation 6.
template <Size Bits>
struct MedianTanh {
  template <class S>
    requires RowsOf<S, Bits>
  using Output = S;
  template <class B>
  using Params = Empty;
  template <class B, class S>
  struct Saved {
    View<B, S> h;
    View<B, S> p;
    Mat<typename B::Scalar> median;
  };

  template <class B, class S>
  auto forward(B& be, const Empty&, View<B, S> x) const {
    auto h = make<S>(be, x.layout());
    auto p = make<S>(be, x.layout());
    auto median = make_matrix(be, x.mat().rows, 1);
    median_tanh(be, h.mat(), p.mat(), median, x.mat());
    return Step<View<B, S>, Saved<B, S>>{h, {h, p, median}};
  }
  template <class B, class S>
  View<B, S> backward(B& be, const Empty&, const Saved<B, S>& s, View<B, S> dy, Empty&) const {
    auto dx = make<S>(be, dy.layout());
    median_tanh_backward(be, dx.mat(), dy.mat(), s.h.mat(), s.p.mat(), s.median);
    return dx;
  }
  template <class F, class P>
  static void visit(F&&, const Path&, P&) {}
};

/// The hash head: h = tanh(o - median(softmax(o))) with o = x Wᵀ + b.
///
/// Shapes: (rows, D) -> (rows, Bits), h in (-1, 1); the code's bits are h > 0. Parameters: linear.
/// Source: Li et al. (ViT2CMH), 2023, equation 6.
template <Size D, Size Bits>
struct HashHead : Chain<Named<"linear", Linear<D, Bits>>, MedianTanh<Bits>> {
  template <class S>
  static consteval bool joints() {
    static_assert(Bits >= 2, "HashHead: a code has at least two bits");
    return Chain<Named<"linear", Linear<D, Bits>>, MedianTanh<Bits>>::template joints<S>() && Bits >= 2;
  }
};

}  // namespace hashweave
