#pragma once
#include <hashweave/core/array.hpp>
#include <hashweave/core/layer.hpp>

namespace hashweave {

/// Cuts the tokens behind the first of each sequence into `Groups` consecutive shares and puts the first token in front
/// of each: [c ; t_1 … t_N] becomes [c ; t_1 …], …, [c ; … t_N]. The first N mod Groups shares are one token longer.
///
/// Shapes: n sequences -> n * Groups sequences, all of one input sequence side by side, as one packed batch; a layer
/// behind it serves all groups. Saved: the segments.
/// @throws Error for a sequence of fewer than Groups + 1 tokens.
/// Source: Chen et al. (TransHash), ICMR 2022, section 3.2.
template <Size Groups, Size D>
struct SplitTokens {
  static_assert(Groups > 0, "SplitTokens: at least one group");

  template <class S>
    requires std::same_as<S, Tokens<D>>
  using Output = Tokens<D>;
  template <class B>
  using Params = Empty;
  template <class B, class S>
  struct Saved {
    Segments segments;
  };

  template <class B, class S>
  auto forward(B& be, const Empty&, View<B, S> x) const {
    auto y = make<Tokens<D>>(be, groups_of(be, x.segments));
    split_tokens(be, y.mat(), x.mat(), x.segments, Groups);
    return Step<View<B, Tokens<D>>, Saved<B, S>>{y, {x.segments}};
  }
  template <class B, class S>
  View<B, S> backward(B& be, const Empty&, const Saved<B, S>& s, View<B, Tokens<D>> dy, Empty&) const {
    auto dx = make<S>(be, s.segments);
    split_tokens_backward(be, dx.mat(), dy.mat(), s.segments, Groups);
    return dx;
  }
  template <class F, class P>
  static void visit(F&&, const Path&, P&) {}

 private:
  template <class B>
  static Segments groups_of(B& be, const Segments& whole) {
    Size* offsets = take_shared<Size>(be, whole.count * Groups + 1);
    Size* next = offsets;
    Size at = *next = 0;
    for (Size i = 0; i < whole.count; ++i) {
      const Size rest = whole.length(i) - 1;
      require(rest >= Groups, "SplitTokens", "tokens of a sequence", Phrase{"at least ", Groups + 1}, rest + 1);
      for (Size k = 0; k < Groups; ++k) *++next = at += 1 + rest / Groups + (k < rest % Groups ? 1 : 0);
    }
    return {offsets, whole.count * Groups};
  }
};

/// Every `Count` rows end to end as one row. Shapes: (rows * Count, D) -> (rows, Count * D), the same memory.
/// @throws Error when Count does not divide the number of rows.
template <Size Count, Size D>
struct FoldRows {
  static_assert(Count > 0, "FoldRows: at least one row");

  template <class S>
    requires std::same_as<S, Vectors<D>>
  using Output = Vectors<Count * D>;
  template <class B>
  using Params = Empty;
  template <class B, class S>
  struct Saved {};

  template <class B, class S>
  auto forward(B&, const Empty&, View<B, S> x) const {
    require(x.rows % Count == 0, "FoldRows", "rows", Phrase{"a multiple of ", Count}, x.rows);
    return Step<View<B, Output<S>>, Saved<B, S>>{{x.data, x.rows / Count}, {}};
  }
  template <class B, class S>
  View<B, S> backward(B&, const Empty&, const Saved<B, S>&, View<B, Output<S>> dy, Empty&) const {
    return {dy.data, dy.rows * Count};
  }
  template <class F, class P>
  static void visit(F&&, const Path&, P&) {}
};

}  // namespace hashweave
