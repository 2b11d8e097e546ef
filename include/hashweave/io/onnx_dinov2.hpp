#pragma once
#include <filesystem>
#include <hashweave/core/error.hpp>
#include <hashweave/io/file.hpp>
#include <hashweave/io/onnx.hpp>
#include <hashweave/io/safetensors_writer.hpp>
#include <hashweave/io/tensor.hpp>
#include <hashweave/io/tower_config.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave {

namespace detail {

inline StoredTensor owned_tensor(std::vector<float> values, Shape shape) {
  auto owner = std::make_shared<const std::vector<float>>(std::move(values));
  StoredTensor tensor;
  static_cast<TensorView&>(tensor) = view_of(*owner, std::move(shape));
  tensor.owner = std::move(owner);
  return tensor;
}

/// What stands in front of "embeddings.cls_token" in the one name that ends so: the place of the backbone.
inline std::string onnx_backbone(const TensorFile& file) {
  constexpr std::string_view tail = "embeddings.cls_token";
  std::string found;
  int times = 0;
  for (const auto& [name, tensor] : file.tensors()) {
    if (!name.ends_with(tail)) continue;
    found = name.substr(0, name.size() - tail.size());
    ++times;
  }
  require(times == 1, file.where(), "tensors called …embeddings.cls_token", 1, times);
  return found;
}

/// The two constants of which the exporter made the position table: (1, 1, D) for the class token and (1, N, D) for the
/// patches, named after the nodes below `embeddings` that take them.
inline StoredTensor joined_positions(const TensorFile& file, const std::string& place, Size width) {
  std::vector<std::string> first, rest;
  for (const auto& [name, tensor] : file.tensors()) {
    if (!name.starts_with(place + "Concat_") && !name.starts_with(place + "Reshape_")) continue;
    if (tensor.shape.size() != 3 || tensor.shape[0] != 1 || tensor.shape[2] != width) continue;
    (tensor.shape[1] == 1 ? first : rest).push_back(name);
  }
  require(first.size() == 1 && rest.size() == 1, file.where(), "position tables of class token and patches", "1 and 1",
          std::to_string(first.size()) + " and " + std::to_string(rest.size()));
  std::vector<float> values = file.values<float>(first[0]);
  const std::vector<float> patches = file.values<float>(rest[0]);
  values.insert(values.end(), patches.begin(), patches.end());
  const Size rows = 1 + file.shape(rest[0])[1];
  return owned_tensor(std::move(values), {1, rows, width});
}

}  // namespace detail

/// The weights of a DINOv2 backbone that an ONNX model holds, as float32, row-major, under the names of Hugging Face's
/// Dinov2Model (family `hf_dinov2`). The exporter splits the position table in two and names the halves after nodes:
/// here it is one again. What lies outside the backbone is left out.
/// Throws `Error` where there is no backbone, more than one, or no pair that makes a position table.
inline TensorFile dinov2_of_onnx(const OnnxWeights& file) {
  const std::string backbone = detail::onnx_backbone(file), embeddings = backbone + "embeddings.";
  const Shape& cls = file.shape(embeddings + "cls_token");
  require(cls.size() == 3, file.where(), "shape of " + embeddings + "cls_token", "(1, 1, D)", to_string(cls));
  std::map<std::string, StoredTensor, std::less<>> tensors;
  for (const auto& [name, tensor] : file.tensors()) {
    if (!name.starts_with(backbone)) continue;
    const std::string_view inner = std::string_view{name}.substr(backbone.size());
    if (inner.starts_with("embeddings.Concat_") || inner.starts_with("embeddings.Reshape_")) continue;
    tensors.emplace(inner, detail::owned_tensor(file.values<float>(name), tensor.shape));
  }
  if (!tensors.contains("embeddings.position_embeddings"))
    tensors.emplace("embeddings.position_embeddings", detail::joined_positions(file, embeddings, cls[2]));
  return {file.where(), std::move(tensors)};
}

/// A config.json for these weights: sizes by the tensors' shapes, heads of 64 and eps 1e-6 as in every DINOv2.
/// Throws `Error` where tensors are missing or have other ranks.
inline std::string dinov2_config_json(const TensorFile& file) {
  const auto extent = [&](const std::string& name, std::size_t rank, std::size_t which) {
    const Shape& shape = file.shape(name);
    require(shape.size() == rank, file.where(), "extents of " + name, rank, shape.size());
    return shape[which];
  };
  const Size width = extent("embeddings.cls_token", 3, 2);
  const Size patch = extent("embeddings.patch_embeddings.projection.weight", 4, 3);
  const Size side = detail::side_of(extent("embeddings.position_embeddings", 3, 1) - 1);
  const Size hidden = extent("encoder.layer.0.mlp.fc1.weight", 2, 0);
  require(width > 0 && width % 64 == 0, file.where(), "width of DINOv2", "a multiple of 64", width);
  require(side > 0, file.where(), "patches of the position table", "a square",
          to_string(file.shape("embeddings.position_embeddings")));
  require(hidden % width == 0, file.where(), "rows of encoder.layer.0.mlp.fc1.weight", Phrase{"a multiple of ", width},
          hidden);
  Size layers = 0;
  while (file.contains("encoder.layer." + std::to_string(layers) + ".norm1.weight")) ++layers;
  const auto line = [](std::string_view key, Size value) {
    return "  \"" + std::string{key} + "\": " + std::to_string(value) + ",\n";
  };
  return "{\n  \"model_type\": \"dinov2\",\n  \"architectures\": [\"Dinov2Model\"],\n" + line("hidden_size", width) +
         line("num_hidden_layers", layers) + line("num_attention_heads", width / 64) +
         line("mlp_ratio", hidden / width) + line("image_size", patch * side) + line("patch_size", patch) +
         line("num_channels", 3) +
         "  \"hidden_act\": \"gelu\",\n  \"layer_norm_eps\": 1e-06,\n  \"qkv_bias\": true,\n"
         "  \"use_swiglu_ffn\": false\n}\n";
}

/// Writes float32 weights and their config.json into a folder, as Hugging Face keeps them: `model.safetensors` and
/// `config.json`, each whole or not at all, the weights last.
inline void write_dinov2(const TensorFile& weights, const std::filesystem::path& folder) {
  const std::string config = dinov2_config_json(weights);
  std::vector<NamedTensor> tensors;
  for (const auto& [name, tensor] : weights.tensors()) tensors.push_back({name, tensor});
  std::filesystem::create_directories(folder);
  write_atomically(folder / "config.json", [&](FileWriter& out) { out.write(config); });
  write_safetensors(folder / "model.safetensors", std::move(tensors), {{"format", "pt"}});
}

}  // namespace hashweave
