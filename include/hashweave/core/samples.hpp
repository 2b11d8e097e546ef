#pragma once
#include <concepts>
#include <hashweave/core/types.hpp>

namespace hashweave {

// The sample types: what a batch is made of. Widths are part of the type, the number of rows is not.

/// Images: C planes of H x W values, row-major (C, H, W).
template <Size C, Size H, Size W>
struct Pixels {
  static_assert(C > 0 && H > 0 && W > 0, "Pixels: every extent must be positive");
  static constexpr Size channels = C, height = H, width = W;
};

/// Sequences of D-wide tokens, packed end to end: one (rows, D) matrix and the `Segments` that cut it into sequences.
template <Size D>
struct Tokens {
  static_assert(D > 0, "Tokens: the width must be positive");
  static constexpr Size width = D;
  template <Size Other>
  using Resized = Tokens<Other>;
};

/// Sequences of D-wide tokens of which each stands for a label: what `Tokens<D>` is, with the label's id beside each.
template <Size D>
struct LabelTokens {
  static_assert(D > 0, "LabelTokens: the width must be positive");
  static constexpr Size width = D;
  template <Size Other>
  using Resized = LabelTokens<Other>;
};

/// One D-wide vector a sample: a (rows, D) matrix.
template <Size D>
struct Vectors {
  static_assert(D > 0, "Vectors: the width must be positive");
  static constexpr Size width = D;
  template <Size Other>
  using Resized = Vectors<Other>;
};

/// Sequences of token ids (32-bit), packed end to end, with an optional type id (BERT's sentence A or B) for each.
struct TokenIds {};

/// Samples that are rows of a matrix; a layer that works row by row takes any of them.
template <class S>
concept RowWise = requires { typename S::template Resized<1>; };

/// Row-wise samples of width D.
template <class S, Size D>
concept RowsOf = RowWise<S> && (S::width == D);

/// Packed sequences of D-wide tokens.
template <class S, Size D>
concept SequencesOf = std::same_as<S, Tokens<D>> || std::same_as<S, LabelTokens<D>>;

/// The same kind of sample, D wide.
template <RowWise S, Size D>
using Resized = typename S::template Resized<D>;

}  // namespace hashweave
