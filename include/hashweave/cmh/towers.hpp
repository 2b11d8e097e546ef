#pragma once
#include <hashweave/cmh/encoder_blocks.hpp>
#include <hashweave/nn/embedding.hpp>
#include <hashweave/nn/patch_embed.hpp>
#include <hashweave/nn/pick.hpp>

namespace hashweave {

/// A vision transformer: images of Side x Side pixels -> (Side/Patch)² + 1 tokens, D wide. Of any of these towers
/// `Tower::Giving<FirstToken<D>>` gives the class token alone, from the same parameters: see `EncoderBlocks`.
/// Parameters: patch_embed.{cls_token, pos_embed, proj}, blocks.{i}.…, norm. ViT-B/16 is VitTower<224, 16, 768, 12, 12,
/// 3072> (LayerNorm eps 1e-12 in Hugging Face's checkpoints, 1e-6 in timm's). Source: Dosovitskiy et al., ICLR 2021,
/// equations 1 to 4.
template <Size Side, Size Patch, Size D, Size Blocks, Size Heads, Size Hidden,
          class Block = TransformerBlock<D, Heads, Hidden>, class Gives = AllTokens>
struct VitTower : Chain<Named<"patch_embed", PatchEmbed<3, Side, Side, Patch, D>>,
                        Named<"blocks", EncoderBlocks<Blocks, Block, Gives>>, Named<"norm", LayerNorm<D>>> {
  template <class Wanted>
  using Giving = VitTower<Side, Patch, D, Blocks, Heads, Hidden, Block, Wanted>;
};

/// DINOv2's vision transformer: with LayerScale. LayerNorm eps 1e-6.
template <Size Side, Size Patch, Size D, Size Blocks, Size Heads, Size Hidden, class Gives = AllTokens>
struct Dinov2Tower : VitTower<Side, Patch, D, Blocks, Heads, Hidden, ScaledBlock<D, Heads, Hidden>, Gives> {};

/// BERT's input: the sum of word, position and sentence type embeddings, normalised. Parameters: word, position, type,
/// norm.
template <Size Vocabulary, Size Positions, Size D>
struct BertEmbed
    : Chain<Named<"embed", TokenEmbed<Vocabulary, Positions, D, 2>>, Named<"norm", LayerNorm<D>>, Dropout> {};

/// BERT: token ids -> tokens, D wide. Parameters: embed.{word, position, type}, norm, blocks.{i}.…. LayerNorm eps
/// 1e-12. BERT-base is BertTower<30522, 512, 768, 12, 12, 3072>. Source: Devlin et al., NAACL 2019, section 3.
template <Size Vocabulary, Size Positions, Size D, Size Blocks, Size Heads, Size Hidden, class Gives = AllTokens>
struct BertTower : Chain<BertEmbed<Vocabulary, Positions, D>,
                         Named<"blocks", EncoderBlocks<Blocks, PostNormBlock<D, Heads, Hidden>, Gives>>> {
  template <class Wanted>
  using Giving = BertTower<Vocabulary, Positions, D, Blocks, Heads, Hidden, Wanted>;
};

/// CLIP's image tower: pixels -> one Out-wide vector, from the class token. Parameters: patch_embed (no bias),
/// pre_norm, blocks.{i}.…, post_norm, projection (no bias). Source: Radford et al., ICML 2021, section 2.4.
template <Size Side, Size Patch, Size D, Size Blocks, Size Heads, Size Hidden, Size Out>
struct ClipImageTower
    : Chain<Named<"patch_embed", PatchEmbed<3, Side, Side, Patch, D, NoBias>>, Named<"pre_norm", LayerNorm<D>>,
            Named<"blocks", EncoderBlocks<Blocks, TransformerBlock<D, Heads, Hidden, QuickGelu>, FirstToken<D>>>,
            Named<"post_norm", LayerNorm<D>>, Named<"projection", Linear<D, Out, NoBias>>> {};

/// CLIP's text tower: token ids, each sequence ending with its end-of-text token -> one Out-wide vector from that
/// token. Parameters: embed.{word, position}, blocks.{i}.…, norm, projection (no bias). Source: same.
template <Size Vocabulary, Size Positions, Size D, Size Blocks, Size Heads, Size Hidden, Size Out>
struct ClipTextTower
    : Chain<Named<"embed", TokenEmbed<Vocabulary, Positions, D>>,
            Named<"blocks", EncoderBlocks<Blocks, TransformerBlock<D, Heads, Hidden, QuickGelu, Causal>, LastToken<D>>>,
            Named<"norm", LayerNorm<D>>, Named<"projection", Linear<D, Out, NoBias>>> {};

}  // namespace hashweave
