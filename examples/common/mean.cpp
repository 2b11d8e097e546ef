#include "mean.hpp"

#include <cmath>
#include <cstdio>
#include <fstream>
#include <hashweave/core/error.hpp>
#include <map>

namespace examples {
using namespace hashweave;
using nlohmann::ordered_json;

namespace {

ordered_json read(const std::string& file) {
  std::ifstream in{file};
  require(in.good(), file, "figures", "a file written by eval --json, or results.json", "no such file");
  ordered_json value = ordered_json::parse(in, nullptr, false);
  require(!value.is_discarded() && value.is_object(), file, "figures", "a JSON object", "something else");
  if (!value.contains("eval")) return value;
  ordered_json figures = value["eval"];
  if (value.contains("train_seconds")) figures["train_seconds"] = value["train_seconds"];
  if (value.contains("baselines") && value["baselines"].is_array())
    for (const ordered_json& one : value["baselines"])
      if (one.is_object() && one.contains("eval") && one.contains("name") && one["name"].is_string())
        figures["baselines"][one["name"].get<std::string>()] = one["eval"];
  return figures;
}

std::string line_of(const ordered_json& figures) {
  std::string out;
  const auto add = [&](const std::string& kind, const ordered_json& of) {
    for (const auto& [name, format] :
         {std::pair{"rsum", "  %s rsum %.1f +- %.1f"}, std::pair{"map_all", "  %s mAP@all %.4f +- %.4f"}}) {
      if (!of.is_object() || !of.contains(name)) continue;
      char text[100];
      std::snprintf(text, sizeof text, format, kind.c_str(), of[name]["mean"].get<double>(),
                    of[name]["spread"].get<double>());
      out += text;
    }
  };
  for (const auto& [kind, of] : figures.items()) {
    add(kind, of);
    if (kind == "map")
      for (const auto& [way, map] : of.items()) add(way, map);
  }
  return out;
}

/// The same place of all the files: numbers become mean and spread, names stay; lists (of folds) are left out.
ordered_json merged(const std::vector<const ordered_json*>& all, const std::string& where) {
  const ordered_json& first = *all.front();
  if (first.is_object()) {
    ordered_json out;
    for (const auto& [key, value] : first.items()) {
      if (value.is_array()) continue;
      std::vector<const ordered_json*> parts;
      for (const ordered_json* one : all) {
        require(one->is_object() && one->contains(key), where, "figures", "\"" + key + "\" in all files", "none");
        parts.push_back(&(*one)[key]);
      }
      out[key] = merged(parts, where);
    }
    return out;
  }
  const auto same = [&](const ordered_json* one) { return *one == first; };
  if (!first.is_number_float()) {  // sizes and names
    require(std::all_of(all.begin(), all.end(), same), where, "figures", first.dump() + " in all files", "others");
    return first;
  }
  double mean = 0, squares = 0;
  const auto n = static_cast<double>(all.size());
  for (const ordered_json* one : all) mean += one->get<double>() / n;
  for (const ordered_json* one : all) squares += std::pow(one->get<double>() - mean, 2);
  return {{"mean", mean}, {"spread", all.size() < 2 ? 0.0 : std::sqrt(squares / (n - 1))}};
}

}  // namespace

ordered_json mean_of_runs(const std::vector<std::string>& labelled) {
  std::vector<std::string> labels;
  std::map<std::string, std::vector<ordered_json>> files;
  for (const std::string& one : labelled) {
    const auto at = one.find('=');
    require(at != std::string::npos && at > 0, one, "argument", "label=file", "no label");
    const std::string label = one.substr(0, at);
    if (!files.contains(label)) labels.push_back(label);
    files[label].push_back(read(one.substr(at + 1)));
  }
  ordered_json out;
  for (const std::string& label : labels) {
    std::vector<const ordered_json*> all;
    for (const ordered_json& one : files[label]) all.push_back(&one);
    out[label] = {{"runs", all.size()}};
    out[label].update(merged(all, label));
  }
  return out;
}

std::string as_lines(const ordered_json& means) {
  std::string out;
  for (const auto& [label, figures] : means.items()) {
    out += label + ": " + figures["runs"].dump() + " runs" + line_of(figures) + "\n";
    if (figures.contains("baselines"))
      for (const auto& [name, of] : figures["baselines"].items()) out += "  " + name + ":" + line_of(of) + "\n";
  }
  return out;
}

}  // namespace examples
