#pragma once
#include <hashweave/compose/chain.hpp>
#include <hashweave/compose/repeat.hpp>

namespace hashweave {

/// N layers in a row: N - 1 copies of L, then Last. Their parameters are named by number as those of `Repeat<N, L>`.
template <Size N, class L, class Last>
struct RepeatThen : Chain<Repeat<N - 1, L>, Last> {
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    Repeat<N - 1, L>::visit(f, at, p.head);
    Last::visit(f, at / (N - 1), p.tail.head);
  }
};
template <class L, class Last>
struct RepeatThen<1, L, Last> : Chain<Last> {
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    Last::visit(f, at / Size{0}, p.head);
  }
};

}  // namespace hashweave
