#include <algorithm>

#include "charts.hpp"
#include "report_run.hpp"

namespace vit2cmh {
namespace {

std::vector<double> places(const std::vector<Series>& series) {
  std::vector<double> out;
  for (const Series& s : series)
    for (const Point& p : s.points) out.push_back(p.x);
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::string length_curve(const Json& points) {
  std::vector<Series> series{{.name = "binary", .colour = 0, .dots = true},
                             {.name = "continuous", .colour = 1, .dashed = true, .dots = true}};
  for (const Json& p : points) {
    const auto bits = number_field(p, "bits");
    if (!bits || *bits <= 0) continue;
    series[0].points.push_back({*bits, number_field(p, "binary_rsum").value_or(gap)});
    series[1].points.push_back({*bits, number_field(p, "continuous_rsum").value_or(gap)});
  }
  for (Series& s : series)
    std::sort(s.points.begin(), s.points.end(), [](const Point& a, const Point& b) { return a.x < b.x; });
  return line_chart({.title = "Code length",
                     .note = "rsum of runs that differ in their number of bits",
                     .x = {"bits", Scale::logarithmic, places(series)},
                     .y = {"rsum, of 600"},
                     .series = series});
}

std::string size_curve(const Json& points) {
  std::vector<Series> series;
  for (const Json& p : points) {
    const auto size = number_field(p, "size");
    if (!size || *size <= 0) continue;
    const std::string name = text_field(p, "name");
    auto s = std::find_if(series.begin(), series.end(), [&](const Series& other) { return other.name == name; });
    if (s == series.end()) {
      const int colour = static_cast<int>(series.size() % 6);
      s = series.insert(s, {.name = name, .colour = colour, .dashed = colour % 2 == 1, .dots = true});
    }
    s->points.push_back({*size, number_field(p, "rsum").value_or(gap)});
  }
  for (Series& s : series)
    std::sort(s.points.begin(), s.points.end(), [](const Point& a, const Point& b) { return a.x < b.x; });
  const std::vector<double> sizes = places(series);
  const bool wide = !sizes.empty() && sizes.back() > 8 * sizes.front();
  return line_chart({.title = "Gallery size",
                     .note = "rsum of binary codes as the gallery that is searched grows",
                     .x = {"items in the gallery", wide ? Scale::logarithmic : Scale::linear, sizes},
                     .y = {"rsum, of 600"},
                     .series = series});
}

}  // namespace

Section curves(const Run& run) {
  const Json& all = object_field(run.results, "curves");
  const std::string charts =
      length_curve(array_field(all, "code_length")) + size_curve(array_field(all, "gallery_size"));
  return {"curves", "Experiments", "", grid(charts)};
}

}  // namespace vit2cmh
