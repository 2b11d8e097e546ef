#pragma once
#include <hashweave/compose/chain.hpp>

namespace hashweave {

/// y = pick(x) + f(x), where f is the chain of Ls: a residual whose result is less than what it takes. f gives what
/// Pick gives. Pick has no parameters and an `add_backward`, as `FirstToken` has.
template <class Pick, class... Ls>
struct ResidualTo {
  using Branch = Chain<Ls...>;
  static_assert(!has_parameters<Pick>, "ResidualTo: what picks has no parameters");
  [[no_unique_address]] Pick pick;
  [[no_unique_address]] Branch branch;

  static constexpr bool names_itself = Branch::names_itself, own_output = true;
  template <class S>
    requires(Accepts<Pick, S> && Accepts<Branch, S> && std::same_as<OutputOf<Branch, S>, OutputOf<Pick, S>>)
  using Output = OutputOf<Pick, S>;
  template <class B>
  using Params = typename Branch::template Params<B>;
  template <class B, class S>
  struct Saved {
    View<B, S> x;
    SavedOf<Pick, B, S> pick;
    SavedOf<Branch, B, S> branch;
  };
  template <class S>
  static consteval bool joints() {
    if constexpr (!joints_fit<Branch, S>()) {
      return false;
    } else if constexpr (joints_fit<Pick, S>()) {
      return GivesBack<Branch, OutputOf<Pick, S>, OutputOf<Branch, S>>::fits();
    }
    return false;
  }

  template <class B, class S>
  auto forward(B& be, const Params<B>& p, View<B, S> x) const {
    auto own = pick.forward(be, {}, x);
    auto y = make<Output<S>>(be, own.y.layout());
    BriefScope scope{be};
    auto f = branch.forward_briefly(be, p, x);
    add(be, y.mat(), own.y.mat(), f.y.mat());
    return Step<View<B, Output<S>>, Saved<B, S>>{y, {x, own.saved, f.saved}};
  }
  template <class B, class S>
  auto infer(B& be, const Params<B>& p, View<B, S> x) const {
    auto own = hashweave::infer(be, pick, {}, x);
    auto y = make<Output<S>>(be, own.layout());
    TapeScope scope{be};
    add(be, y.mat(), own.mat(), branch.infer(be, p, x).mat());
    return y;
  }
  template <class B, class S, class O>
  View<B, S> backward(B& be, const Params<B>& p, const Saved<B, S>& s, View<B, O> dy, Params<B>& g) const {
    auto dx = make<S>(be, s.x.layout());
    TapeScope scope{be};
    copy(be, dx.mat(), branch.backward(be, p, s.branch, dy, g).mat());
    pick.add_backward(be, s.pick, dy, dx);
    return dx;
  }
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    Branch::visit(f, at, p);
  }
  template <class F>
  constexpr void each_layer(F&& f) {
    for_each_layer(pick, f);
    branch.each_layer(f);
  }
};

}  // namespace hashweave
