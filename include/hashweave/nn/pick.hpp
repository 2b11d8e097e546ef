#pragma once
#include <hashweave/core/array.hpp>
#include <hashweave/core/layer.hpp>

namespace hashweave {

/// Which token of a sequence is meant.
enum class TokenAt { first, last };

/// y_i = the first or last token of sequence i. Shapes: (tokens, D) -> (sequences, D). Saved: the layout.
template <TokenAt At, Size D>
struct PickToken {
  static constexpr TokenAt at = At;
  template <class S>
    requires SequencesOf<S, D>
  using Output = Vectors<D>;
  template <class B>
  using Params = Empty;
  template <class B, class S>
  struct Saved {
    decltype(View<B, S>{}.layout()) layout;
  };

  template <class B, class S>
  auto forward(B& be, const Empty&, View<B, S> x) const {
    auto y = make<Vectors<D>>(be, x.segments.count);
    pick_rows(be, y.mat(), x.mat(), x.segments, At == TokenAt::last);
    return Step<View<B, Vectors<D>>, Saved<B, S>>{y, {x.layout()}};
  }
  template <class B, class S>
  View<B, S> backward(B& be, const Empty&, const Saved<B, S>& s, View<B, Vectors<D>> dy, Empty&) const {
    auto dx = make<S>(be, s.layout);
    pick_rows_backward(be, dx.mat(), dy.mat(), dx.segments, At == TokenAt::last);
    return dx;
  }
  /// The same, added to the caller's dx: the other rows are not touched.
  template <class B, class S>
  void add_backward(B& be, const Saved<B, S>&, View<B, Vectors<D>> dy, View<B, S> dx) const {
    add_picked_rows(be, dx.mat(), dy.mat(), dx.segments, At == TokenAt::last);
  }
  template <class F, class P>
  static void visit(F&&, const Path&, P&) {}
};

/// The class token: what ViT and BERT put in front.
template <Size D>
struct FirstToken : PickToken<TokenAt::first, D> {};
/// The end-of-text token of CLIP, whose sequences end with it.
template <Size D>
struct LastToken : PickToken<TokenAt::last, D> {};

/// y_i = mean over the tokens of sequence i. Shapes: (tokens, D) -> (sequences, D). Saved: the segments.
template <Size D>
struct MeanPool {
  template <class S>
    requires std::same_as<S, Tokens<D>>
  using Output = Vectors<D>;
  template <class B>
  using Params = Empty;
  template <class B, class S>
  struct Saved {
    Segments segments;
  };

  template <class B, class S>
  auto forward(B& be, const Empty&, View<B, S> x) const {
    auto y = make<Vectors<D>>(be, x.segments.count);
    mean_pool(be, y.mat(), x.mat(), x.segments);
    return Step<View<B, Vectors<D>>, Saved<B, S>>{y, {x.segments}};
  }
  template <class B, class S>
  View<B, S> backward(B& be, const Empty&, const Saved<B, S>& s, View<B, Vectors<D>> dy, Empty&) const {
    auto dx = make<S>(be, s.segments);
    mean_pool_backward(be, dx.mat(), dy.mat(), s.segments);
    return dx;
  }
  template <class F, class P>
  static void visit(F&&, const Path&, P&) {}
};

}  // namespace hashweave
