#include <algorithm>
#include <cmath>

#include "charts.hpp"
#include "report_run.hpp"

namespace vit2cmh {
namespace {

struct Shares {
  Series series;
  double mean = gap;
};

/// Counts by distance as percent of all, in bins of `width` distances.
Shares shares_of(const Json& counts, std::size_t width, const std::string& name, int colour, bool dashed) {
  Shares out{.series = {.name = name, .colour = colour, .dashed = dashed}};
  double total = 0, sum = 0, distance = 0;
  std::vector<double> bins((counts.size() + width - 1) / width);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double count = counts[i].is_number() ? std::max(0.0, counts[i].get<double>()) : 0;
    bins[i / width] += count;
    total += count;
    sum += count * distance++;
  }
  if (!(total > 0) || !std::isfinite(total)) return out;
  out.mean = sum / total;
  for (const double bin : bins) out.series.points.push_back({0, 100 * bin / total});
  return out;
}

std::string distances(const Run& run) {
  const Json& counts = object_field(run.results, "histogram");
  const std::size_t most = std::max(array_field(counts, "matching").size(), array_field(counts, "other").size());
  const std::size_t width = (most + 128) / 129;
  if (width == 0) return {};
  Histogram chart{.title = "Hamming distances",
                  .x = "Hamming distance, bits",
                  .y = "share of pairs, %",
                  .bin_name = "distance",
                  .first = static_cast<double>(width - 1) / 2,
                  .width = static_cast<double>(width)};
  const Shares matching = shares_of(array_field(counts, "matching"), width, "matching pairs", 2, false);
  const Shares other = shares_of(array_field(counts, "other"), width, "other pairs", 1, true);
  for (const Shares* s : {&matching, &other})
    if (!s->series.points.empty()) chart.series.push_back(s->series), chart.means.push_back(s->mean);
  double overlap = 0;
  for (std::size_t i = 0; i < std::min(matching.series.points.size(), other.series.points.size()); ++i)
    overlap += std::min(matching.series.points[i].y, other.series.points[i].y);
  if (chart.series.size() == 2)
    chart.note = "The better the codes, the less the two overlap: here by " + number_text(overlap, 1) + "%";
  return histogram(chart);
}

std::string balance(const Run& run) {
  Bars chart{.title = "Bit balance", .x = "bit", .y = "codes with the bit set, %", .bar_name = "bit"};
  std::size_t even = 0;
  for (const Json& share : array_field(run.results, "bits_on")) {
    const double value = share.is_number() ? share.get<double>() : gap;
    chart.values.push_back(value >= 0 && value <= 1 ? 100 * value : gap);
    even += std::abs(chart.values.back() - 50) <= 10 ? 1 : 0;
  }
  chart.note = "Half and half tells most: " + std::to_string(even) + " of " + std::to_string(chart.values.size()) +
               " bits lie between 40% and 60%";
  return bars(chart);
}

std::string correlation(const Run& run) {
  HeatMap map{.title = "Bit correlation", .axis = "bit"};
  double sum = 0, count = 0, largest = 0;
  for (const Json& line : array_field(run.results, "correlation")) {
    map.values.emplace_back();
    const std::size_t i = map.values.size() - 1;
    if (!line.is_array()) continue;
    for (const Json& value : line) {
      const double r = value.is_number() ? value.get<double>() : gap;
      map.values[i].push_back(std::abs(r) <= 1.001 ? r : gap);
      const double size = std::abs(map.values[i].back());
      if (map.values[i].size() - 1 == i || !std::isfinite(size)) continue;
      sum += size;
      count += 1;
      largest = std::max(largest, size);
    }
  }
  if (count > 0)
    map.note = "Independent bits would be blank. Mean size " + number_text(sum / count, 3) + ", largest " +
               number_text(largest, 2) + (map.values.size() > 64 ? "; each cell is the largest of a block" : "");
  return heat_map(map);
}

std::string quantisation(const Run& run) {
  const Json& counts = array_field(run.results, "quantisation");
  const Shares shares = shares_of(counts, 1, "", 0, false);
  if (shares.series.points.empty()) return {};
  const double width = 1 / static_cast<double>(counts.size());
  return histogram({.title = "Quantisation",
                    .note = "How far values lie from the sign that replaces them: at 1 nothing is lost",
                    .x = "size of a value before the sign is taken",
                    .y = "share of values, %",
                    .bin_name = "size",
                    .first = width / 2,
                    .width = width,
                    .series = {shares.series}});
}

}  // namespace

Section codes(const Run& run) {
  const std::string charts = distances(run) + balance(run) + correlation(run) + quantisation(run);
  return {"codes", "Codes", "", grid(charts)};
}

}  // namespace vit2cmh
