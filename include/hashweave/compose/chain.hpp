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
  using Head = L;
  [[no_unique_address]] L head;

  static constexpr bool names_itself = carries_names<L>();
  static constexpr bool own_output = makes_own_output<L>(), reads_input = reads_input_again<L>();
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

  template <bool Briefly, class B, class S>
  auto run(B& be, const Params<B>& p, View<B, S> x, [[maybe_unused]] bool over) const {
    using Out = Step<View<B, Output<S>>, Saved<B, S>>;
    if constexpr (Briefly) {
      auto step = hashweave::forward_briefly(be, head, p.head, x, over);
      return Out{step.y, {step.saved}};
    } else {
      auto step = head.forward(be, p.head, x);
      return Out{step.y, {step.saved}};
    }
  }
  template <class B, class S>
  auto forward(B& be, const Params<B>& p, View<B, S> x) const {
    return run<false>(be, p, x, false);
  }
  template <class B, class S>
  auto forward_briefly(B& be, const Params<B>& p, View<B, S> x) const {
    return run<true>(be, p, x, false);
  }
  template <class B, class S>
  auto infer(B& be, const Params<B>& p, View<B, S> x) const {
    return hashweave::infer(be, head, p.head, x);
  }
  template <class B, class S>
  auto infer_over(B& be, const Params<B>& p, View<B, S> x) const {
    return hashweave::infer_over(be, head, p.head, x);
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
  using Head = L;
  using Tail = Links<I + 1, Rest...>;
  [[no_unique_address]] L head;
  [[no_unique_address]] Tail tail;

  static constexpr bool names_itself = carries_names<L>() && Tail::names_itself;
  static constexpr bool own_output = makes_own_output<L>() || Tail::own_output, reads_input = true;
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
    std::uint16_t* half;  ///< the head's output, if it is kept so
    bool over;            ///< the head has written over its input
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
    BriefScope scope{be};
    return run<false>(be, p, x, false);
  }
  template <class B, class S>
  auto forward_briefly(B& be, const Params<B>& p, View<B, S> x) const {
    return run<true>(be, p, x, false);
  }
  /// Briefly: as `forward_briefly`, else as `forward`, but what is taken briefly is given back by the caller.
  /// over: nobody else reads x, so that the head may write over it.
  template <bool Briefly, class B, class S>
  auto run(B& be, const Params<B>& p, View<B, S> x, bool over) const {
    constexpr bool unread = Briefly && !Tail::reads_input;  // what the head gives is for the tail's forward alone
    std::uint16_t* half = nullptr;
    auto a = forward_head<unread>(be, p, x, over, half);
    bool free = half != nullptr;  // the tail may write over what the head gives
    if constexpr (light<B, S> || (unread && (Placed<L, S, B> || says_heavy<L>()))) free = over || a.y.data != x.data;
    auto b = tail.template run<Briefly>(be, p.tail, a.y, free);
    return Step<View<B, Output<S>>, Saved<B, S>>{
        b.y, {a.saved, b.saved, half, over && light<B, S> && !reads_input_again<L>()}};
  }
  template <class B, class S>
  auto infer(B& be, const Params<B>& p, View<B, S> x) const {
    return infer_from<false>(be, p, x);
  }
  template <class B, class S>
  auto infer_over(B& be, const Params<B>& p, View<B, S> x) const {
    return infer_from<true>(be, p, x);
  }
  template <class B, class S, class O>
  GradientOf<B, S> backward(B& be, const Params<B>& p, const Saved<B, S>& s, View<B, O> dy, Params<B>& g) const {
    BriefScope scope{be};
    if constexpr (light<B, S>) {  // the tail has saved a view of this place
      if (!detail::passes(head)) {
        head.compute(be, p.head, s.head, s.over ? s.head.x : make_brief<OutputOf<L, S>>(be, s.head.x.layout()));
      }
    } else if constexpr (heavy) {
      if (s.half != nullptr) restore_half(be, make_brief<OutputOf<L, S>>(be, s.head.x.layout()).mat(), s.half);
    }
    const auto d = tail.backward(be, p.tail, s.tail, dy, g.tail);
    if constexpr (requires { head.backward_over(be, p.head, s.head, d, g.head); }) {
      if (!overlap(d.mat(), dy.mat())) {
        head.backward_over(be, p.head, s.head, d, g.head);
        return d;
      }
    }
    return head.backward(be, p.head, s.head, d, g.head);
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

 private:
  /// The head's output is not kept.
  template <class B, class S>
  static constexpr bool light = says_light<L>() && Tail::own_output && Placed<L, S, B>;
  /// The head's output may be kept in half.
  static constexpr bool heavy = says_heavy<L>() && Tail::own_output;

  /// Over: nobody reads x afterwards.
  template <bool Over, class B, class S>
  auto infer_from(B& be, const Params<B>& p, View<B, S> x) const {
    if constexpr (requires { head.infer_activated(be, p.head, x, Tail::Head::activation); }) {
      const auto y = head.infer_activated(be, p.head, x, Tail::Head::activation);  // as the tail's head gives it
      if constexpr (requires { tail.tail; }) {
        return tail.tail.infer_over(be, p.tail.tail, y);
      } else {
        return y;
      }
    } else if constexpr (Over) {
      return tail.infer_over(be, p.tail, hashweave::infer_over(be, head, p.head, x));
    } else if constexpr (makes_own_output<L>()) {
      return tail.infer_over(be, p.tail, hashweave::infer(be, head, p.head, x));
    } else {
      return tail.infer(be, p.tail, hashweave::infer(be, head, p.head, x));
    }
  }

  template <bool Unread, class B, class S>
  auto forward_head(B& be, const Params<B>& p, View<B, S> x, [[maybe_unused]] bool over,
                    [[maybe_unused]] std::uint16_t*& half) const {
    if constexpr (Unread || light<B, S>) {
      return hashweave::forward_briefly(be, head, p.head, x, over);
    } else {
      if constexpr (heavy && KeepsHalf<B>) {
        if (be.keeps_half()) {
          auto step = hashweave::forward_briefly(be, head, p.head, x);
          half = keep_half(be, step.y.mat());
          return step;
        }
      }
      return head.forward(be, p.head, x);
    }
  }
};

}  // namespace detail

/// y = L_n(… L_2(L_1(x))). Parameters are named by place ("0", "1", …) unless the part is `Named`. The output of a
/// `light` part, such as a normalisation or an activation, is not kept for `backward` but computed again, if what
/// follows makes an output of its own; a product's is then kept as bf16 where the backend says so (`keep_half`).
/// `infer` of a linear part and an activation behind it is one kernel where the backend has it (`ActivatesProducts`).
template <class... Ls>
  requires(sizeof...(Ls) > 0)
struct Chain : detail::Links<0, Ls...> {};

}  // namespace hashweave
