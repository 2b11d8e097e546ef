#pragma once
#include <hashweave/core/array.hpp>
#include <hashweave/core/layer.hpp>

namespace hashweave {

/// L under a name of its own: `Chain<Named<"norm", LayerNorm<D>>, Named<"attn", SelfAttention<D, H>>>` is a struct with
/// the members norm and attn, and its parameters are called `norm.weight`, `attn.qkv.weight`, …
template <Name N, class L>
struct Named : L {
  static constexpr bool names_itself = true;

  template <class S>
  static consteval bool joints() {
    return joints_fit<L, S>();
  }
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    L::visit(f, at / N.view(), p);
  }
  template <class F>
  constexpr void each_layer(F&& f) {
    for_each_layer(static_cast<L&>(*this), f);
  }
};

}  // namespace hashweave
