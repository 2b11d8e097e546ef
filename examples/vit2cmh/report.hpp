#pragma once
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace vit2cmh {

/// What `vit2cmh mean` wrote of the runs of an experiment: {"setting": {"runs", "bits", "binary": {"rsum": {"mean",
/// "spread"}}, ...}, ...}.
struct Experiment {
  struct Setting {
    std::string label;
    nlohmann::json figures;
  };
  std::string name;
  std::vector<Setting> settings;  ///< in the order in which they are shown
};

/// A training run as one HTML page that needs nothing else: no network, no script, pictures and drawings within. What
/// `config`, `metrics` and `results` lack is left out; what is null or of another kind than expected counts as lacking.
/// Nothing from the data is taken as markup, and only PNG and JPEG data URLs are taken as pictures. docs/report.md says
/// what the three hold. Of metrics with the same step and kind, as a resumed run has, the last counts.
/// `remarks` are sentences for the page's end.
std::string report_html(const nlohmann::json& config, const std::vector<nlohmann::json>& metrics,
                        const nlohmann::json& results, const std::vector<std::string>& remarks = {},
                        const std::vector<Experiment>& experiments = {});

/// Reads RUN/config.json, and RUN/metrics.jsonl and RUN/results.json where they are there, and the summaries of
/// experiments, and writes the page, whole or not at all. A cut last line of the metrics is ignored; other lines that
/// are no JSON objects are counted on the page. Throws `hashweave::Error` where there is no such run or its files are
/// at fault, `hashweave::MachineError` where the disk fails.
void write_report(const std::filesystem::path& run, const std::filesystem::path& out,
                  const std::vector<std::filesystem::path>& experiments = {});

}  // namespace vit2cmh
