#include <algorithm>
#include <cmath>
#include <filesystem>

#include "report_run.hpp"

namespace vit2cmh {
namespace {

std::optional<double> median(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::string brand(const Run& run) {
  std::string state =
      run.finished ? "<span class='state'>finished</span>" : "<span class='state live'>in progress</span>";
  return "<div class='brand'><svg viewBox='0 0 26 26' aria-hidden='true'><g fill='none' stroke-width='3.4' "
         "stroke-linecap='round'><path stroke='var(--blue)' d='M9 2.5V13M9 17.5V23.5M17 2.5V8.5M17 13V23.5'/><path "
         "stroke='var(--orange)' d='M2.5 9H4.5M13 9H23.5M2.5 17H13M21.5 17H23.5'/></g></svg>hashweave" +
         state + "</div>";
}

/// The folder's name, also where the path is that of a file in it.
std::string data_name(const Json& config) {
  std::string data = text_field(config, "data");
  while (data.size() > 1 && data.ends_with('/')) data.pop_back();
  const std::filesystem::path path{data};
  const bool file = path.has_extension() && !path.parent_path().filename().empty();
  return (file ? path.parent_path() : path).filename().string();
}

std::string lede(const Run& run) {
  std::vector<std::string> parts;
  if (const std::string data = data_name(run.config); !data.empty()) parts.push_back(escaped(data));
  if (const std::string split = text_field(run.eval, "split"); !split.empty())
    parts.push_back(escaped(split) + " split" + (run.finished ? "" : ", best evaluation so far"));
  if (const auto images = number_field(run.eval, "images")) parts.push_back(counted(*images, "image", "images"));
  if (const auto captions = number_field(run.eval, "captions"))
    parts.push_back(counted(*captions, "caption", "captions"));
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : " \u00b7 ") + part;
  return out.empty() ? out : "<p class='lede'>" + out + "</p>";
}

std::string rsum_tile(const Run& run) {
  const auto rsum = rsum_of(run.eval);
  std::string out = "<div class='card rsum'><h3>rsum <span>of 600</span></h3><p class='big'>" +
                    (rsum ? number_text(*rsum, 1) : "\u2013") + "</p><p class='note'>";
  if (!rsum) return out + "There is no evaluation yet.</p></div>";
  out += "The six recalls summed, by Hamming distance of binary codes.";
  if (const auto continuous = rsum_of(run.eval, "continuous"))
    out += " Before the sign is taken: " + number_text(*continuous, 1) + ".";
  return out + "</p></div>";
}

std::string way_tile(const Json& way, const std::string& title) {
  std::string rows;
  for (const auto& [key, name] : {std::pair{"r1", "R@1"}, {"r5", "R@5"}, {"r10", "R@10"}})
    if (const auto recall = number_field(way, key))
      rows += std::string{"<dt>"} + name +
              "</dt><dd class='bar'><i style='width:" + short_number(std::clamp(*recall, 0.0, 100.0)) +
              "%'></i></dd><dd class='n'>" + number_text(*recall, 1) + "%</dd>";
  if (rows.empty()) return {};
  const auto rank = number_field(way, "median_rank");
  return "<div class='card way'><h3>" + title +
         (rank ? " <span>median rank " + short_number(*rank) + "</span>" : std::string{}) + "</h3><dl>" + rows +
         "</dl></div>";
}

std::string facts(const Run& run) {
  std::string out;
  const auto fact = [&](const char* name, const std::string& value) {
    out += std::string{"<div><dt>"} + name + "</dt><dd>" + value + "</dd></div>";
  };
  const double last = run.measured.last_step();
  const auto best =
      run.finished || run.best == nullptr ? number_field(run.results, "best_step") : number_field(*run.best, "step");
  if (best)
    fact("Best step", number_text(*best) + (last > 0 ? " of " + number_text(last) : ""));
  else if (last > 0)
    fact("Steps", number_text(last));
  if (!run.measured.steps.empty()) {
    const auto epoch = number_field(*run.measured.steps.rbegin()->second, "epoch");
    const auto epochs = number_field(run.config, "epochs");
    if (epoch) fact("Epoch", short_number(*epoch) + (epochs ? " of " + short_number(*epochs) : ""));
  }
  if (const auto seconds = number_field(run.results, "train_seconds")) fact("Training", duration_text(*seconds));
  std::vector<double> rates;
  for (const auto& [step, m] : run.measured.steps)
    if (const auto rate = number_field(*m, "pairs_per_second")) rates.push_back(*rate);
  if (const auto rate = median(rates)) fact("Speed", short_number(*rate) + " pairs/s");
  if (const auto bits = run.bits()) fact("One code", counted(std::ceil(*bits / 8), "byte", "bytes"));
  if (const auto ratio = number_field(run.results, "unique_ratio"))
    fact("Distinct codes", number_text(100 * *ratio, 1) + "%");
  return out.empty() ? out : "<dl class='facts'>" + out + "</dl>";
}

}  // namespace

std::string headline(const Run& run) {
  const std::string model = text_field(run.config, "model");
  const auto bits = run.bits();
  const Json& binary = object_field(run.eval, "binary");
  return "<header class='hero'>" + brand(run) + "<h1>" + escaped(model.empty() ? "Training run" : model) +
         (bits ? ", " + number_text(*bits) + " bits" : std::string{}) + "</h1>" + lede(run) + "<div class='headline'>" +
         rsum_tile(run) + way_tile(object_field(binary, "image_to_text"), "Image finds text") +
         way_tile(object_field(binary, "text_to_image"), "Text finds image") + "</div>" + facts(run) + "</header>\n";
}

}  // namespace vit2cmh
