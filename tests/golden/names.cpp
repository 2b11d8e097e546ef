#include <golden/names.hpp>
#include <optional>

namespace hashweave::golden {

const Family torch_module{{{"weight", {"weight"}}, {"bias", {"bias"}}}};

const Family torch_attention{
    {{"qkv.weight", {"in_proj_weight"}}, {"qkv.bias", {"in_proj_bias"}}, {"proj", {"out_proj"}}}};

const Family torch_encoder_layer{{{"norm1", {"norm1"}},
                                  {"norm2", {"norm2"}},
                                  {"attn.qkv.weight", {"self_attn.in_proj_weight"}},
                                  {"attn.qkv.bias", {"self_attn.in_proj_bias"}},
                                  {"attn.proj", {"self_attn.out_proj"}},
                                  {"mlp.fc1", {"linear1"}},
                                  {"mlp.fc2", {"linear2"}}}};

const Family timm_vit{{{"patch_embed.cls_token", {"cls_token"}},
                       {"patch_embed.pos_embed", {"pos_embed"}},
                       {"patch_embed.proj", {"patch_embed.proj"}},
                       {"blocks.{i}", {"blocks.{i}"}},
                       {"norm", {"norm"}}}};

const Family hf_vit{{{"patch_embed.cls_token", {"embeddings.cls_token"}},
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
                     {"norm", {"layernorm"}}}};

const Family hf_dinov2{{{"patch_embed.cls_token", {"embeddings.cls_token"}},
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
                       {"embeddings.mask_token"}};

const Family hf_bert{{{"embed.word", {"embeddings.word_embeddings.weight"}},
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
                      {"blocks.{i}.norm2", {"encoder.layer.{i}.output.LayerNorm"}}}};

const Family hf_clip_vision{
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
     {"projection", {"visual_projection"}}}};

const Family hf_clip_text{
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
     {"projection", {"text_projection"}}}};

Family placed(const std::string& library, const std::string& checkpoint, Family family) {
  for (Rename& r : family.renames) {
    r.library = library + "." + r.library;
    for (std::string& name : r.checkpoint) name = checkpoint + "." + name;
  }
  for (std::string& name : family.unused) name = checkpoint + "." + name;
  return family;
}
Family joined(const std::vector<Family>& families) {
  Family all;
  for (const Family& f : families) {
    all.renames.insert(all.renames.end(), f.renames.begin(), f.renames.end());
    all.unused.insert(all.unused.end(), f.unused.begin(), f.unused.end());
  }
  return all;
}

namespace {

/// What follows `pattern` in `name`, and the number that `{i}` stood for; nothing where the name begins otherwise.
struct Match {
  std::string number;
  std::string rest;
};
std::optional<Match> match(std::string_view pattern, std::string_view name) {
  Match m;
  const std::size_t hole = pattern.find("{i}");
  const std::string_view head = pattern.substr(0, hole);
  if (!name.starts_with(head)) return {};
  name.remove_prefix(head.size());
  if (hole != std::string_view::npos) {
    const std::size_t digits = std::min(name.find_first_not_of("0123456789"), name.size());
    m.number = name.substr(0, digits);
    const std::string_view tail = pattern.substr(hole + 3);
    name.remove_prefix(digits);
    if (digits == 0 || !name.starts_with(tail)) return {};
    name.remove_prefix(tail.size());
  }
  if (!name.empty() && name.front() != '.') return {};
  m.rest = name;
  return m;
}

}  // namespace

std::vector<std::string> checkpoint_names(const Family& family, std::string_view parameter) {
  std::vector<std::string> names;
  for (const Rename& r : family.renames) {
    const auto m = match(r.library, parameter);
    if (!m) continue;
    for (std::string name : r.checkpoint) {
      if (const std::size_t hole = name.find("{i}"); hole != std::string::npos) name.replace(hole, 3, m->number);
      names.push_back(name + m->rest);
    }
    return names;
  }
  return names;
}

}  // namespace hashweave::golden
