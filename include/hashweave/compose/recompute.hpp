#pragma once
#include <hashweave/compose/chain.hpp>

namespace hashweave {

/// y = f(x) that keeps only x: the branch's intermediate results are given back after `forward` and computed again in
/// `backward`, with the same random numbers. Memory falls from the branch's activations to its input, at the price of
/// one more forward. Layers with running statistics (BatchNorm) count their batch once: they add to them in `backward`.
/// With `active` false it is the branch as it is. `set_recompute` sets that in a whole composition.
/// Source: Chen, Xu, Zhang, Guestrin, "Training deep nets with sublinear memory cost", arXiv:1604.06174, section 4.
template <class... Ls>
struct Recompute {
  using Branch = Chain<Ls...>;
  [[no_unique_address]] Branch branch;
  bool active = true;

  static constexpr bool names_itself = Branch::names_itself, own_output = Branch::own_output;
  template <class S>
    requires(Accepts<Branch, S> && RowWise<S> &&
             std::same_as<OutputOf<Branch, S>, Resized<S, OutputOf<Branch, S>::width>>)
  using Output = OutputOf<Branch, S>;
  template <class B>
  using Params = typename Branch::template Params<B>;
  template <class B, class S>
  struct Saved {
    View<B, S> x;
    RandomState random;
    SavedOf<Branch, B, S> branch;  ///< unless active
  };
  template <class S>
  static consteval bool joints() {
    if constexpr (joints_fit<Branch, S>()) return Joint<Recompute, S>::fits();
    return false;
  }

  template <class B, class S>
  auto forward(B& be, const Params<B>& p, View<B, S> x) const {
    const RandomState before = be.random();
    if (!active) {
      auto step = branch.forward(be, p, x);
      return Step<View<B, Output<S>>, Saved<B, S>>{step.y, {x, before, step.saved}};
    }
    auto y = make<Output<S>>(be, x.layout());
    TapeScope scope{be};
    copy(be, y.mat(), branch.forward(be, p, x).y.mat());
    return Step<View<B, Output<S>>, Saved<B, S>>{y, {x, before, {}}};
  }
  template <class B, class S>
  auto infer(B& be, const Params<B>& p, View<B, S> x) const {
    return branch.infer(be, p, x);
  }
  template <class B, class S>
  auto infer_over(B& be, const Params<B>& p, View<B, S> x) const {
    return branch.infer_over(be, p, x);
  }
  template <class B, class S, class O>
  View<B, S> backward(B& be, const Params<B>& p, const Saved<B, S>& s, View<B, O> dy, Params<B>& g) const {
    if (!active) return branch.backward(be, p, s.branch, dy, g);
    auto dx = make<S>(be, s.x.layout());
    TapeScope scope{be};
    const RandomState after = be.random();
    be.random() = s.random;
    auto again = branch.forward(be, p, s.x);
    be.random() = after;
    copy(be, dx.mat(), branch.backward(be, p, again.saved, dy, g).mat());
    return dx;
  }
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    Branch::visit(f, at, p);
  }
  template <class F>
  constexpr void each_layer(F&& f) {
    f(*this);
    branch.each_layer(f);
  }
};

/// `Recompute` that is not active until `set_recompute` makes it so: what the blocks of the towers are.
template <class... Ls>
struct Recomputable : Recompute<Ls...> {
  constexpr Recomputable() { this->active = false; }
};

namespace detail {
struct RecomputeSetter {
  bool active;
  template <class L>
  void operator()(L& layer) const {
    if constexpr (requires { layer.active; }) layer.active = active;
  }
};
}  // namespace detail

/// Makes every `Recompute` of a composition active or not. Neither outputs nor gradients change by it.
template <class L>
void set_recompute(L& layer, bool active) {
  for_each_layer(layer, detail::RecomputeSetter{active});
}

}  // namespace hashweave
