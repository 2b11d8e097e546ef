#pragma once
#include <algorithm>
#include <array>
#include <cmath>
#include <hashweave/core/activation.hpp>
#include <hashweave/core/layer.hpp>
#include <hashweave/core/parameters.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace hashweave {

/// What makes up a tower, under the names of Hugging Face's config.json. 0 or no text: the tower has none.
struct TowerConfig {
  Size hidden_size = 0, num_hidden_layers = 0, num_attention_heads = 0, intermediate_size = 0;
  Size image_size = 0, patch_size = 0, num_channels = 0;
  Size vocab_size = 0, max_position_embeddings = 0, type_vocab_size = 0, projection_dim = 0;
  std::string hidden_act{};
  double layer_norm_eps = 0;
};

/// The whole numbers of a `TowerConfig`.
inline constexpr std::array<std::pair<std::string_view, Size TowerConfig::*>, 11> config_sizes{
    {{"hidden_size", &TowerConfig::hidden_size},
     {"num_hidden_layers", &TowerConfig::num_hidden_layers},
     {"num_attention_heads", &TowerConfig::num_attention_heads},
     {"intermediate_size", &TowerConfig::intermediate_size},
     {"image_size", &TowerConfig::image_size},
     {"patch_size", &TowerConfig::patch_size},
     {"num_channels", &TowerConfig::num_channels},
     {"vocab_size", &TowerConfig::vocab_size},
     {"max_position_embeddings", &TowerConfig::max_position_embeddings},
     {"type_vocab_size", &TowerConfig::type_vocab_size},
     {"projection_dim", &TowerConfig::projection_dim}}};

/// An activation as config.json calls it.
inline std::string_view name_of(Activation activation) {
  switch (activation) {
    case Activation::gelu:
      return "gelu";
    case Activation::gelu_tanh:
      return "gelu_pytorch_tanh";
    case Activation::quick_gelu:
      return "quick_gelu";
    case Activation::relu:
      return "relu";
    case Activation::tanh:
      return "tanh";
    case Activation::sigmoid:
      return "sigmoid";
  }
  return {};
}

namespace detail {

/// The layer is a LayerNorm: it has `eps` and, unlike BatchNorm, no momentum.
template <class Leaf>
concept HasNormEps = requires(Leaf& leaf) { leaf.eps = 0.0; } && !requires(Leaf& leaf) { leaf.momentum; };

/// The whole side of a square of that many places, or 0.
inline Size side_of(Size places) {
  const auto side = static_cast<Size>(std::lround(std::sqrt(static_cast<double>(places))));
  return side * side == places ? side : 0;
}

/// The block's number in "blocks.{i}.…", if the name begins so.
inline std::optional<Size> block_of(std::string_view name) {
  constexpr std::string_view blocks = "blocks.";
  if (!name.starts_with(blocks)) return std::nullopt;
  Size number = 0;
  for (const char c : name.substr(blocks.size(), name.find('.', blocks.size()) - blocks.size())) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + (c - '0');
  }
  return number;
}

/// What the shapes of a tower's parameters say of it.
inline void read_shapes(TowerConfig& config, std::span<const ParameterEntry> entries) {
  Size patches = 0;
  for (const auto& [name, offset, rows, cols, init] : entries) {
    if (const auto block = block_of(name)) {
      config.num_hidden_layers = std::max(config.num_hidden_layers, *block + 1);
      if (name.ends_with(".mlp.fc1.weight")) config.intermediate_size = rows;
    } else if (name == "patch_embed.proj.weight") {
      config.hidden_size = rows;
      config.patch_size = cols % 3 == 0 ? side_of(cols / 3) : 0;
      config.num_channels = config.patch_size > 0 ? 3 : 0;
    } else if (name == "patch_embed.pos_embed") {
      patches = rows - 1;
    } else if (name == "embed.word") {
      config.vocab_size = rows;
      config.hidden_size = cols;
    } else if (name == "embed.position") {
      config.max_position_embeddings = rows;
    } else if (name == "embed.type") {
      config.type_vocab_size = rows;
    } else if (name == "projection.weight") {
      config.projection_dim = rows;
    }
  }
  config.image_size = config.patch_size * side_of(patches);
}

/// Reads heads, activation and eps off the first layer that has them.
struct LayerReader {
  TowerConfig& config;
  template <class L>
  void operator()(L& layer) const {
    if constexpr (requires { L::heads; }) {
      if (config.num_attention_heads == 0) config.num_attention_heads = L::heads;
    }
    if constexpr (requires { L::activation; }) {
      if (config.hidden_act.empty()) config.hidden_act = name_of(L::activation);
    }
    if constexpr (HasNormEps<L>) {
      if (config.layer_norm_eps == 0) config.layer_norm_eps = layer.eps;
    }
  }
};

struct NormEpsSetter {
  double eps;
  template <class L>
  void operator()(L& layer) const {
    if constexpr (HasNormEps<L>) layer.eps = eps;
  }
};

}  // namespace detail

/// Sets eps of every LayerNorm in a composition.
template <class L>
void set_layer_norm_eps(L& layer, double eps) {
  for_each_layer(layer, detail::NormEpsSetter{eps});
}

/// What a tower's type and values say of it: widths by the shapes of its parameters, heads, activation and eps by the
/// first layer that has them. The names of the parameters are those of `VitTower`, `BertTower` and CLIP's towers.
template <class Tower>
TowerConfig config_of(Tower tower) {
  TowerConfig config;
  detail::read_shapes(config, parameters_of<Tower>());
  for_each_layer(tower, detail::LayerReader{config});
  return config;
}

}  // namespace hashweave
