#pragma once
#include <hashweave/core/array.hpp>
#include <hashweave/core/layer.hpp>

namespace hashweave {

namespace detail {

/// The layer's parameters carry names of their own, so that its place in a chain need not be part of the name.
template <class L>
consteval bool carries_names() {
  if constexpr (!has_parameters<L>) {
    return true;
  } else if constexpr (requires { L::names_itself; }) {
    return L::names_itself;
  } else {
    return false;
  }
}

/// Names the parameters of a chain's link by its place I, unless they carry names of their own.
template <Size I, class L, class F, class P>
void visit_link(F& f, const Path& at, P& p) {
  if constexpr (carries_names<L>()) {
    L::visit(f, at, p);
  } else {
    L::visit(f, at / I, p);
  }
}

/// The links of a chain from place I on.
template <Size I, class... Ls>
struct Links;

template <Size I, class L>
struct Links<I, L> {
  [[no_unique_address]] L head;

  static constexpr bool names_itself = carries_names<L>();
  template <class S>
    requires Accepts<L, S>
  using Output = OutputOf<L, S>;
  template <class B>
  struct Params {
    [[no_unique_address]] typename L::template Params<B> head;
  };
  template <class B, class S>
  struct Saved {
    SavedOf<L, B, S> head;
  };
  template <class S>
  static consteval bool joints() {
    return joints_fit<L, S>();
  }

  template <class B, class S>
  auto forward(B& be, const Params<B>& p, View<B, S> x) const {
    auto step = head.forward(be, p.head, x);
    return Step<View<B, Output<S>>, Saved<B, S>>{step.y, {step.saved}};
  }
  template <class B, class S>
  auto infer(B& be, const Params<B>& p, View<B, S> x) const {
    return hashweave::infer(be, head, p.head, x);
  }
  template <class B, class S, class O>
  GradientOf<B, S> backward(B& be, const Params<B>& p, const Saved<B, S>& s, View<B, O> dy, Params<B>& g) const {
    return head.backward(be, p.head, s.head, dy, g.head);
  }
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    visit_link<I, L>(f, at, p.head);
  }
  template <class F>
  constexpr void each_layer(F&& f) {
    for_each_layer(head, f);
  }
};

template <Size I, class L, class... Rest>
  requires(sizeof...(Rest) > 0)
struct Links<I, L, Rest...> {
  using Tail = Links<I + 1, Rest...>;
  [[no_unique_address]] L head;
  [[no_unique_address]] Tail tail;

  static constexpr bool names_itself = carries_names<L>() && Tail::names_itself;
  template <class S>
  struct Through {  // clang would look into an alias as soon as L's output is the same for all S
    using Output = OutputOf<Tail, OutputOf<L, S>>;
  };
  template <class S>
    requires(Accepts<L, S> && Accepts<Tail, OutputOf<L, S>>)
  using Output = typename Through<S>::Output;
  template <class B>
  struct Params {
    [[no_unique_address]] typename L::template Params<B> head;
    [[no_unique_address]] typename Tail::template Params<B> tail;
  };
  template <class B, class S>
  struct Saved {
    SavedOf<L, B, S> head;
    SavedOf<Tail, B, OutputOf<L, S>> tail;
  };
  template <class S>
  static consteval bool joints() {
    if constexpr (!joints_fit<L, S>()) {
      return false;
    } else {
      return Tail::template joints<OutputOf<L, S>>();
    }
  }

  template <class B, class S>
  auto forward(B& be, const Params<B>& p, View<B, S> x) const {
    auto a = head.forward(be, p.head, x);
    auto b = tail.forward(be, p.tail, a.y);
    return Step<View<B, Output<S>>, Saved<B, S>>{b.y, {a.saved, b.saved}};
  }
  template <class B, class S>
  auto infer(B& be, const Params<B>& p, View<B, S> x) const {
    return tail.infer(be, p.tail, hashweave::infer(be, head, p.head, x));
  }
  template <class B, class S, class O>
  GradientOf<B, S> backward(B& be, const Params<B>& p, const Saved<B, S>& s, View<B, O> dy, Params<B>& g) const {
    return head.backward(be, p.head, s.head, tail.backward(be, p.tail, s.tail, dy, g.tail), g.head);
  }
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    visit_link<I, L>(f, at, p.head);
    Tail::visit(f, at, p.tail);
  }
  template <class F>
  constexpr void each_layer(F&& f) {
    for_each_layer(head, f);
    tail.each_layer(f);
  }
};

}  // namespace detail

/// y = L_n(… L_2(L_1(x))). Parameters are named by place ("0", "1", …) unless the part is `Named`.
template <class... Ls>
  requires(sizeof...(Ls) > 0)
struct Chain : detail::Links<0, Ls...> {};

}  // namespace hashweave
