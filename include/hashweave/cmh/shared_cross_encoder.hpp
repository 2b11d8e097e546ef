#pragma once
#include <hashweave/cmh/transformer_block.hpp>
#include <hashweave/compose/repeat.hpp>

namespace hashweave {

/// The trunk that images and captions share: Blocks transformer blocks over either's tokens, one set of parameters for
/// both. `CrossModal` sends both through it as one packed batch, so that each block is one product for the two.
///
/// Shapes: (tokens, D) -> (tokens, D). Parameters `{i}.norm1.…`. Pre-norm with ReLU and no final LayerNorm by default.
/// Source: Li et al. (ViT2CMH), 2023, equation 2 and section 3.2.
template <Size D, Size Blocks, Size Heads, Size Hidden, class Block = TransformerBlock<D, Heads, Hidden, Relu>>
struct SharedCrossEncoder : Repeat<Blocks, Block> {};

}  // namespace hashweave
