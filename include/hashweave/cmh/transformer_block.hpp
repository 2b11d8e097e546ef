#pragma once
#include <hashweave/compose/chain.hpp>
#include <hashweave/compose/named.hpp>
#include <hashweave/compose/residual.hpp>
#include <hashweave/nn/activation.hpp>
#include <hashweave/nn/dropout.hpp>
#include <hashweave/nn/layer_norm.hpp>
#include <hashweave/nn/layer_scale.hpp>
#include <hashweave/nn/linear.hpp>
#include <hashweave/nn/self_attention.hpp>

namespace hashweave {

/// D -> Hidden -> D: Linear, activation, dropout, Linear, dropout. Parameters `mlp.fc1.*`, `mlp.fc2.*`.
template <Size D, Size Hidden, class Act = Gelu>
struct Mlp
    : Named<"mlp", Chain<Named<"fc1", Linear<D, Hidden>>, Act, Dropout, Named<"fc2", Linear<Hidden, D>>, Dropout>> {};

/// z' = z + MSA(LN(z)); z'' = z' + MLP(LN(z')). The normalisation comes first, as in ViT.
///
/// Shapes: (tokens, D) -> (tokens, D). Parameters: norm1, attn.qkv, attn.proj, norm2, mlp.fc1, mlp.fc2.
/// Dropout stands behind the attention, the activation and the second product; its rate is 0 until it is set.
/// Source: Dosovitskiy et al., ICLR 2021, equations 2 and 3; Li et al. (ViT2CMH), 2023, equation 5.
template <Size D, Size Heads, Size Hidden, class Act = Gelu, class Visibility = Full, class LogitBias = NoLogitBias>
struct TransformerBlock : Chain<Residual<Named<"norm1", LayerNorm<D>>,
                                         Named<"attn", SelfAttention<D, Heads, Visibility, LogitBias>>, Dropout>,
                                Residual<Named<"norm2", LayerNorm<D>>, Mlp<D, Hidden, Act>>> {};

/// z' = LN(z + MSA(z)); z'' = LN(z' + MLP(z')). The normalisation comes last, as in BERT.
///
/// Shapes and parameters as `TransformerBlock`'s.
/// Source: Vaswani et al., NeurIPS 2017, section 3.1; Devlin et al., NAACL 2019.
template <Size D, Size Heads, Size Hidden, class Act = Gelu, class Visibility = Full, class LogitBias = NoLogitBias>
struct PostNormBlock
    : Chain<Residual<Named<"attn", SelfAttention<D, Heads, Visibility, LogitBias>>, Dropout>,
            Named<"norm1", LayerNorm<D>>, Residual<Mlp<D, Hidden, Act>>, Named<"norm2", LayerNorm<D>>> {};

/// z' = z + γ₁ MSA(LN(z)); z'' = z' + γ₂ MLP(LN(z')): the block of DINOv2. Parameters as `TransformerBlock`'s, and
/// ls1.gamma, ls2.gamma. Source: Oquab et al., "DINOv2", TMLR 2024; Touvron et al., ICCV 2021.
template <Size D, Size Heads, Size Hidden, class Act = Gelu>
struct ScaledBlock : Chain<Residual<Named<"norm1", LayerNorm<D>>, Named<"attn", SelfAttention<D, Heads>>, Dropout,
                                    Named<"ls1", LayerScale<D>>>,
                           Residual<Named<"norm2", LayerNorm<D>>, Mlp<D, Hidden, Act>, Named<"ls2", LayerScale<D>>>> {};

}  // namespace hashweave
