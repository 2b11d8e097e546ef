#pragma once
#include <hashweave/cmh/encoder_blocks.hpp>

namespace hashweave {

/// The trunk that images and captions share: Blocks transformer blocks over either's tokens, one set of parameters for
/// both; what it gives is the first token of each sequence, which is all that the last block computes then.
/// `CrossModal` sends both through it as one packed batch, so that each block is one product for the two.
///
/// Shapes: (tokens, D) -> (sequences, D), or (tokens, D) with Gives = `AllTokens`. Parameters `{i}.norm1.…`. Pre-norm
/// with ReLU and no final LayerNorm by default.
/// Source: Li et al. (ViT2CMH), 2023, equation 2 and section 3.2.
template <Size D, Size Blocks, Size Heads, Size Hidden, class Gives = FirstToken<D>,
          class Block = TransformerBlock<D, Heads, Hidden, Relu>>
struct SharedCrossEncoder : EncoderBlocks<Blocks, Block, Gives> {};

}  // namespace hashweave
