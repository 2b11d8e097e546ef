#pragma once
#include <hashweave/compose/chain.hpp>

namespace hashweave {

/// What the two branches of `Beside` give.
template <class FromFirst, class FromSecond>
struct SideBySide {
  static consteval bool same_rows() {
    if constexpr (RowWise<FromFirst> && RowWise<FromSecond>) {
      return std::same_as<Resized<FromFirst, 1>, Resized<FromSecond, 1>>;
    } else {
      return false;
    }
  }
  static consteval bool fits() {
    static_assert(same_rows(),
                  "Beside: both branches must give the same kind of rows: see SideBySide<FromFirst, FromSecond>");
    return same_rows();
  }
};

/// y = [first(x) | second(x)]: two branches of one input, their columns side by side.
///
/// Shapes: x -> (rows, D₁) and (rows, D₂) -> (rows, D₁ + D₂); the input's gradient is the sum of both. Parameters are
/// named by place ("0", "1") unless the branch is `Named`.
/// @throws Error when the branches give different numbers of rows.
template <class First, class Second>
struct Beside {
  [[no_unique_address]] First first;
  [[no_unique_address]] Second second;

  static constexpr bool names_itself = detail::carries_names<First>() && detail::carries_names<Second>();
  template <class S>
  using FromFirst = OutputOf<First, S>;
  template <class S>
  using FromSecond = OutputOf<Second, S>;
  template <class S>
  struct Through {  // as in `Chain`
    using Output = Resized<FromFirst<S>, FromFirst<S>::width + FromSecond<S>::width>;
  };
  template <class S>
    requires(Accepts<First, S> && Accepts<Second, S> &&
             SideBySide<OutputOf<First, S>, OutputOf<Second, S>>::same_rows())
  using Output = typename Through<S>::Output;
  template <class B>
  struct Params {
    [[no_unique_address]] typename First::template Params<B> first;
    [[no_unique_address]] typename Second::template Params<B> second;
  };
  template <class B, class S>
  struct Saved {
    SavedOf<First, B, S> first;
    SavedOf<Second, B, S> second;
  };
  template <class S>
  static consteval bool joints() {
    if constexpr (!joints_fit<First, S>()) {
      return false;
    } else if constexpr (!joints_fit<Second, S>()) {
      return false;
    } else {
      return SideBySide<FromFirst<S>, FromSecond<S>>::fits();
    }
  }

  template <class B, class S>
  auto forward(B& be, const Params<B>& p, View<B, S> x) const {
    auto a = first.forward(be, p.first, x);
    auto b = second.forward(be, p.second, x);
    return Step<View<B, Output<S>>, Saved<B, S>>{join<S>(be, a.y, b.y), {a.saved, b.saved}};
  }
  template <class B, class S>
  auto infer(B& be, const Params<B>& p, View<B, S> x) const {
    auto a = hashweave::infer(be, first, p.first, x);
    return join<S>(be, a, hashweave::infer(be, second, p.second, x));
  }
  template <class B, class S, class O>
  View<B, S> backward(B& be, const Params<B>& p, const Saved<B, S>& s, View<B, O> dy, Params<B>& g) const {
    constexpr Size split = FromFirst<S>::width;
    auto da = make<FromFirst<S>>(be, dy.layout());
    auto db = make<FromSecond<S>>(be, dy.layout());
    copy(be, da.mat(), cols_of(dy.mat(), 0, split));
    copy(be, db.mat(), cols_of(dy.mat(), split, FromSecond<S>::width));
    auto of_first = first.backward(be, p.first, s.first, da, g.first);
    auto dx = make<S>(be, of_first.layout());  // not in place: a branch may have given its dy
    TapeScope scope{be};
    add(be, dx.mat(), of_first.mat(), second.backward(be, p.second, s.second, db, g.second).mat());
    return dx;
  }
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    detail::visit_link<0, First>(f, at, p.first);
    detail::visit_link<1, Second>(f, at, p.second);
  }
  template <class F>
  constexpr void each_layer(F&& f) {
    for_each_layer(first, f);
    for_each_layer(second, f);
  }

 private:
  template <class S, class B, class X, class Y>
  static View<B, Output<S>> join(B& be, View<B, X> a, View<B, Y> b) {
    require(a.mat().rows == b.mat().rows, "Beside", "rows of the second branch", a.mat().rows, b.mat().rows);
    auto y = make<Output<S>>(be, a.layout());
    copy(be, cols_of(y.mat(), 0, X::width), a.mat());
    copy(be, cols_of(y.mat(), X::width, Y::width), b.mat());
    return y;
  }
};

}  // namespace hashweave
