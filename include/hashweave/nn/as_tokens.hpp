#pragma once
#include <hashweave/core/array.hpp>
#include <hashweave/core/layer.hpp>

namespace hashweave {

/// Each vector as a sequence of N tokens, one after the other: no number is copied.
///
/// Shapes: (rows, N * D) -> (rows * N, D) in sequences of N. Saved: the number of rows.
template <Size N, Size D>
struct AsTokens {
  static_assert(N > 0, "AsTokens: at least one token a sample");

  template <class S>
    requires std::same_as<S, Vectors<N* D>>
  using Output = Tokens<D>;
  template <class B>
  using Params = Empty;
  template <class B, class S>
  struct Saved {
    Size rows;
  };

  template <class B, class S>
  auto forward(B& be, const Empty&, View<B, S> x) const {
    return Step<View<B, Tokens<D>>, Saved<B, S>>{{x.data, equal_segments(be, x.rows, N)}, {x.rows}};
  }
  template <class B, class S>
  View<B, S> backward(B&, const Empty&, const Saved<B, S>& s, View<B, Tokens<D>> dy, Empty&) const {
    return {dy.data, s.rows};
  }
  template <class F, class P>
  static void visit(F&&, const Path&, P&) {}
};

/// The inverse of `AsTokens`: each sequence of N tokens as one vector. No number is copied.
///
/// Shapes: (sequences * N, D) -> (sequences, N * D). Saved: the segments.
/// @throws Error when a sequence has another length than N.
template <Size N, Size D>
struct AsVectors {
  static_assert(N > 0, "AsVectors: at least one token a sample");

  template <class S>
    requires std::same_as<S, Tokens<D>>
  using Output = Vectors<N * D>;
  template <class B>
  using Params = Empty;
  template <class B, class S>
  struct Saved {
    Segments segments;
  };

  template <class B, class S>
  auto forward(B&, const Empty&, View<B, S> x) const {
    for (Size i = 0; i < x.segments.count; ++i) {
      if (x.segments.length(i) != N) [[unlikely]] {
        fail("AsVectors", "length of sequence " + std::to_string(i), N, x.segments.length(i));
      }
    }
    return Step<View<B, Vectors<N * D>>, Saved<B, S>>{{x.data, x.segments.count}, {x.segments}};
  }
  template <class B, class S>
  View<B, S> backward(B&, const Empty&, const Saved<B, S>& s, View<B, Vectors<N * D>> dy, Empty&) const {
    return {dy.data, s.segments};
  }
  template <class F, class P>
  static void visit(F&&, const Path&, P&) {}
};

}  // namespace hashweave
