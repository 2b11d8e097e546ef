#pragma once
#include <algorithm>
#include <filesystem>
#include <hashweave/core/error.hpp>
#include <hashweave/io/bytes.hpp>
#include <hashweave/io/checkpoint_names.hpp>
#include <hashweave/io/file.hpp>
#include <hashweave/io/json.hpp>
#include <hashweave/io/tower_config.hpp>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace hashweave {

namespace detail {

/// Everything that is wrong with a config.json, said at once: `where: what: expected E, got G; what: …`.
class ConfigFaults {
 public:
  template <class Expected, class Got>
  void add(std::string_view what, const Expected& expected, const Got& got) {
    std::ostringstream text;
    text << (text_.empty() ? "" : "; ") << what << ": expected " << expected << ", got " << got;
    text_ += text.str();
  }
  void raise(const std::string& where) const {
    if (!text_.empty()) throw Error{where + ": " + text_};
  }

 private:
  std::string text_;
};

/// A value as messages write it, cut short.
inline std::string printed(const nlohmann::json& value) {
  if (value.is_structured()) return std::string{"an "} + value.type_name();
  return legible(value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

/// The member of that name, unless there is none or it is null.
inline const nlohmann::json* member(const nlohmann::json& object, std::string_view key) {
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

inline constexpr Size config_limit = 1 << 30;

/// A size; of a pair (height, width) both must be the same. One at fault becomes 0, so that it is not compared.
inline void read_size(const nlohmann::json& value, std::string_view key, Size& to, ConfigFaults& faults) {
  const bool pair = value.is_array() && value.size() == 2 && value[0] == value[1];
  const nlohmann::json& number = pair ? value[0] : value;
  if (number.is_number_unsigned() && number.get<std::uint64_t>() - 1 < static_cast<std::uint64_t>(config_limit)) {
    to = static_cast<Size>(number.get<std::uint64_t>());
  } else {
    faults.add(key, "a whole number from 1 to 2^30", printed(value));
    to = 0;
  }
}

/// Settings that a tower has no choice about: anything else in a config.json is another model.
struct FixedSetting {
  std::string_view key;
  nlohmann::json value;
};
inline const std::vector<FixedSetting>& fixed_settings() {
  static const std::vector<FixedSetting> settings{
      {"qkv_bias", true}, {"use_swiglu_ffn", false}, {"is_decoder", false}, {"position_embedding_type", "absolute"}};
  return settings;
}

/// The object that speaks of the family's tower: a part of a CLIPModel's config.json, or the whole.
inline const nlohmann::json& part_of_config(const nlohmann::json& whole, const CheckpointFamily& family,
                                            ConfigFaults& faults) {
  const nlohmann::json* part = family.config_part.empty() ? nullptr : member(whole, family.config_part);
  if (part == nullptr) return whole;
  if (part->is_object()) return *part;
  faults.add(family.config_part, "an object", part->type_name());
  return whole;
}

inline TowerConfig config_of_json(const nlohmann::json& whole, const CheckpointFamily& family, ConfigFaults& faults) {
  TowerConfig config = family.defaults;
  if (!whole.is_object()) {
    faults.add("config", "an object", whole.type_name());
    return {};
  }
  const nlohmann::json& part = part_of_config(whole, family, faults);
  if (const auto* type = member(whole, "model_type")) {
    const auto& types = family.model_types;
    const bool known =
        type->is_string() && std::find(types.begin(), types.end(), type->get_ref<const std::string&>()) != types.end();
    if (!known) faults.add("model_type", types.front(), printed(*type));
  }
  for (const auto& [key, size] : config_sizes) {
    if (family.defaults.*size == 0) continue;
    const nlohmann::json* value = key == "projection_dim" ? member(whole, key) : nullptr;  // CLIPModel's wins
    if (value == nullptr) value = member(part, key);
    if (value != nullptr) read_size(*value, key, config.*size, faults);
  }
  if (family.mlp_ratio > 0) {
    double ratio = family.mlp_ratio;
    if (const auto* value = member(part, "mlp_ratio")) {
      const double said = value->is_number() ? value->get<double>() : 0;
      ratio = said > 0 && said <= 1024 ? said : 0;
      if (ratio == 0) faults.add("mlp_ratio", "a number above 0, at most 1024", printed(*value));
    }
    config.intermediate_size = static_cast<Size>(static_cast<double>(config.hidden_size) * ratio);
  }
  if (const auto* value = member(part, "layer_norm_eps")) {
    if (value->is_number() && value->get<double>() > 0 && value->get<double>() < 1)
      config.layer_norm_eps = value->get<double>();
    else
      faults.add("layer_norm_eps", "a number between 0 and 1", printed(*value));
  }
  if (const auto* value = member(part, "hidden_act")) {
    config.hidden_act = value->is_string() ? value->get<std::string>() : "";
    if (!value->is_string()) faults.add("hidden_act", "a string", printed(*value));
  }
  for (const FixedSetting& setting : fixed_settings()) {
    const auto* value = member(part, setting.key);
    if (value != nullptr && *value != setting.value) faults.add(setting.key, setting.value.dump(), printed(*value));
  }
  return config;
}

/// What of `said` is not as in the tower's type. The image size may differ: position tables are resampled on loading.
inline void compare_configs(const TowerConfig& said, const TowerConfig& type, ConfigFaults& faults) {
  for (const auto& [key, size] : config_sizes) {
    if (size == &TowerConfig::image_size || said.*size == 0 || type.*size == 0) continue;
    if (said.*size != type.*size) faults.add(key, type.*size, said.*size);
  }
  if (said.image_size > 0 && said.patch_size > 0 && said.image_size % said.patch_size != 0)
    faults.add("image_size", "a multiple of patch_size " + std::to_string(said.patch_size), said.image_size);
  const std::string_view act = said.hidden_act == "gelu_new" ? "gelu_pytorch_tanh" : std::string_view{said.hidden_act};
  if (!act.empty() && !type.hidden_act.empty() && act != type.hidden_act)
    faults.add("hidden_act", type.hidden_act, legible(act));
}

}  // namespace detail

/// What the text of a config.json says of a tower of the family. What it does not say is as in the family's
/// `defaults`, which are those of Hugging Face's classes. Throws `Error` that lists everything at fault.
inline TowerConfig parse_config(std::string_view text, const std::string& where, const CheckpointFamily& family) {
  detail::ConfigFaults faults;
  const TowerConfig config =
      family.model_types.empty() ? family.defaults : detail::config_of_json(parse_json(text, where), family, faults);
  faults.raise(where + " as " + std::string{family.name});
  return config;
}

/// Makes a tower what the text of a config.json says: sets eps of every LayerNorm and compares what is fixed by the
/// tower's type (widths, layers, heads, activation, tables). The image size may differ, because position tables are
/// resampled on loading. Gives what was read. Throws `Error` that lists everything at fault; then nothing is changed.
template <class Tower>
TowerConfig configure(Tower& tower, std::string_view text, const std::string& where, const CheckpointFamily& family) {
  TowerConfig config = family.defaults;
  if (!family.model_types.empty()) {
    detail::ConfigFaults faults;
    config = detail::config_of_json(parse_json(text, where), family, faults);
    detail::compare_configs(config, config_of(tower), faults);
    faults.raise(where + " as " + std::string{family.name});
  }
  set_layer_norm_eps(tower, config.layer_norm_eps);
  return config;
}

/// The config.json that lies beside a checkpoint (a file, or the folder it is in), if there is one.
inline std::optional<std::filesystem::path> config_beside(const std::filesystem::path& checkpoint) {
  std::error_code ignored;
  const bool folder = std::filesystem::is_directory(checkpoint, ignored);
  const std::filesystem::path config = (folder ? checkpoint : checkpoint.parent_path()) / "config.json";
  return std::filesystem::exists(config, ignored) ? std::optional{config} : std::nullopt;
}

}  // namespace hashweave
