#include <algorithm>
#include <cmath>

#include "charts.hpp"
#include "report_run.hpp"

namespace vit2cmh {
namespace {

/// One kind of codes in the tables.
struct Codes {
  std::string name;
  const Json* result;  ///< {"image_to_text", "text_to_image", "rsum"}
  const Json* map;
  bool ours = false, dashed = false;
};

std::vector<Codes> codes_of(const Run& run) {
  std::vector<Codes> out;
  const auto add = [&](const std::string& name, const Json& eval, std::string_view kind, bool ours) {
    const Json& result = object_field(eval, kind);
    const Json& map = kind == "binary" ? object_field(eval, "map") : object_field(eval, "");
    if (!result.empty() || !map.empty()) out.push_back({name, &result, &map, ours, kind != "binary"});
  };
  add("Binary", run.eval, "binary", true);
  add("Asymmetric", run.eval, "asymmetric", true);
  add("Continuous", run.eval, "continuous", true);
  for (const Json& baseline : array_field(run.results, "baselines")) {
    const std::string name = text_field(baseline, "name");
    const Json& eval = object_field(baseline, "eval");
    add(name.empty() ? "Baseline" : name, eval, field(eval, "binary") != nullptr ? "binary" : "continuous", false);
  }
  return out;
}

std::string cell(std::optional<double> value, int decimals) {
  return "<td>" + (value ? number_text(*value, decimals) : "\u2013") + "</td>";
}

std::string row(const Codes& codes, const std::string& cells) {
  return std::string{"<tr"} + (codes.ours && !codes.dashed ? " class='ours'" : "") + "><th scope='row'>" +
         escaped(codes.name) + "</th>" + cells + "</tr>";
}

std::string recall_table(const std::vector<Codes>& all, const char* way, const std::string& title) {
  std::string rows;
  int decimals = 0;  // of the median ranks: half ranks occur
  for (const Codes& codes : all)
    if (const auto rank = number_field(object_field(*codes.result, way), "median_rank"))
      if (*rank != std::floor(*rank)) decimals = 1;
  for (const Codes& codes : all) {
    const Json& recalls = object_field(*codes.result, way);
    if (recalls.empty()) continue;
    rows +=
        row(codes, cell(number_field(recalls, "r1"), 1) + cell(number_field(recalls, "r5"), 1) +
                       cell(number_field(recalls, "r10"), 1) + cell(number_field(recalls, "median_rank"), decimals));
  }
  return table(
      title, "",
      "<th scope='col'>Codes</th><th scope='col'>R@1, %</th><th scope='col'>R@5, %</th><th scope='col'>R@10, %</th><th "
      "scope='col'>Median<br>rank</th>",
      rows);
}

/// map_all becomes mAP@all, map_at_50 mAP@50.
std::string protocol_name(const std::string& key) {
  std::string rest = key.starts_with("map_") ? key.substr(4) : key;
  if (rest.starts_with("at_")) rest.erase(0, 3);
  std::replace(rest.begin(), rest.end(), '_', ' ');
  const bool depth = rest == "all" || (!rest.empty() && rest.find_first_not_of("0123456789k") == std::string::npos);
  return "mAP" + std::string{depth ? "@" : " "} + rest;
}

std::string map_table(const std::vector<Codes>& all, const char* way, const std::string& title) {
  std::vector<std::string> protocols;
  for (const Codes& codes : all)
    for (const auto& [key, value] : object_field(*codes.map, way).items())
      if (value.is_number() && std::find(protocols.begin(), protocols.end(), key) == protocols.end())
        protocols.push_back(key);
  if (protocols.empty()) return {};
  std::string head = "<th scope='col'>Codes</th>", rows;
  for (const std::string& protocol : protocols) head += "<th scope='col'>" + escaped(protocol_name(protocol)) + "</th>";
  for (const Codes& codes : all) {
    const Json& values = object_field(*codes.map, way);
    std::string cells;
    for (const std::string& protocol : protocols) cells += cell(number_field(values, protocol), 3);
    if (!values.empty()) rows += row(codes, cells);
  }
  return table(title, "", head, rows);
}

std::string rsum_bars(const std::vector<Codes>& all) {
  double highest = 0;
  for (const Codes& codes : all) highest = std::max(highest, number_field(*codes.result, "rsum").value_or(0));
  if (highest <= 0) return {};
  std::string rows;
  for (const Codes& codes : all) {
    const auto rsum = number_field(*codes.result, "rsum");
    if (!rsum) continue;
    rows += std::string{"<dt class='"} + (codes.ours ? "ours" : "") + (codes.ours && codes.dashed ? " dashed" : "") +
            "'>" + escaped(codes.name) +
            "</dt><dd class='bar'><i style='width:" + short_number(std::clamp(100 * *rsum / highest, 0.0, 100.0)) +
            "%'></i></dd><dd class='n" + (codes.ours && !codes.dashed ? " ours" : "") + "'>" + number_text(*rsum, 1) +
            "</dd>";
  }
  return figure("table wide", "rsum, both ways together", "", "<dl class='sums'>" + rows + "</dl>");
}

}  // namespace

Section retrieval(const Run& run) {
  const std::vector<Codes> all = codes_of(run);
  const std::string body = rsum_bars(all) + recall_table(all, "image_to_text", "Image finds text") +
                           recall_table(all, "text_to_image", "Text finds image") +
                           map_table(all, "image_to_text", "Mean average precision, image finds text") +
                           map_table(all, "text_to_image", "Mean average precision, text finds image");
  return {
      "retrieval", "Retrieval",
      "R@K is the share of queries that have a right answer among the first K. Binary codes are compared by Hamming "
      "distance, continuous ones by cosine, before the sign is taken; asymmetric is a continuous query among binary "
      "codes.",
      grid(body)};
}

}  // namespace vit2cmh
