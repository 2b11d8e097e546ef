#pragma once
#include <algorithm>
#include <hashweave/cmh/transformer_block.hpp>
#include <hashweave/compose/beside.hpp>
#include <hashweave/compose/identity.hpp>
#include <hashweave/compose/repeat.hpp>
#include <hashweave/nn/grouped_linear.hpp>
#include <hashweave/nn/patch_embed.hpp>
#include <hashweave/nn/split_tokens.hpp>

namespace hashweave {

/// A last block on all tokens and a head on its class token, the only one that it computes: tokens -> (sequences,
/// Bits). Parameters: block.…, norm.… (none by default), head. A whole hash model's top without TransHash's local
/// stream.
template <class Block, Size D, Size Bits, class Norm = Identity>
struct GlobalStream : Chain<Named<"block", typename Block::template Giving<FirstToken<D>>>, Named<"norm", Norm>,
                            Named<"head", Linear<D, Bits>>> {};

/// The same for each of `Groups` groups of tokens with the class token in front: one block for all, a head of
/// Bits/Groups bits for each. Parameters: block.…, norm.…, head (grouped).
template <class Block, Size D, Size Bits, Size Groups, class Norm = Identity>
struct LocalStream
    : Chain<SplitTokens<Groups, D>, Named<"block", typename Block::template Giving<FirstToken<D>>>, Named<"norm", Norm>,
            FoldRows<Groups, D>, Named<"head", GroupedLinear<Groups, D, std::max<Size>(1, Bits / Groups)>>> {};

namespace detail {
template <class Block, Size D, Size Bits, Size Groups, class Norm>
using Streams = Beside<Named<"global", GlobalStream<Block, D, std::max<Size>(1, Bits / 2), Norm>>,
                       Named<"local", LocalStream<Block, D, Bits / 2, Groups, Norm>>>;
}  // namespace detail

/// TransHash's two streams over the tokens of the common blocks: the code is the global head's Bits/2 values, then
/// Bits/(2 Groups) of each local head. Linear heads; the code's bits are h > 0.
///
/// Shapes: (tokens, D) -> (sequences, Bits). Parameters: global.{block, norm, head}, local.{block, norm, head}. `Norm`
/// closes each stream where the common tower ends with one (`LayerNorm<D>` for DINOv2).
/// A head of fewer than four bits does not converge; it does not compile.
/// @throws Error for a sequence with fewer tokens than groups, as `SplitTokens`.
/// Source: Chen et al. (TransHash), ICMR 2022, sections 3.2 and 3.3.
template <class Block, Size D, Size Bits, Size Groups = 2, class Norm = Identity>
struct DualStream : detail::Streams<Block, D, Bits, Groups, Norm> {
  static constexpr bool heads_fit = Bits % (2 * Groups) == 0 && Bits / (2 * Groups) >= 4;

  template <class S>
  static consteval bool joints() {
    static_assert(heads_fit,
                  "DualStream: Bits must be a multiple of 2 Groups, and each local head needs at least four "
                  "bits: Bits >= 8 Groups");
    return heads_fit && detail::Streams<Block, D, Bits, Groups, Norm>::template joints<S>();
  }
};

/// What comes before the last block: images -> (tokens, D), each image's class token first. Parameters: patch_embed.…,
/// blocks.{i}.…
template <Size Side, Size Patch, Size D, Size Blocks, class Block>
struct CommonBlocks
    : Chain<Named<"patch_embed", PatchEmbed<3, Side, Side, Patch, D>>, Named<"blocks", Repeat<Blocks, Block>>> {};

/// The multi-granular vision transformer of TransHash: images -> (images, Bits). Blocks - 1 common blocks, then the two
/// streams, each with a last block of its own. One network for all images of a batch (siamese).
///
/// Parameters: patch_embed.…, blocks.{i}.…, global.…, local.…. The paper's: TransHash<224, 32, 1024, 24, Bits, 2,
/// TransformerBlock<1024, 16, 4096>>.
/// Source: Chen et al. (TransHash), ICMR 2022, section 3.2.
template <Size Side, Size Patch, Size D, Size Blocks, Size Bits, Size Groups, class Block, class Norm = Identity>
struct TransHash : Chain<CommonBlocks<Side, Patch, D, Blocks - 1, Block>, DualStream<Block, D, Bits, Groups, Norm>> {};

}  // namespace hashweave
