#include <algorithm>
#include <cmath>

#include "charts.hpp"
#include "report_run.hpp"

namespace vit2cmh {
namespace {

using Settings = std::vector<Experiment::Setting>;

/// Mean and spread of the rsum of one kind of codes.
const Json& rsum_over_runs(const Json& figures, std::string_view codes) {
  return object_field(object_field(figures, codes), "rsum");
}
double mean_rsum(const Experiment::Setting& s, std::string_view codes) {
  return number_field(rsum_over_runs(s.figures, codes), "mean").value_or(gap);
}
/// Into how many galleries the split was cut.
double folds(const Experiment::Setting& s) { return std::max(1.0, number_field(s.figures, "folds").value_or(1)); }

std::vector<double> places(const std::vector<Series>& series) {
  std::vector<double> out;
  for (const Series& s : series)
    for (const Point& p : s.points) out.push_back(p.x);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}
void sort_points(std::vector<Series>& series) {
  for (Series& s : series)
    std::sort(s.points.begin(), s.points.end(), [](const Point& a, const Point& b) { return a.x < b.x; });
}

/// rsum by code length, where the settings differ in it.
std::string length_curve(const Settings& settings) {
  std::vector<Series> series{{.name = "binary", .colour = 0, .dots = true},
                             {.name = "asymmetric", .colour = 2, .dashed = true, .dots = true},
                             {.name = "continuous", .colour = 1, .dashed = true, .dots = true}};
  for (const auto& setting : settings) {
    const auto bits = number_field(setting.figures, "bits");
    if (!bits || *bits <= 0 || folds(setting) > 1) continue;
    for (Series& s : series) s.points.push_back({*bits, mean_rsum(setting, s.name)});
  }
  sort_points(series);
  const std::vector<double> lengths = places(series);
  if (lengths.size() < 2) return {};
  return line_chart({.title = "Code length",
                     .note = "rsum by the number of bits, mean over the runs",
                     .x = {"bits", Scale::logarithmic, lengths},
                     .y = {"rsum, of 600"},
                     .series = series});
}

/// rsum by the size of the gallery, where parts of a split were searched besides the whole. A setting's label up to its
/// last comma names its curve.
std::string size_curve(const Settings& settings) {
  std::vector<Series> series;
  bool parts = false;
  for (const auto& setting : settings) {
    const auto images = number_field(setting.figures, "images");
    if (!images || *images <= 0) continue;
    parts = parts || folds(setting) > 1;
    const std::string name = setting.label.substr(0, setting.label.rfind(','));
    auto s = std::find_if(series.begin(), series.end(), [&](const Series& other) { return other.name == name; });
    if (s == series.end()) {
      const int colour = static_cast<int>(series.size() % 6);
      s = series.insert(s, {.name = name, .colour = colour, .dashed = colour % 2 == 1, .dots = true});
    }
    s->points.push_back({std::round(*images / folds(setting)), mean_rsum(setting, "binary")});
  }
  if (!parts) return {};
  sort_points(series);
  const std::vector<double> sizes = places(series);
  const bool wide = sizes.back() > 8 * sizes.front();
  return line_chart({.title = "Gallery size",
                     .note = "rsum of binary codes as the gallery that is searched grows, mean over the runs",
                     .x = {"images in the gallery", wide ? Scale::logarithmic : Scale::linear, sizes},
                     .y = {"rsum, of 600"},
                     .series = series});
}

std::string cell(const Json& figure, bool several, int decimals) {
  const auto mean = number_field(figure, "mean"), spread = number_field(figure, "spread");
  if (!mean) return "<td>\u2013</td>";
  return "<td>" + number_text(*mean, decimals) +
         (several && spread ? " <small>\u00b1 " + number_text(*spread, decimals) + "</small>" : "") + "</td>";
}

std::string summary_table(const std::string& title, const Settings& settings) {
  const bool labels = std::any_of(settings.begin(), settings.end(),
                                  [](const auto& s) { return !object_field(s.figures, "map").empty(); });
  std::string rows;
  const auto add = [&](const std::string& name, const Json& figures, const Json* count) {
    const bool several = count != nullptr && count->is_number() && count->get<double>() > 1;
    rows += "<tr><th scope='row'>" + escaped(name) + "</th><td>" + (count ? escaped(plain_text(*count)) : "\u2013") +
            "</td>";
    for (const char* codes : {"binary", "asymmetric", "continuous"})
      rows += cell(rsum_over_runs(figures, codes), several, 1);
    if (labels)
      for (const char* way : {"image_to_text", "text_to_image"})
        rows += cell(object_field(object_field(object_field(figures, "map"), way), "map_all"), several, 3);
    rows += "</tr>";
  };
  for (const auto& s : settings) add(s.label, s.figures, field(s.figures, "runs"));
  if (!settings.empty())  // nearly the same for all settings
    for (const auto& [name, figures] : object_field(settings.back().figures, "baselines").items())
      add(name, figures, field(settings.back().figures, "runs"));
  return table(title,
               std::string{"rsum, of 600: mean over the runs and their standard deviation"} +
                   (labels ? "; mAP@all of binary codes" : ""),
               std::string{"<th scope='col'>Setting</th><th scope='col'>Runs</th><th scope='col'>Binary</th>"
                           "<th scope='col'>Asymmetric</th><th scope='col'>Continuous</th>"} +
                   (labels ? "<th scope='col'>mAP<br>image to text</th><th scope='col'>mAP<br>text to image</th>" : ""),
               rows);
}

}  // namespace

Section experiments(const std::vector<Experiment>& all) {
  std::string body;
  for (const Experiment& one : all)
    body += summary_table(one.name, one.settings) + length_curve(one.settings) + size_curve(one.settings);
  return {"experiments", "Experiments", "Runs beside this one, on the same data.", grid(body)};
}

}  // namespace vit2cmh
