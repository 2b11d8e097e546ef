#include <golden/names.hpp>
#include <hashweave/io/checkpoint_names.hpp>

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

namespace {

/// The library's table of a family; `unused` is what the case's file holds beside the tower's parameters.
Family of(const CheckpointFamily& published, std::vector<std::string> unused = {}) {
  Family family{{}, std::move(unused)};
  for (const NameRule& rule : published.rules) {
    family.renames.push_back({std::string{rule.library}, {rule.checkpoint.begin(), rule.checkpoint.end()}});
  }
  return family;
}

}  // namespace

const Family timm_vit = of(hashweave::timm_vit());
const Family hf_vit = of(hashweave::hf_vit());
const Family hf_dinov2 = of(hashweave::hf_dinov2(), {"embeddings.mask_token"});
const Family hf_bert = of(hashweave::hf_bert());
const Family hf_clip_vision = of(hashweave::hf_clip_vision());
const Family hf_clip_text = of(hashweave::hf_clip_text());

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

std::vector<std::string> checkpoint_names(const Family& family, std::string_view parameter) {
  std::vector<std::string> names;
  for (const Rename& r : family.renames) {
    for (const std::string& to : r.checkpoint) {
      if (const auto name = hashweave::detail::renamed(parameter, r.library, to)) names.push_back(*name);
    }
    if (!names.empty()) return names;
  }
  return names;
}

}  // namespace hashweave::golden
