#pragma once
/// What the networks are made of: types put together at compile time.
#include <hashweave/cmh/supervised_hashing.hpp>
#include <hashweave/cmh/towers.hpp>
#include <hashweave/cmh/trans_hash.hpp>
#include <hashweave/data/preset.hpp>
#include <hashweave/io/checkpoint_names.hpp>

namespace transhash {
using namespace hashweave;

/// From scratch, in minutes: 32 x 32 pixels, 4 blocks.
struct Tiny {
  static constexpr std::string_view name = "tiny";
  static constexpr Size side = 32, patch = 4, width = 64, blocks = 4;
  static constexpr Preset preset{Fit::shorter_side, Filter::bicubic, 0.875};
  using Block = TransformerBlock<width, 4, 128>;
  using Norm = Identity;  // the paper's streams end with their block
  using Tower = VitTower<side, patch, width, blocks, 4, 128>;
  static constexpr std::string_view weights{};  // none are published
  static const CheckpointFamily& family() { return hf_vit(); }
};

/// DINOv2's ViT-S/14 at 112 x 112 pixels: 8 x 8 patches, 12 blocks.
struct Dinov2S {
  static constexpr std::string_view name = "dinov2-s";
  static constexpr Size side = 112, patch = 14, width = 384, blocks = 12;
  static constexpr Preset preset{Fit::shorter_side, Filter::bicubic,          1,
                                 Halving::to_even,  {0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}};
  using Block = ScaledBlock<width, 6, 1536>;
  using Norm = LayerNorm<width>;
  using Tower = Dinov2Tower<side, patch, width, blocks, 6, 1536>;
  static constexpr std::string_view weights = "dinov2-s";
  static const CheckpointFamily& family() { return hf_dinov2(); }
};

/// The blocks before the last one, which all methods have in common.
template <class A>
using BeforeLast = CommonBlocks<A::side, A::patch, A::width, A::blocks - 1, typename A::Block>;

/// The last block with a head on the class token, as the rivals have it.
template <class A, class Head>
struct OneStream : Chain<Named<"global", Chain<Named<"block", typename A::Block::template Giving<FirstToken<A::width>>>,
                                               Named<"norm", typename A::Norm>>>,
                         Named<"head", Head>> {};

/// The last blocks and heads there are. Each says how many columns it gives for a code of `Bits` bits.
struct TwoStreams {
  template <Size Bits>
  static constexpr Size columns = Bits;
  template <class A, Size Bits>
  using Top = DualStream<typename A::Block, A::width, Bits, 2, typename A::Norm>;
};
struct LinearTop {
  template <Size Bits>
  static constexpr Size columns = Bits;
  template <class A, Size Bits>
  using Top = OneStream<A, Chain<Named<"linear", Linear<A::width, Bits>>>>;
};
/// HashNet's head, with a factor of 1 also DCH's and CSQ's.
struct TanhTop {
  template <Size Bits>
  static constexpr Size columns = Bits;
  template <class A, Size Bits>
  using Top = OneStream<A, HashNetHead<A::width, Bits>>;
};
/// GreedyHash's: the code, and beside it the logits of at most `most_classes` classes.
struct ClassifierTop {
  static constexpr Size most_classes = 128;
  template <Size Bits>
  static constexpr Size columns = Bits + most_classes;
  template <class A, Size Bits>
  using Top = OneStream<A, GreedyHashHead<A::width, Bits, most_classes>>;
};

/// Pixels -> code. TwoStreams with it is `TransHash<…>`.
template <class A, class T, Size Bits>
using Network = Chain<BeforeLast<A>, typename T::template Top<A, Bits>>;

}  // namespace transhash
