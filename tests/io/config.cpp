#include <catch2/catch.hpp>
#include <hashweave/cmh/towers.hpp>
#include <hashweave/cpu.hpp>
#include <hashweave/io/checkpoint.hpp>
#include <hashweave/nn/batch_norm.hpp>
#include <io/files.hpp>
#include <string>
#include <support/check_error.hpp>
#include <vector>

using namespace hashweave;
using namespace hashweave::test;

namespace {

using Vit = VitTower<32, 8, 24, 3, 4, 96>;
using Dino = Dinov2Tower<40, 8, 24, 3, 4, 96>;
using Bert = BertTower<997, 64, 24, 3, 4, 96>;
using ClipImage = ClipImageTower<32, 8, 24, 3, 4, 96, 16>;
using ClipText = ClipTextTower<997, 32, 24, 3, 4, 96, 16>;

const std::string vit_text = R"({"model_type": "vit", "architectures": ["ViTModel"], "hidden_size": 24,
  "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 96, "hidden_act": "gelu",
  "layer_norm_eps": 1e-11, "image_size": 32, "patch_size": 8, "num_channels": 3, "qkv_bias": true, "extra": null})";
const std::string bert_text = R"({"model_type": "bert", "vocab_size": 997, "max_position_embeddings": 64,
  "type_vocab_size": 2, "hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4,
  "intermediate_size": 96, "hidden_act": "gelu", "layer_norm_eps": 1e-3})";
const std::string clip_text = R"({"model_type": "clip", "projection_dim": 16,
  "vision_config": {"hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 96,
    "image_size": 32, "patch_size": 8, "projection_dim": 512, "layer_norm_eps": 2e-5},
  "text_config": {"hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 96,
    "vocab_size": 997, "max_position_embeddings": 32, "projection_dim": 512, "hidden_act": "quick_gelu"}})";

template <class L>
std::vector<double> all_eps(L tower) {
  std::vector<double> eps;
  for_each_layer(tower, [&](auto& layer) {
    if constexpr (requires { layer.eps; }) eps.push_back(layer.eps);
  });
  return eps;
}
template <class L>
void check_all_eps(const L& tower, double wanted) {
  const std::vector<double> eps = all_eps(tower);
  REQUIRE_FALSE(eps.empty());
  for (const double one : eps) CHECK(one == wanted);
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}
/// The message with which a config.json for `Vit` is refused; the tower is left as it was.
std::string refusal(const std::string& text) {
  Vit tower;
  std::string message = "nothing thrown";
  try {
    configure(tower, text, "c", hf_vit());
  } catch (const Error& error) {
    message = error.what();
    check_all_eps(tower, 1e-5);
  }
  return message;
}

}  // namespace

TEST_CASE("a tower's type says what config.json would say of it", "[io][config]") {
  const TowerConfig vit = config_of(Vit{});
  CHECK(vit.hidden_size == 24);
  CHECK(vit.num_hidden_layers == 3);
  CHECK(vit.num_attention_heads == 4);
  CHECK(vit.intermediate_size == 96);
  CHECK(vit.image_size == 32);
  CHECK(vit.patch_size == 8);
  CHECK(vit.num_channels == 3);
  CHECK(vit.vocab_size == 0);
  CHECK(vit.hidden_act == "gelu");
  CHECK(vit.layer_norm_eps == 1e-5);
  const TowerConfig text = config_of(ClipText{});
  CHECK(text.vocab_size == 997);
  CHECK(text.max_position_embeddings == 32);
  CHECK(text.type_vocab_size == 0);
  CHECK(text.projection_dim == 16);
  CHECK(text.hidden_act == "quick_gelu");
  CHECK(config_of(Bert{}).type_vocab_size == 2);
}

TEST_CASE("config.json sets eps of every LayerNorm", "[io][config]") {
  Vit vit;
  const TowerConfig read = configure(vit, vit_text, "c", hf_vit());
  check_all_eps(vit, 1e-11);
  CHECK(read.image_size == 32);
  Bert bert;
  configure(bert, bert_text, "c", hf_bert());
  check_all_eps(bert, 1e-3);
  ClipImage image;
  configure(image, clip_text, "c", hf_clip_vision());
  check_all_eps(image, 2e-5);
  ClipText text;
  configure(text, clip_text, "c", hf_clip_text());
  check_all_eps(text, 1e-5);
  Dino dino;
  configure(dino, R"({"hidden_size": 24, "num_hidden_layers": 3, "num_attention_heads": 4, "patch_size": [8, 8],
    "image_size": [40, 40], "mlp_ratio": 4})",
            "c", hf_dinov2());
  check_all_eps(dino, 1e-6);
  // a BatchNorm behind the tower keeps its own
  Chain<Vit, Named<"bn", BatchNorm<24>>> strand;
  configure(strand, vit_text, "c", hf_vit());
  CHECK(all_eps(strand).back() == 1e-5);
  CHECK(all_eps(strand).front() == 1e-11);
}

TEST_CASE("another image size is no fault, because positions are resampled", "[io][config]") {
  CHECK(refusal(with(vit_text, "\"image_size\": 32", "\"image_size\": 384")) == "nothing thrown");
  CHECK(refusal(with(vit_text, "\"image_size\": 32", "\"image_size\": 33")) ==
        "c as Hugging Face ViT: image_size: expected a multiple of patch_size 8, got 33");
}

TEST_CASE("every mismatch of config.json and the tower's type is listed at once", "[io][config]") {
  Vit tower;
  check_error(
      [&] {
        configure(tower, R"({"model_type": "bert", "num_hidden_layers": 12, "hidden_size": 24, "hidden_act": "relu",
          "num_attention_heads": 3, "patch_size": 16, "qkv_bias": false, "layer_norm_eps": "small"})",
                  "folder/config.json", hf_vit());
      },
      {"folder/config.json as Hugging Face ViT: ", "model_type: expected vit, got \"bert\"",
       "layer_norm_eps: expected a number between 0 and 1, got \"small\"", "qkv_bias: expected true, got false",
       "num_hidden_layers: expected 3, got 12", "num_attention_heads: expected 4, got 3",
       "intermediate_size: expected 96, got 3072", "patch_size: expected 8, got 16",
       "hidden_act: expected gelu, got relu"});
  check_all_eps(tower, 1e-5);
  Bert bert;
  check_error(
      [&] {
        std::string text = with(bert_text, "\"vocab_size\": 997", "\"vocab_size\": 998");
        text = with(text, "64", "512");
        configure(bert, with(text, "\"type_vocab_size\": 2", "\"type_vocab_size\": 1"), "c", hf_bert());
      },
      {"vocab_size: expected 997, got 998", "max_position_embeddings: expected 64, got 512",
       "type_vocab_size: expected 2, got 1"});
  ClipImage image;
  check_error([&] { configure(image, with(clip_text, "16", "32"), "c", hf_clip_vision()); },
              {"projection_dim: expected 16, got 32"});
}

TEST_CASE("a config.json that is none is refused", "[io][config]") {
  const std::string as = "c as Hugging Face ViT: ";
  CHECK(refusal("[]") == as + "config: expected an object, got array");
  CHECK(refusal("{").starts_with("c: text: expected JSON, got "));
  CHECK(refusal(R"({"hidden_size": 24, "hidden_size": 24})") ==
        "c: keys of an object: expected each once, got 'hidden_size' twice");
  CHECK(refusal(std::string(100, '[')) == "c: depth of JSON: expected at most 64, got 65");
  const auto sized = [&](const std::string& value) {
    return refusal(with(vit_text, "\"hidden_size\": 24", "\"hidden_size\": " + value));
  };
  for (const char* value : {"0", "-24", "24.5", "1073741825", "18446744073709551615", "1e999", "\"24\"", "true", "{}",
                            "[24, 25]", "[24]"}) {
    CAPTURE(value);
    CHECK(sized(value).find("expected") != std::string::npos);
  }
  CHECK(sized("-24") == as + "hidden_size: expected a whole number from 1 to 2^30, got -24");
  for (const char* value : {"0", "1", "-1e-6", "true", "[1e-6]"}) {
    CAPTURE(value);
    CHECK(
        refusal(with(vit_text, "1e-11", value)).starts_with(as + "layer_norm_eps: expected a number between 0 and 1"));
  }
  CHECK(refusal(with(vit_text, "\"gelu\"", "3")) == as + "hidden_act: expected a string, got 3");
  CHECK(refusal(with(vit_text, "\"vit\"", "[]")) == as + "model_type: expected vit, got an array");
  ClipText clip;
  check_error([&] { configure(clip, R"({"text_config": 5})", "c", hf_clip_text()); },
              {"text_config: expected an object, got number"});
  Dino dino;
  check_error([&] { configure(dino, R"({"mlp_ratio": 1e300})", "c", hf_dinov2()); },
              {"mlp_ratio: expected a number above 0, at most 1024, got 1e+300"});
}

TEST_CASE("a checkpoint's config.json is read beside it, and nothing changes unless all fits", "[io][config]") {
  using B = Cpu<float>;
  const TemporaryFolder folder;
  Parameters<B, Vit> from;
  from.initialise(3);
  export_checkpoint(from, folder / "model.safetensors", hf_vit());

  Parameters<B, Vit> params;
  Vit tower;
  load_checkpoint(params, tower, folder.path(), hf_vit());
  check_all_eps(tower, 1e-12);  // no config.json: the family's
  CHECK(params.values("norm.bias") == from.values("norm.bias"));

  put(folder / "config.json", vit_text);
  load_checkpoint(params, tower, folder / "model.safetensors", hf_vit());
  check_all_eps(tower, 1e-11);

  put(folder / "config.json", with(vit_text, "\"num_attention_heads\": 4", "\"num_attention_heads\": 6"));
  Parameters<B, Vit> untouched;
  tower = {};
  check_error([&] { load_checkpoint(untouched, tower, folder.path(), hf_vit()); },
              {"config.json as Hugging Face ViT: num_attention_heads: expected 4, got 6"});
  check_all_eps(tower, 1e-5);
  CHECK(untouched.values("norm.weight") == std::vector<float>(24));

  // tensors that do not fit leave the tower alone too
  put(folder / "config.json", bert_text);
  Bert bert;
  Parameters<B, Bert> bert_params;
  check_error([&] { load_checkpoint(bert_params, bert, folder.path(), hf_bert()); }, {"missing"});
  check_all_eps(bert, 1e-5);

  // timm's config.json is another file altogether
  export_checkpoint(from, folder / "model.safetensors", timm_vit());
  put(folder / "config.json", "{\"architecture\": \"vit_base_patch16_224\"}");
  load_checkpoint(params, tower, folder.path(), timm_vit());
  check_all_eps(tower, 1e-6);
}
