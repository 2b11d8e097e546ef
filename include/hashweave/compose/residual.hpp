#pragma once
#include <hashweave/compose/chain.hpp>

namespace hashweave {

/// y = x + f(x), where f is the chain of Ls. f gives back what it takes.
template <class... Ls>
struct Residual {
  using Branch = Chain<Ls...>;
  [[no_unique_address]] Branch branch;

  static constexpr bool names_itself = Branch::names_itself, own_output = true;
  template <class S>
    requires(Accepts<Branch, S> && std::same_as<OutputOf<Branch, S>, S>)
  using Output = S;
  template <class B>
  using Params = typename Branch::template Params<B>;
  template <class B, class S>
  struct Saved {
    SavedOf<Branch, B, S> branch;
  };
  template <class S>
  static consteval bool joints() {
    if constexpr (joints_fit<Branch, S>()) {
      return GivesBack<Branch, S, OutputOf<Branch, S>>::fits();
    }
    return false;
  }

  template <class B, class S>
  auto forward(B& be, const Params<B>& p, View<B, S> x) const {
    auto y = make<S>(be, x.layout());  // never in place: the branch may have saved its output
    BriefScope scope{be};
    auto f = branch.forward_briefly(be, p, x);
    add(be, y.mat(), x.mat(), f.y.mat());
    return Step<View<B, S>, Saved<B, S>>{y, {f.saved}};
  }
  template <class B, class S>
  auto infer(B& be, const Params<B>& p, View<B, S> x) const {
    auto y = make<S>(be, x.layout());
    TapeScope scope{be};
    add(be, y.mat(), x.mat(), branch.infer(be, p, x).mat());
    return y;
  }
  template <class B, class S>
  auto infer_over(B& be, const Params<B>& p, View<B, S> x) const {
    TapeScope scope{be};
    add(be, x.mat(), x.mat(), branch.infer(be, p, x).mat());
    return x;
  }
  template <class B, class S>
  View<B, S> backward(B& be, const Params<B>& p, const Saved<B, S>& s, View<B, S> dy, Params<B>& g) const {
    auto dx = make<S>(be, dy.layout());
    TapeScope scope{be};
    add(be, dx.mat(), dy.mat(), branch.backward(be, p, s.branch, dy, g).mat());
    return dx;
  }
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    Branch::visit(f, at, p);
  }
  template <class F>
  constexpr void each_layer(F&& f) {
    branch.each_layer(f);
  }
};

}  // namespace hashweave
