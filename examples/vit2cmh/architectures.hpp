#pragma once
/// The architectures of the app: types put together at compile time. Each is two towers of public design, two
/// projections, and ViT2CMH's shared trunk. To add one, write a struct like these and name it in `hash_model.cpp`.
#include <hashweave/cmh/cross_modal.hpp>
#include <hashweave/cmh/hash_head.hpp>
#include <hashweave/cmh/shared_cross_encoder.hpp>
#include <hashweave/cmh/towers.hpp>
#include <hashweave/data/preset.hpp>
#include <hashweave/io/checkpoint_names.hpp>

namespace vit2cmh {
using namespace hashweave;

/// From scratch, in minutes: 64 x 64 pixels, its own vocabulary.
struct Tiny {
  static constexpr std::string_view name = "tiny";
  static constexpr Size side = 64, patch = 8, vocabulary = 8192, positions = 64;
  static constexpr Size image_width = 128, text_width = 128, width = 192, heads = 4, hidden = 384;
  static constexpr Preset preset{Fit::shorter_side, Filter::bicubic};
  using ImageTower = VitTower<side, patch, image_width, 4, 4, 256>;
  using TextTower = BertTower<vocabulary, positions, text_width, 2, 4, 256>;
  static constexpr std::string_view image_weights{}, text_weights{};  // none are published
  static const CheckpointFamily& image_family() { return hf_vit(); }
  static const CheckpointFamily& text_family() { return hf_bert(); }
};

/// DINOv2's ViT-S/14 (12 x 384, LayerScale) and MiniLM (BERT, 6 x 384).
struct Dinov2Minilm {
  static constexpr std::string_view name = "dinov2-s+minilm";
  static constexpr Size side = 224, patch = 14, vocabulary = 30522, positions = 512;
  static constexpr Size image_width = 384, text_width = 384, width = 1024, heads = 4, hidden = 2048;
  static constexpr Preset preset{Fit::shorter_side, Filter::bicubic,          1,
                                 Halving::to_even,  {0.485F, 0.456F, 0.406F}, {0.229F, 0.224F, 0.225F}};
  using ImageTower = Dinov2Tower<side, patch, image_width, 12, 6, 1536>;
  using TextTower = BertTower<vocabulary, positions, text_width, 6, 12, 1536>;
  static constexpr std::string_view image_weights = "dinov2-s", text_weights = "minilm-l6";
  static const CheckpointFamily& image_family() { return hf_dinov2(); }
  static const CheckpointFamily& text_family() { return hf_bert(); }
};

/// The paper's: ViT-B/16 and BERT-base.
struct VitBert {
  static constexpr std::string_view name = "vit-b16+bert-base";
  static constexpr Size side = 224, patch = 16, vocabulary = 30522, positions = 512;
  static constexpr Size image_width = 768, text_width = 768, width = 1024, heads = 4, hidden = 2048;
  static constexpr Preset preset = presets::vit_hf;
  using ImageTower = VitTower<side, patch, image_width, 12, 12, 3072>;
  using TextTower = BertTower<vocabulary, positions, text_width, 12, 12, 3072>;
  static constexpr std::string_view image_weights = "vit-base-patch16-224-in21k", text_weights = "bert-base-uncased";
  static const CheckpointFamily& image_family() { return hf_vit(); }
  static const CheckpointFamily& text_family() { return hf_bert(); }
};

/// What all tokens of a frozen tower go through before the trunk. There is nobody to give their gradient to: it is not
/// computed.
template <Size From, Size To>
struct Projection : Chain<Named<"proj", Linear<From, To>>> {
  template <class B, class P, class Saved>
  View<B, Tokens<From>> backward(B& be, const P&, const Saved& s, View<B, Tokens<To>> dy, P& g) const {
    this->head.backward_parameters(be, s.head, dy, g.head);
    return {};
  }
};
template <class Tower, Size From, Size To>
struct Strand : Chain<Named<"tower", Tower>, Named<"proj", Linear<From, To>>> {};

/// The part that both modalities share: two transformer blocks that give the first token, the hash head.
/// Source: Li et al. (ViT2CMH), 2023, section 3.3 and equation 6.
template <class A, Size Bits>
struct Trunk : Chain<Named<"shared", SharedCrossEncoder<A::width, 2, A::heads, A::hidden>>,
                     Named<"hash", HashHead<A::width, Bits>>> {};

/// The whole model: pixels and token ids -> codes.
template <class A, Size Bits>
using Whole = CrossModal<Strand<typename A::ImageTower, A::image_width, A::width>,
                         Strand<typename A::TextTower, A::text_width, A::width>, Trunk<A, Bits>>;
/// What is left to train above frozen towers: tokens of both towers -> codes. Its parameters have the same names.
template <class A, Size Bits>
using Upper = CrossModal<Projection<A::image_width, A::width>, Projection<A::text_width, A::width>, Trunk<A, Bits>>;

}  // namespace vit2cmh
