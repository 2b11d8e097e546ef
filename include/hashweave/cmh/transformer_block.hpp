#pragma once
#include <hashweave/compose/chain.hpp>
#include <hashweave/compose/named.hpp>
#include <hashweave/compose/residual.hpp>
#include <hashweave/compose/residual_to.hpp>
#include <hashweave/nn/activation.hpp>
#include <hashweave/nn/dropout.hpp>
#include <hashweave/nn/layer_norm.hpp>
#include <hashweave/nn/layer_scale.hpp>
#include <hashweave/nn/linear.hpp>
#include <hashweave/nn/pick.hpp>
#include <hashweave/nn/self_attention.hpp>
#include <hashweave/nn/token_attention.hpp>

namespace hashweave {

/// D -> Hidden -> D: Linear, activation, dropout, Linear, dropout. Parameters `mlp.fc1.*`, `mlp.fc2.*`.
template <Size D, Size Hidden, class Act = Gelu>
struct Mlp
    : Named<"mlp", Chain<Named<"fc1", Linear<D, Hidden>>, Act, Dropout, Named<"fc2", Linear<Hidden, D>>, Dropout>> {};

/// A block gives every token it takes. The other choices are `FirstToken<D>` and `LastToken<D>`: then it gives that one
/// of each sequence and computes no other; the others are seen by its attention. The parameters are the same, and so is
/// the result up to rounding, but for dropout: its places are those of a batch of picked tokens.
struct AllTokens {};

namespace detail {

/// The two parts of a block on which it depends what the block gives.
template <class Gives>
struct BlockParts {
  template <Size D, Size Heads, class Visibility, class LogitBias>
  struct Attention : TokenAttention<Gives::at, D, Heads, Visibility> {
    static_assert(LogitBias::tokens == 0, "a block that gives one token a sequence has no logit bias");
  };
  template <class... Ls>
  using Around = ResidualTo<Gives, Ls...>;
};
template <>
struct BlockParts<AllTokens> {
  template <Size D, Size Heads, class Visibility, class LogitBias>
  using Attention = SelfAttention<D, Heads, Visibility, LogitBias>;
  template <class... Ls>
  using Around = Residual<Ls...>;
};
template <class Gives, Size D, Size Heads, class Visibility, class LogitBias>
using AttentionGiving = typename BlockParts<Gives>::template Attention<D, Heads, Visibility, LogitBias>;
template <class Gives, class... Ls>
using ResidualGiving = typename BlockParts<Gives>::template Around<Ls...>;

}  // namespace detail

/// z' = z + MSA(LN(z)); z'' = z' + MLP(LN(z')). The normalisation comes first, as in ViT.
///
/// Shapes: (tokens, D) -> (tokens, D), or what `Gives` says. Parameters: norm1, attn.qkv, attn.proj, norm2, mlp.fc1,
/// mlp.fc2.
/// Dropout stands behind the attention, the activation and the second product; its rate is 0 until it is set.
/// Source: Dosovitskiy et al., ICLR 2021, equations 2 and 3; Li et al. (ViT2CMH), 2023, equation 5.
template <Size D, Size Heads, Size Hidden, class Act = Gelu, class Visibility = Full, class LogitBias = NoLogitBias,
          class Gives = AllTokens>
struct TransformerBlock
    : Chain<detail::ResidualGiving<Gives, Named<"norm1", LayerNorm<D>>,
                                   Named<"attn", detail::AttentionGiving<Gives, D, Heads, Visibility, LogitBias>>,
                                   Dropout>,
            Residual<Named<"norm2", LayerNorm<D>>, Mlp<D, Hidden, Act>>> {
  template <class Wanted>
  using Giving = TransformerBlock<D, Heads, Hidden, Act, Visibility, LogitBias, Wanted>;
};

/// z' = LN(z + MSA(z)); z'' = LN(z' + MLP(z')). The normalisation comes last, as in BERT.
///
/// Shapes and parameters as `TransformerBlock`'s.
/// Source: Vaswani et al., NeurIPS 2017, section 3.1; Devlin et al., NAACL 2019.
template <Size D, Size Heads, Size Hidden, class Act = Gelu, class Visibility = Full, class LogitBias = NoLogitBias,
          class Gives = AllTokens>
struct PostNormBlock
    : Chain<detail::ResidualGiving<
                Gives, Named<"attn", detail::AttentionGiving<Gives, D, Heads, Visibility, LogitBias>>, Dropout>,
            Named<"norm1", LayerNorm<D>>, Residual<Mlp<D, Hidden, Act>>, Named<"norm2", LayerNorm<D>>> {
  template <class Wanted>
  using Giving = PostNormBlock<D, Heads, Hidden, Act, Visibility, LogitBias, Wanted>;
};

/// z' = z + γ₁ MSA(LN(z)); z'' = z' + γ₂ MLP(LN(z')): the block of DINOv2. Parameters as `TransformerBlock`'s, and
/// ls1.gamma, ls2.gamma. Source: Oquab et al., "DINOv2", TMLR 2024; Touvron et al., ICCV 2021.
template <Size D, Size Heads, Size Hidden, class Act = Gelu, class Gives = AllTokens>
struct ScaledBlock
    : Chain<detail::ResidualGiving<Gives, Named<"norm1", LayerNorm<D>>,
                                   Named<"attn", detail::AttentionGiving<Gives, D, Heads, Full, NoLogitBias>>, Dropout,
                                   Named<"ls1", LayerScale<D>>>,
            Residual<Named<"norm2", LayerNorm<D>>, Mlp<D, Hidden, Act>, Named<"ls2", LayerScale<D>>>> {
  template <class Wanted>
  using Giving = ScaledBlock<D, Heads, Hidden, Act, Wanted>;
};

}  // namespace hashweave
