#include <catch2/catch.hpp>
#include <filesystem>
#include <hashweave/cmh/towers.hpp>
#include <hashweave/cpu.hpp>
#include <hashweave/io/checkpoint.hpp>
#include <hashweave/io/safetensors.hpp>
#include <map>
#include <unistd.h>

using namespace hashweave;

namespace {

using B = Cpu<float>;

/// A folder that is gone with the test.
struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() /
                               ("hashweave_checkpoint_" + std::to_string(static_cast<long>(::getpid())));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
};

/// The weights of a golden case under the names that public checkpoints use, with changes by the test.
struct Published {
  SafeTensors golden;
  std::map<std::string, std::vector<float>> values;
  std::map<std::string, Shape> shapes;

  explicit Published(const std::string& name)
      : golden{open_safetensors(std::filesystem::path{HASHWEAVE_TESTS} / "golden" / (name + ".safetensors"))} {
    for (const auto& [key, tensor] : golden.tensors()) {
      if (!key.starts_with("w.")) continue;
      values[key.substr(2)] = golden.values<float>(key);
      shapes[key.substr(2)] = tensor.shape;
    }
  }
  void rename(const std::string& from, const std::string& to) {
    values[to] = values.at(from);
    shapes[to] = shapes.at(from);
    values.erase(from);
    shapes.erase(from);
  }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& [name, v] : values) out.push_back(name);
    return out;
  }
  SafeTensors through_a_file(const Folder& folder) const {
    std::vector<NamedTensor> tensors;
    for (const auto& [name, v] : values) tensors.push_back({name, view_of(v, shapes.at(name))});
    write_safetensors(folder.path / "model.safetensors", tensors);
    return open_safetensors(folder.path);
  }
};

template <class L>
L with_eps(double eps) {
  L tower;
  for_each_layer(tower, [&](auto& layer) {
    if constexpr (requires { layer.eps; }) layer.eps = eps;
  });
  return tower;
}

/// max|a - b| / max|b| of the tower's output against `out.y` of the case.
template <class L>
double error_of(const L& tower, const Parameters<B, L>& params, const Published& from) {
  B be;
  std::vector<float> x = from.golden.values<float>("in.pixel_values");
  const std::vector<float> wanted = from.golden.values<float>("out.y");
  const auto y =
      infer(be, tower, *params, View<B, Pixels<3, 32, 32>>{x.data(), from.golden.shape("in.pixel_values")[0]});
  REQUIRE(y.mat().size() == static_cast<Size>(wanted.size()));
  double worst = 0, most = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    worst = std::max(worst, static_cast<double>(std::abs(y.data[i] - wanted[i])));
    most = std::max(most, static_cast<double>(std::abs(wanted[i])));
  }
  return worst / most;
}

using Vit = VitTower<32, 8, 24, 3, 4, 96>;
using Bert = BertTower<997, 64, 24, 3, 4, 96>;

}  // namespace

TEST_CASE("a ViT loads from a file with Hugging Face's published names", "[io][checkpoint]") {
  const Folder folder;
  const Published vit{"vit_hf"};
  Parameters<B, Vit> params;
  const LoadReport report = load_checkpoint(params, vit.through_a_file(folder), hf_vit());
  CHECK(report.loaded.size() == params.entries().size());
  CHECK(report.untouched.empty());
  CHECK_FALSE(report.positions_resampled);
  CHECK(error_of(with_eps<Vit>(1e-12), params, vit) < 1e-5);
}

TEST_CASE("a ViT loads under the names of transformers 5, with a prefix, and beside heads it has no use for",
          "[io][checkpoint]") {
  const Folder folder;
  Published vit{"vit_hf"};
  for (const std::string& name : vit.names()) {
    std::string now = name;
    for (const auto& [from, to] : {std::pair{"encoder.layer.", "layers."},
                                   {"attention.attention.query", "attention.q_proj"},
                                   {"attention.attention.key", "attention.k_proj"},
                                   {"attention.attention.value", "attention.v_proj"},
                                   {"attention.output.dense", "attention.o_proj"},
                                   {"intermediate.dense", "mlp.fc1"},
                                   {"output.dense", "mlp.fc2"}}) {
      if (const auto at = now.find(from); at != std::string::npos) now.replace(at, std::string{from}.size(), to);
    }
    vit.rename(name, "vit." + now);
  }
  vit.values["classifier.weight"] = std::vector<float>(24);
  vit.shapes["classifier.weight"] = {1, 24};
  Parameters<B, Vit> params;
  const LoadReport report = load_checkpoint(params, vit.through_a_file(folder), hf_vit());
  CHECK(report.ignored == std::vector<std::string>{"classifier.weight"});
  CHECK(error_of(with_eps<Vit>(1e-12), params, vit) < 1e-5);
}

TEST_CASE("a ViT loads from timm's names", "[io][checkpoint]") {
  const Folder folder;
  const Published vit{"vit_timm"};
  Parameters<B, Vit> params;
  load_checkpoint(params, vit.through_a_file(folder), timm_vit());
  CHECK(error_of(with_eps<Vit>(1e-6), params, vit) < 1e-5);
}

TEST_CASE("BERT's gamma and beta, its prefix and its position ids are understood", "[io][checkpoint]") {
  const Folder folder;
  Published plain{"bert_hf"}, old{"bert_hf"};
  for (const std::string& name : old.names()) {
    std::string now = "bert." + name;
    if (now.ends_with("LayerNorm.weight")) now.replace(now.size() - 6, 6, "gamma");
    if (now.ends_with("LayerNorm.bias")) now.replace(now.size() - 4, 4, "beta");
    old.rename(name, now);
  }
  old.values["bert.embeddings.position_ids"] = std::vector<float>(64);
  old.shapes["bert.embeddings.position_ids"] = {1, 64};
  old.values["cls.predictions.bias"] = std::vector<float>(997);
  old.shapes["cls.predictions.bias"] = {997};
  Parameters<B, Bert> a, b;
  load_checkpoint(a, plain.through_a_file(folder), hf_bert());
  const LoadReport report = load_checkpoint(b, old.through_a_file(folder), hf_bert());
  CHECK(report.ignored.size() == 2);
  for (const ParameterEntry& e : a.entries()) CHECK(a.values(e.name) == b.values(e.name));
  CHECK(a.values("embed.word")[5] == plain.values.at("embeddings.word_embeddings.weight")[5]);
}

TEST_CASE("a tower is loaded at its place in a larger model, the rest is left alone", "[io][checkpoint]") {
  const Folder folder;
  const Published vit{"vit_hf"};
  using Strand = Chain<Named<"image", Chain<Vit, Named<"proj", Linear<24, 8>>>>>;
  Parameters<B, Strand> params;
  params.initialise(4);
  const auto before = params.values("image.proj.weight");
  const LoadReport report = load_checkpoint(params, vit.through_a_file(folder), hf_vit(), "image");
  CHECK(report.untouched == std::vector<std::string>{"image.proj.weight", "image.proj.bias"});
  CHECK(params.values("image.proj.weight") == before);
  CHECK(params.values("image.norm.weight") == vit.values.at("layernorm.weight"));
}

TEST_CASE("a checkpoint that does not fit is refused with every tensor by name, and changes nothing",
          "[io][checkpoint]") {
  const Folder folder;
  Published vit{"vit_hf"};
  vit.values.erase("layernorm.bias");
  vit.rename("encoder.layer.1.output.dense.bias", "encoder.layer.7.output.dense.bias");
  vit.values["encoder.layer.0.intermediate.dense.weight"].resize(48 * 24);
  vit.shapes["encoder.layer.0.intermediate.dense.weight"] = {48, 24};
  Parameters<B, Vit> params;
  params.initialise(9);
  const auto before = params.clone();
  std::string message;
  try {
    load_checkpoint(params, vit.through_a_file(folder), hf_vit());
  } catch (const Error& e) {
    message = e.what();
  }
  CHECK_THAT(message, Catch::Contains("missing: encoder.layer.1.output.dense.bias, layernorm.bias") &&
                          Catch::Contains("unexpected: encoder.layer.7.output.dense.bias") &&
                          Catch::Contains("encoder.layer.0.intermediate.dense.weight (48, 24), expected (96, 24)"));
  for (const ParameterEntry& e : params.entries()) CHECK(params.values(e.name) == before.values(e.name));
}

TEST_CASE("a position table for another grid is interpolated on loading", "[io][checkpoint]") {
  const Folder folder;
  const Published vit{"vit_hf"};  // 4 x 4 patches
  Parameters<B, VitTower<48, 8, 24, 3, 4, 96>> params;
  const LoadReport report = load_checkpoint(params, vit.through_a_file(folder), hf_vit());
  CHECK(report.positions_resampled);
  const auto& table = vit.values.at("embeddings.position_embeddings");
  const auto wanted = resample_positions(matrix<const float>(table.data(), 17, 24), {4, 4}, {6, 6});
  CHECK(params.values("patch_embed.pos_embed") == wanted);
  // not a square: 17 rows cannot become 13
  Parameters<B, Chain<Named<"patch_embed", PatchEmbed<3, 24, 32, 8, 24>>>> oblong;
  CHECK_THROWS_AS(load_checkpoint(oblong, vit.through_a_file(folder), hf_vit()), Error);
}

TEST_CASE("what is exported has the published names, shapes and values", "[io][checkpoint]") {
  const Folder folder;
  const auto round_trip = [&](const std::string& name, const CheckpointFamily& family, auto params,
                              std::size_t beside) {
    const Published from{name};
    load_checkpoint(params, from.through_a_file(folder), family);
    export_checkpoint(params, folder.path / "out.safetensors", family);
    const SafeTensors out = open_safetensors(folder.path / "out.safetensors");
    CHECK(out.tensors().size() + beside == from.values.size());
    for (const auto& [key, tensor] : out.tensors()) {
      CAPTURE(name, key);
      CHECK(tensor.shape == from.shapes.at(key));
      CHECK(out.values<float>(key) == from.values.at(key));
    }
  };
  round_trip("vit_hf", hf_vit(), Parameters<B, Vit>{}, 0);
  round_trip("vit_timm", timm_vit(), Parameters<B, Vit>{}, 0);
  round_trip("dinov2_hf", hf_dinov2(), Parameters<B, Dinov2Tower<40, 8, 24, 3, 4, 96>>{}, 1);  // the mask token
  round_trip("bert_hf", hf_bert(), Parameters<B, Bert>{}, 0);
  round_trip("clip_vision_hf", hf_clip_vision(), Parameters<B, ClipImageTower<32, 8, 24, 3, 4, 96, 16>>{}, 0);
  round_trip("clip_text_hf", hf_clip_text(), Parameters<B, ClipTextTower<997, 32, 24, 3, 4, 96, 16>>{}, 0);
}
