#pragma once
#include <hashweave/core/types.hpp>
#include <hashweave/io/tower_config.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hashweave {

/// The parameters `library` or `library.…` are the checkpoint's `checkpoint` or `checkpoint.…`. `{i}` stands for the
/// same number on both sides. Several names are put together along their rows, in this order (q, k, v).
struct NameRule {
  std::string_view library;
  std::vector<std::string_view> checkpoint;
};

/// Another spelling of a published name, under the same rules: `from` is read as `to`.
struct OtherSpelling {
  std::string_view from, to;
};

/// How a family of public checkpoints calls the parameters of one tower: for loading and for writing.
struct CheckpointFamily {
  std::string_view name;
  std::vector<NameRule> rules;
  std::vector<std::string_view> prefixes{};  ///< taken off before anything else, where a name begins with them
  std::vector<OtherSpelling> other_spellings{};
  std::vector<std::string_view> ignored{};      ///< what a checkpoint may hold beside the tower: heads, poolers
  std::vector<std::string_view> rank_three{};   ///< tensors written as (1, rows, D) rather than (rows, D) or (D)
  TowerConfig defaults{};                       ///< what a config.json means that does not say it
  std::vector<std::string_view> model_types{};  ///< of its config.json; none: the family's config.json is not read
  std::string_view config_part{};  ///< the object of config.json that describes the tower, if it is but a part
  double mlp_ratio = 0;            ///< intermediate_size / hidden_size where config.json says this instead
};

namespace detail {

/// `name` under the pattern `from`, said with the pattern `to`: the number of `{i}` and the rest carry over.
inline std::optional<std::string> renamed(std::string_view name, std::string_view from, std::string_view to) {
  std::string number;
  std::size_t n = 0;
  for (std::size_t p = 0; p < from.size();) {
    if (from.substr(p).starts_with("{i}")) {
      const std::size_t begin = n;
      while (n < name.size() && name[n] >= '0' && name[n] <= '9') ++n;
      if (n == begin) return std::nullopt;
      number = name.substr(begin, n - begin);
      p += 3;
    } else {
      if (n == name.size() || name[n] != from[p]) return std::nullopt;
      ++n, ++p;
    }
  }
  if (n != name.size() && name[n] != '.') return std::nullopt;
  std::string out{to};
  if (const auto at = out.find("{i}"); at != std::string::npos) out.replace(at, 3, number);
  return out + std::string{name.substr(n)};
}

}  // namespace detail

/// The published spelling of a checkpoint's name: prefixes taken off, other spellings replaced, TensorFlow's gamma and
/// beta read as weight and bias.
inline std::string published_name(const CheckpointFamily& family, std::string_view name) {
  for (const std::string_view prefix : family.prefixes) {
    if (name.starts_with(prefix)) name.remove_prefix(prefix.size());
  }
  std::string out{name};
  for (const OtherSpelling& other : family.other_spellings) {
    if (const auto to = detail::renamed(out, other.from, other.to)) out = *to;
  }
  for (const auto& [tail, modern] :
       {std::pair{"LayerNorm.gamma", "LayerNorm.weight"}, {"LayerNorm.beta", "LayerNorm.bias"}}) {
    if (out.ends_with(tail)) out.replace(out.size() - std::string_view{tail}.size(), std::string::npos, modern);
  }
  return out;
}

/// The names in the checkpoint of one of the tower's parameters; none where the family has no rule for it.
inline std::vector<std::string> checkpoint_names(const CheckpointFamily& family, std::string_view parameter) {
  for (const NameRule& rule : family.rules) {
    std::vector<std::string> names;
    for (const std::string_view to : rule.checkpoint) {
      if (const auto name = detail::renamed(parameter, rule.library, to)) names.push_back(*name);
    }
    if (!names.empty()) return names;
  }
  return {};
}

/// Hugging Face's ViTModel and ViTForImageClassification -> `VitTower`; LayerNorm eps 1e-12. Also under the names that
/// transformers 5 gives in memory.
inline const CheckpointFamily& hf_vit() {
  static const CheckpointFamily family{
      "Hugging Face ViT",
      {{"patch_embed.cls_token", {"embeddings.cls_token"}},
       {"patch_embed.pos_embed", {"embeddings.position_embeddings"}},
       {"patch_embed.proj", {"embeddings.patch_embeddings.projection"}},
       {"blocks.{i}.norm1", {"encoder.layer.{i}.layernorm_before"}},
       {"blocks.{i}.attn.qkv",
        {"encoder.layer.{i}.attention.attention.query", "encoder.layer.{i}.attention.attention.key",
         "encoder.layer.{i}.attention.attention.value"}},
       {"blocks.{i}.attn.proj", {"encoder.layer.{i}.attention.output.dense"}},
       {"blocks.{i}.norm2", {"encoder.layer.{i}.layernorm_after"}},
       {"blocks.{i}.mlp.fc1", {"encoder.layer.{i}.intermediate.dense"}},
       {"blocks.{i}.mlp.fc2", {"encoder.layer.{i}.output.dense"}},
       {"norm", {"layernorm"}}},
      {"model.", "vit."},
      {{"layers.{i}.attention.q_proj", "encoder.layer.{i}.attention.attention.query"},
       {"layers.{i}.attention.k_proj", "encoder.layer.{i}.attention.attention.key"},
       {"layers.{i}.attention.v_proj", "encoder.layer.{i}.attention.attention.value"},
       {"layers.{i}.attention.o_proj", "encoder.layer.{i}.attention.output.dense"},
       {"layers.{i}.mlp.fc1", "encoder.layer.{i}.intermediate.dense"},
       {"layers.{i}.mlp.fc2", "encoder.layer.{i}.output.dense"},
       {"layers.{i}.layernorm_before", "encoder.layer.{i}.layernorm_before"},
       {"layers.{i}.layernorm_after", "encoder.layer.{i}.layernorm_after"}},
      {"pooler", "classifier", "embeddings.mask_token"},
      {"embeddings.cls_token", "embeddings.position_embeddings"},
      {.hidden_size = 768,
       .num_hidden_layers = 12,
       .num_attention_heads = 12,
       .intermediate_size = 3072,
       .image_size = 224,
       .patch_size = 16,
       .num_channels = 3,
       .hidden_act = "gelu",
       .layer_norm_eps = 1e-12},
      {"vit"}};
  return family;
}

/// timm's VisionTransformer -> `VitTower`; LayerNorm eps 1e-6.
inline const CheckpointFamily& timm_vit() {
  static const CheckpointFamily family{"timm ViT",
                                       {{"patch_embed.cls_token", {"cls_token"}},
                                        {"patch_embed.pos_embed", {"pos_embed"}},
                                        {"patch_embed.proj", {"patch_embed.proj"}},
                                        {"blocks.{i}", {"blocks.{i}"}},
                                        {"norm", {"norm"}}},
                                       {"model.", "module."},
                                       {},
                                       {"head"},
                                       {"cls_token", "pos_embed"},
                                       {.layer_norm_eps = 1e-6}};
  return family;
}

/// Hugging Face's Dinov2Model -> `Dinov2Tower`; LayerNorm eps 1e-6. The mask token serves its pretraining only.
inline const CheckpointFamily& hf_dinov2() {
  static const CheckpointFamily family{
      "Hugging Face DINOv2",
      {{"patch_embed.cls_token", {"embeddings.cls_token"}},
       {"patch_embed.pos_embed", {"embeddings.position_embeddings"}},
       {"patch_embed.proj", {"embeddings.patch_embeddings.projection"}},
       {"blocks.{i}.norm1", {"encoder.layer.{i}.norm1"}},
       {"blocks.{i}.attn.qkv",
        {"encoder.layer.{i}.attention.attention.query", "encoder.layer.{i}.attention.attention.key",
         "encoder.layer.{i}.attention.attention.value"}},
       {"blocks.{i}.attn.proj", {"encoder.layer.{i}.attention.output.dense"}},
       {"blocks.{i}.ls1.gamma", {"encoder.layer.{i}.layer_scale1.lambda1"}},
       {"blocks.{i}.norm2", {"encoder.layer.{i}.norm2"}},
       {"blocks.{i}.mlp", {"encoder.layer.{i}.mlp"}},
       {"blocks.{i}.ls2.gamma", {"encoder.layer.{i}.layer_scale2.lambda1"}},
       {"norm", {"layernorm"}}},
      {"model.", "backbone.", "dinov2."},
      {{"encoder.layer.{i}.attention.q_proj", "encoder.layer.{i}.attention.attention.query"},
       {"encoder.layer.{i}.attention.k_proj", "encoder.layer.{i}.attention.attention.key"},
       {"encoder.layer.{i}.attention.v_proj", "encoder.layer.{i}.attention.attention.value"},
       {"encoder.layer.{i}.attention.o_proj", "encoder.layer.{i}.attention.output.dense"}},
      {"embeddings.mask_token", "classifier"},
      {"embeddings.cls_token", "embeddings.position_embeddings"},
      {.hidden_size = 768,
       .num_hidden_layers = 12,
       .num_attention_heads = 12,
       .intermediate_size = 3072,
       .image_size = 224,
       .patch_size = 14,
       .num_channels = 3,
       .hidden_act = "gelu",
       .layer_norm_eps = 1e-6},
      {"dinov2"},
      {},
      4};
  return family;
}

/// Hugging Face's BertModel and its descendants -> `BertTower`; LayerNorm eps 1e-12. With or without `bert.` in front,
/// and with the gamma and beta of the first checkpoints.
inline const CheckpointFamily& hf_bert() {
  static const CheckpointFamily family{
      "Hugging Face BERT",
      {{"embed.word", {"embeddings.word_embeddings.weight"}},
       {"embed.position", {"embeddings.position_embeddings.weight"}},
       {"embed.type", {"embeddings.token_type_embeddings.weight"}},
       {"norm", {"embeddings.LayerNorm"}},
       {"blocks.{i}.attn.qkv",
        {"encoder.layer.{i}.attention.self.query", "encoder.layer.{i}.attention.self.key",
         "encoder.layer.{i}.attention.self.value"}},
       {"blocks.{i}.attn.proj", {"encoder.layer.{i}.attention.output.dense"}},
       {"blocks.{i}.norm1", {"encoder.layer.{i}.attention.output.LayerNorm"}},
       {"blocks.{i}.mlp.fc1", {"encoder.layer.{i}.intermediate.dense"}},
       {"blocks.{i}.mlp.fc2", {"encoder.layer.{i}.output.dense"}},
       {"blocks.{i}.norm2", {"encoder.layer.{i}.output.LayerNorm"}}},
      {"model.", "bert."},
      {},
      {"embeddings.position_ids", "pooler", "cls", "classifier"},
      {},
      {.hidden_size = 768,
       .num_hidden_layers = 12,
       .num_attention_heads = 12,
       .intermediate_size = 3072,
       .vocab_size = 30522,
       .max_position_embeddings = 512,
       .type_vocab_size = 2,
       .hidden_act = "gelu",
       .layer_norm_eps = 1e-12},
      {"bert"}};
  return family;
}

/// Hugging Face's CLIPVisionModelWithProjection, or the vision part of a CLIPModel -> `ClipImageTower`.
inline const CheckpointFamily& hf_clip_vision() {
  static const CheckpointFamily family{
      "Hugging Face CLIP vision",
      {{"patch_embed.cls_token", {"vision_model.embeddings.class_embedding"}},
       {"patch_embed.pos_embed", {"vision_model.embeddings.position_embedding.weight"}},
       {"patch_embed.proj", {"vision_model.embeddings.patch_embedding"}},
       {"pre_norm", {"vision_model.pre_layrnorm"}},
       {"blocks.{i}.norm1", {"vision_model.encoder.layers.{i}.layer_norm1"}},
       {"blocks.{i}.attn.qkv",
        {"vision_model.encoder.layers.{i}.self_attn.q_proj", "vision_model.encoder.layers.{i}.self_attn.k_proj",
         "vision_model.encoder.layers.{i}.self_attn.v_proj"}},
       {"blocks.{i}.attn.proj", {"vision_model.encoder.layers.{i}.self_attn.out_proj"}},
       {"blocks.{i}.norm2", {"vision_model.encoder.layers.{i}.layer_norm2"}},
       {"blocks.{i}.mlp", {"vision_model.encoder.layers.{i}.mlp"}},
       {"post_norm", {"vision_model.post_layernorm"}},
       {"projection", {"visual_projection"}}},
      {"model."},
      {},
      {"vision_model.embeddings.position_ids", "text_model", "text_projection", "logit_scale"},
      {},
      {.hidden_size = 768,
       .num_hidden_layers = 12,
       .num_attention_heads = 12,
       .intermediate_size = 3072,
       .image_size = 224,
       .patch_size = 32,
       .num_channels = 3,
       .projection_dim = 512,
       .hidden_act = "quick_gelu",
       .layer_norm_eps = 1e-5},
      {"clip", "clip_vision_model"},
      "vision_config"};
  return family;
}

/// Hugging Face's CLIPTextModelWithProjection, or the text part of a CLIPModel -> `ClipTextTower`.
inline const CheckpointFamily& hf_clip_text() {
  static const CheckpointFamily family{
      "Hugging Face CLIP text",
      {{"embed.word", {"text_model.embeddings.token_embedding.weight"}},
       {"embed.position", {"text_model.embeddings.position_embedding.weight"}},
       {"blocks.{i}.norm1", {"text_model.encoder.layers.{i}.layer_norm1"}},
       {"blocks.{i}.attn.qkv",
        {"text_model.encoder.layers.{i}.self_attn.q_proj", "text_model.encoder.layers.{i}.self_attn.k_proj",
         "text_model.encoder.layers.{i}.self_attn.v_proj"}},
       {"blocks.{i}.attn.proj", {"text_model.encoder.layers.{i}.self_attn.out_proj"}},
       {"blocks.{i}.norm2", {"text_model.encoder.layers.{i}.layer_norm2"}},
       {"blocks.{i}.mlp", {"text_model.encoder.layers.{i}.mlp"}},
       {"norm", {"text_model.final_layer_norm"}},
       {"projection", {"text_projection"}}},
      {"model."},
      {},
      {"text_model.embeddings.position_ids", "vision_model", "visual_projection", "logit_scale"},
      {},
      {.hidden_size = 512,
       .num_hidden_layers = 12,
       .num_attention_heads = 8,
       .intermediate_size = 2048,
       .vocab_size = 49408,
       .max_position_embeddings = 77,
       .projection_dim = 512,
       .hidden_act = "quick_gelu",
       .layer_norm_eps = 1e-5},
      {"clip", "clip_text_model"},
      "text_config"};
  return family;
}

}  // namespace hashweave
