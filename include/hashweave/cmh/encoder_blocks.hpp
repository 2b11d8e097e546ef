#pragma once
#include <hashweave/cmh/transformer_block.hpp>
#include <hashweave/compose/recompute.hpp>
#include <hashweave/compose/repeat.hpp>
#include <hashweave/compose/repeat_then.hpp>

namespace hashweave {

/// N blocks in a row. What comes after them may want one token of each sequence: with Gives = `FirstToken<D>` or
/// `LastToken<D>` the last block computes that token alone, and the result is one vector a sequence. The parameters are
/// the same. `set_recompute` makes the blocks keep their inputs alone (all but a last one for one token).
template <Size N, class Block, class Gives = AllTokens>
struct EncoderBlocks : RepeatThen<N, Recomputable<Block>, typename Block::template Giving<Gives>> {};
template <Size N, class Block>
struct EncoderBlocks<N, Block, AllTokens> : Repeat<N, Recomputable<Block>> {};

}  // namespace hashweave
