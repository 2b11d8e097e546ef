#include "report.hpp"

#include <algorithm>
#include <hashweave/core/error.hpp>
#include <hashweave/io/file.hpp>
#include <hashweave/io/json.hpp>
#include <hashweave/version.hpp>
#include <string_view>
#include <system_error>

#include "gallery.hpp"
#include "report_run.hpp"
#include "report_style.hpp"

namespace vit2cmh {
namespace {

Section answers(const Run& run) {
  return {"answers", "Answers",
          "The first ten answers by Hamming distance, the number beneath or beside each. Green with a tick is right, "
          "orange with a cross is wrong.",
          galleries_html(object_field(run.results, "galleries"))};
}

Section configuration(const Run& run) {
  std::vector<std::string> keys;
  for (const char* key : {"model", "bits", "data", "epochs", "batch", "lr", "head_lr", "eta", "margin", "alpha",
                          "freeze_towers", "precision", "backend", "threads", "seed", "version"})
    if (field(run.config, key) != nullptr) keys.emplace_back(key);
  if (run.config.is_object())
    for (const auto& [key, value] : run.config.items())
      if (key != "command" && std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  std::string rows, body;
  for (const std::string& key : keys) {
    const Json& value = *field(run.config, key);
    const std::string text = value.is_boolean() ? (value.get<bool>() ? "yes" : "no")
                             : value.is_null()  ? "\u2013"
                                                : plain_text(value);
    rows += "<div><dt>" + escaped(key) + "</dt><dd>" + escaped(text) + "</dd></div>";
  }
  if (!rows.empty()) body = "<dl class='options'>" + rows + "</dl>";
  if (const Json* command = field(run.config, "command")) {
    std::string text;
    if (command->is_array())
      for (const Json& word : *command) text += (text.empty() ? "" : " ") + plain_text(word);
    else if (command->is_string())
      text = plain_text(*command);
    if (!text.empty()) body += "<pre>" + escaped(text) + "</pre>";
  }
  if (!body.empty()) body = "<div class='card' style='margin-top:20px'>" + body + "</div>\n";
  return {"configuration", "Configuration", "", body};
}

}  // namespace

std::string report_html(const Json& config, const std::vector<Json>& metrics, const Json& results,
                        const std::vector<std::string>& remarks, const std::vector<Experiment>& experiments) {
  const Run run{config, metrics, results};
  std::string links, sections;
  for (const Section& s : {training(run), retrieval(run), answers(run), codes(run), vit2cmh::experiments(experiments),
                           configuration(run)}) {
    if (s.body.empty()) continue;
    links += "<li><a href='#" + s.id + "'>" + s.title + "</a></li>";
    sections += "<section id='" + s.id + "'><h2>" + s.title + "</h2>" +
                (s.intro.empty() ? "" : "<p>" + s.intro + "</p>") + "\n" + s.body + "</section>\n";
  }
  std::string footer;
  for (const std::string& remark : remarks) footer += "<p>" + escaped(remark) + "</p>";
  const std::string model = text_field(config, "model");
  return "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'>\n<meta http-equiv='Content-Security-Policy' "
         "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action "
         "'none'\">\n<meta name='viewport' content='width=device-width, initial-scale=1'>\n<meta name='referrer' "
         "content='no-referrer'>\n<title>" +
         escaped(model.empty() ? "Training run" : model) + " \u00b7 hashweave report</title>\n<style>" +
         std::string{report_style()} + "</style></head>\n<body>\n" + gallery_symbols() + headline(run) +
         (links.empty() ? "" : "<nav aria-label='Sections'><ul>" + links + "</ul></nav>\n") + "<main>\n" + sections +
         "</main>\n<footer>" + footer + "<p>Written by vit2cmh, hashweave " + hashweave::version +
         ".</p></footer>\n</body></html>\n";
}

namespace {

struct MetricsFile {
  std::vector<Json> lines;
  std::size_t unreadable = 0;
};

MetricsFile read_metrics(const std::filesystem::path& path) {
  MetricsFile out;
  const hashweave::MappedFile file{path};
  std::string_view text = hashweave::as_text(file.bytes());
  while (!text.empty()) {
    const auto end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    try {
      Json object = hashweave::parse_json(line, path.string());
      if (object.is_object())
        out.lines.push_back(std::move(object));
      else
        ++out.unreadable;
    } catch (const hashweave::Error&) {
      if (end != std::string_view::npos) ++out.unreadable;  // the last line may be cut: the run is still being written
    }
  }
  return out;
}

template <class Object = Json>
Object read_object(const std::filesystem::path& path) {
  const hashweave::MappedFile file{path};
  constexpr hashweave::JsonLimits limits{.bytes = std::size_t{256} << 20};
  auto out = hashweave::parse_json<Object>(hashweave::as_text(file.bytes()), path.string(), limits);
  hashweave::require(out.is_object(), path.string(), "JSON", "an object", out.type_name());
  return out;
}

/// An experiment is called as its file is: "code_lengths.json" is "Code lengths".
Experiment read_experiment(const std::filesystem::path& path) {
  Experiment out{path.stem().string(), {}};
  std::replace(out.name.begin(), out.name.end(), '_', ' ');
  if (!out.name.empty() && out.name[0] >= 'a' && out.name[0] <= 'z')
    out.name[0] = static_cast<char>(out.name[0] - 'a' + 'A');
  const auto summary = read_object<nlohmann::ordered_json>(path);
  for (const auto& [label, figures] : summary.items()) {
    hashweave::require(figures.is_object() && figures.contains("runs"), path.string(), "figures of \"" + label + "\"",
                       "what vit2cmh mean writes", "something else");
    out.settings.push_back({label, figures});
  }
  return out;
}

}  // namespace

void write_report(const std::filesystem::path& run, const std::filesystem::path& out,
                  const std::vector<std::filesystem::path>& experiments) {
  const Json config = read_object(run / "config.json");
  const auto there = [&](const char* name) {
    std::error_code ignored;  // where it cannot be told, there is none
    return std::filesystem::exists(run / name, ignored);
  };
  const MetricsFile metrics = there("metrics.jsonl") ? read_metrics(run / "metrics.jsonl") : MetricsFile{};
  const Json results = there("results.json") ? read_object(run / "results.json") : Json::object();
  std::vector<std::string> remarks;
  if (metrics.unreadable > 0)
    remarks.push_back(counted(static_cast<double>(metrics.unreadable), "line", "lines") +
                      " of metrics.jsonl could not be read and " + (metrics.unreadable == 1 ? "is" : "are") +
                      " left out.");
  std::vector<Experiment> read;
  for (const auto& path : experiments) read.push_back(read_experiment(path));
  const std::string page = report_html(config, metrics.lines, results, remarks, read);
  hashweave::write_atomically(out, [&](hashweave::FileWriter& file) { file.write(page); });
}

}  // namespace vit2cmh
