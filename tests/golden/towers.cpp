#include <algorithm>
#include <golden/check_layer.hpp>
#include <hashweave/cmh/towers.hpp>

using namespace hashweave;
using namespace hashweave::golden;

namespace {

using Vit = VitTower<32, 8, 24, 3, 4, 96>;

const Golden vit_hf{"vit_hf", [](auto& check) {
                      check.expect("model", "ViTModel");
                      check.expect("image_size", 32.0);
                      check.expect("patch_size", 8.0);
                      check.expect("hidden_size", 24.0);
                      check.expect("num_hidden_layers", 3.0);
                      check.expect("num_attention_heads", 4.0);
                      check.expect("intermediate_size", 96.0);
                      const auto tower = with_eps<Vit>(check.number("layer_norm_eps"));
                      check_layer<Pixels<3, 32, 32>>(check, tower, hf_vit, "pixel_values");
                    }};

const Golden vit_timm{"vit_timm", [](auto& check) {
                        check.expect("model", "timm VisionTransformer forward_features");
                        check.expect("img_size", 32.0);
                        check.expect("patch_size", 8.0);
                        check.expect("embed_dim", 24.0);
                        check.expect("depth", 3.0);
                        check.expect("num_heads", 4.0);
                        const auto tower = with_eps<Vit>(check.number("eps"));
                        check_layer<Pixels<3, 32, 32>>(check, tower, timm_vit, "pixel_values");
                      }};

const Golden dinov2{"dinov2_hf", [](auto& check) {
                      check.expect("model", "Dinov2Model");
                      check.expect("image_size", 40.0);
                      check.expect("patch_size", 8.0);
                      check.expect("hidden_size", 24.0);
                      check.expect("layers", 3.0);
                      check.expect("heads", 4.0);
                      const auto tower = with_eps<Dinov2Tower<40, 8, 24, 3, 4, 96>>(check.number("layer_norm_eps"));
                      check_layer<Pixels<3, 40, 40>>(check, tower, hf_dinov2, "pixel_values");
                    }};

const Golden bert{"bert_hf", [](auto& check) {
                    check.expect("model", "BertModel");
                    check.expect("vocab_size", 997.0);
                    check.expect("max_position_embeddings", 64.0);
                    check.expect("hidden_size", 24.0);
                    check.expect("num_hidden_layers", 3.0);
                    check.expect("num_attention_heads", 4.0);
                    check.expect("intermediate_size", 96.0);
                    const auto tower = with_eps<BertTower<997, 64, 24, 3, 4, 96>>(check.number("layer_norm_eps"));
                    check_layer<TokenIds>(check, tower, hf_bert, "input_ids");
                  }};

const auto expect_clip = [](auto& check) {
  check.expect("hidden_act", "quick_gelu");
  check.expect("hidden_size", 24.0);
  check.expect("layers", 3.0);
  check.expect("heads", 4.0);
  check.expect("projection_dim", 16.0);
};

const Golden clip_vision{"clip_vision_hf", [](auto& check) {
                           check.expect("model", "CLIPVisionModelWithProjection");
                           check.expect("image_size", 32.0);
                           check.expect("patch_size", 8.0);
                           expect_clip(check);
                           using Tower = ClipImageTower<32, 8, 24, 3, 4, 96, 16>;
                           const auto tower = with_eps<Tower>(check.number("layer_norm_eps"));
                           check_layer<Pixels<3, 32, 32>>(check, tower, hf_clip_vision, "pixel_values");
                         }};

/// Each sequence up to its first end-of-text token, which is where CLIP looks: nothing behind it counts.
std::vector<Size> lengths_to_first(const Tensor& ids, double end) {
  std::vector<Size> lengths;
  const Size width = ids.shape.at(1);
  for (Size s = 0; s < ids.shape.at(0); ++s) {
    const auto begin = ids.values.begin() + s * width, found = std::find(begin, begin + width, end);
    require(found != begin + width, "clip_text_hf", "end-of-text token of sequence " + std::to_string(s), end, "none");
    lengths.push_back(found - begin + 1);
  }
  return lengths;
}

const Golden clip_text{"clip_text_hf", [](auto& check) {
                         check.expect("model", "CLIPTextModelWithProjection");
                         check.expect("vocab_size", 997.0);
                         expect_clip(check);
                         using Tower = ClipTextTower<997, 32, 24, 3, 4, 96, 16>;
                         const auto tower = with_eps<Tower>(check.number("layer_norm_eps"));
                         const auto lengths =
                             lengths_to_first(check.tensor("in.input_ids"), check.number("eos_token_id"));
                         check_layer<TokenIds>(check, tower, hf_clip_text, "input_ids", lengths);
                       }};

}  // namespace
