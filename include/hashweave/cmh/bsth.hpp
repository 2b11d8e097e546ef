#pragma once
#include <hashweave/cmh/bsth_losses.hpp>
#include <hashweave/cmh/classified.hpp>
#include <hashweave/cmh/encoder_blocks.hpp>
#include <hashweave/cmh/fused.hpp>
#include <hashweave/cmh/label_prototypes.hpp>
#include <hashweave/compose/recompute.hpp>
#include <hashweave/nn/as_tokens.hpp>
#include <hashweave/nn/batch_norm.hpp>
#include <hashweave/nn/grouped_linear.hpp>
#include <hashweave/nn/sinusoidal_positions.hpp>

namespace hashweave {

/// A feature vector squeezed: In -> Hidden -> Out, each Linear, BatchNorm and tanh. Parameters: fc1, bn1, fc2, bn2.
template <Size In, Size Hidden, Size Out>
struct TanhMlp : Chain<Named<"fc1", Linear<In, Hidden>>, Named<"bn1", BatchNorm<Hidden>>, Tanh,
                       Named<"fc2", Linear<Hidden, Out>>, Named<"bn2", BatchNorm<Out>>, Tanh> {};

/// A vector as one concept token a bit, which attend to one another: Linear D -> Bits * D, sinusoidal positions,
/// dropout, `Blocks` post-norm blocks of one head, LayerNorm.
///
/// Shapes: (rows, D) -> (rows * Bits, D) in sequences of Bits. Parameters: tokens, blocks.{i}.…, norm.
/// Source: Tan et al. (BSTH), SIGIR 2022, section 3.2.
template <Size D, Size Bits, Size Blocks = 2>
struct ConceptEncoder
    : Chain<Named<"tokens", Linear<D, Bits * D>>, AsTokens<Bits, D>,
            InSlices<SinusoidalPositions<D>, Dropout, Named<"blocks", EncoderBlocks<Blocks, PostNormBlock<D, 1, D>>>,
                     Named<"norm", LayerNorm<D>>>> {};

/// Each bit from its own token, by a network of its own: D -> D/2, BatchNorm, tanh, -> 1, tanh.
///
/// Shapes: (rows * Bits, D) in sequences of Bits -> (rows, Bits), in (-1, 1). Parameters: fc1, bn, fc2.
/// @throws Error when a sequence has another length than Bits. Source: same.
template <Size D, Size Bits>
struct BitwiseHash
    : Chain<AsVectors<Bits, D>, Named<"fc1", GroupedLinear<Bits, D, D / 2>>, Named<"bn", BatchNorm<Bits*(D / 2)>>, Tanh,
            Named<"fc2", GroupedLinear<Bits, D / 2, 1>>, Tanh> {
  static_assert(D % 2 == 0, "BitwiseHash: the tokens' width must be even");
};

/// The bit-aware semantic transformer: an image's and a text's features -> one code for the two and, in training, what
/// labels it speaks of. The concept tokens of both are added, bit by bit.
///
/// Shapes: (samples, ImageWidth) and (samples, TextWidth) -> (samples, Bits) in (-1, 1) and (samples, Classes) in (0,
/// 1); `infer` gives the codes. Parameters: image.{mlp, encoder}.…, text.{mlp, encoder}.…, trunk.{fc1, bn, fc2},
/// classifier.linear. Dropout is 0 until `set_dropout` sets it; the paper's is 0.5.
/// Train it on `PrototypeHashLoss`, with `update_statistics` after each step.
/// @throws Error when the numbers of images and texts differ, and for a training batch of one sample.
/// Source: Tan et al., "Bit-aware semantic transformer hashing for multi-modal retrieval", SIGIR 2022, section 3.2.
template <Size ImageWidth, Size TextWidth, Size Bits, Size Classes, Size D = 128, Size ImageHidden = 2048,
          Size TextHidden = 1024>
struct Bsth
    : Classified<
          Fused<Chain<Named<"mlp", TanhMlp<ImageWidth, ImageHidden, D>>, Named<"encoder", ConceptEncoder<D, Bits>>>,
                Chain<Named<"mlp", TanhMlp<TextWidth, TextHidden, D>>, Named<"encoder", ConceptEncoder<D, Bits>>>,
                BitwiseHash<D, Bits>>,
          LabelClassifier<Bits, Classes>> {};

}  // namespace hashweave
