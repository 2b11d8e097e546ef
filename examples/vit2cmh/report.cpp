#include "report.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <hashweave/core/error.hpp>
#include <hashweave/io/file.hpp>
#include <hashweave/io/json.hpp>
#include <hashweave/version.hpp>
#include <limits>
#include <map>
#include <optional>
#include <string_view>
#include <system_error>

#include "charts.hpp"
#include "gallery.hpp"
#include "html.hpp"
#include "report_style.hpp"

namespace vit2cmh {
namespace {

constexpr double gap = std::numeric_limits<double>::quiet_NaN();

/// The run's measurements in order of steps; a step that comes twice counts as its last.
struct Measurements {
  std::map<double, const Json*> steps, evaluations;

  explicit Measurements(const std::vector<Json>& metrics) {
    for (const Json& m : metrics)
      if (const auto step = number_field(m, "step")) (field(m, "eval") != nullptr ? evaluations : steps)[*step] = &m;
  }
  std::vector<Point> curve(std::string_view name) const {
    std::vector<Point> out;
    for (const auto& [step, m] : steps) out.push_back({step, number_field(*m, name).value_or(gap)});
    return out;
  }
  double last_step() const {
    return std::max(steps.empty() ? 0 : steps.rbegin()->first, evaluations.empty() ? 0 : evaluations.rbegin()->first);
  }
};

std::optional<double> rsum_of(const Json& eval, std::string_view codes = "binary") {
  return number_field(object_field(eval, codes), "rsum");
}

/// The evaluation with the highest rsum of binary codes.
const Json* best_of(const std::map<double, const Json*>& evaluations) {
  const Json* best = nullptr;
  for (const auto& [step, m] : evaluations)
    if (const auto rsum = rsum_of(*field(*m, "eval")))
      if (best == nullptr || *rsum > *rsum_of(*field(*best, "eval"))) best = m;
  return best;
}

std::optional<double> median(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// All that the sections draw on.
struct Run {
  const Json& config;
  const Json& results;
  Measurements measured;
  const Json* best;  ///< of the evaluations during training
  const Json& eval;  ///< the final one, or the best so far
  bool finished;

  Run(const Json& config_, const std::vector<Json>& metrics, const Json& results_)
      : config{config_},
        results{results_},
        measured{metrics},
        best{best_of(measured.evaluations)},
        eval{choose()},
        finished{!object_field(results, "eval").empty()} {}

  std::optional<double> bits() const {
    const auto of_eval = number_field(eval, "bits");
    return of_eval ? of_eval : number_field(config, "bits");
  }

 private:
  const Json& choose() const {
    const Json& last = object_field(results, "eval");
    return last.empty() && best != nullptr ? object_field(*best, "eval") : last;
  }
};

struct Section {
  std::string id, title, intro, body;
};

// The headline

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

std::string headline(const Run& run) {
  const std::string model = text_field(run.config, "model");
  const auto bits = run.bits();
  const Json& binary = object_field(run.eval, "binary");
  return "<header class='hero'>" + brand(run) + "<h1>" + escaped(model.empty() ? "Training run" : model) +
         (bits ? ", " + number_text(*bits) + " bits" : std::string{}) + "</h1>" + lede(run) + "<div class='headline'>" +
         rsum_tile(run) + way_tile(object_field(binary, "image_to_text"), "Image finds text") +
         way_tile(object_field(binary, "text_to_image"), "Text finds image") + "</div>" + facts(run) + "</header>\n";
}

// Training

/// Ticks at whole numbers, some eight.
std::vector<double> whole_ticks(double low, double high) {
  double step = 1;
  for (std::size_t i = 0; (high - low) / step > 8 && i < 40; ++i) step *= i % 3 == 1 ? 2.5 : 2;  // 1, 2, 5, 10, 20 ..
  std::vector<double> out;
  for (double t = std::ceil(low / step) * step; t <= high; t += step) out.push_back(t);
  return out;
}

constexpr std::size_t points_drawn = 240;

/// A measurement: as it is, thin, and smoothed.
void add_measurement(std::vector<Series>& to, const std::vector<Point>& curve, const std::string& name, int colour,
                     bool raw, bool dashed = false) {
  if (std::none_of(curve.begin(), curve.end(), [](const Point& p) { return std::isfinite(p.y); })) return;
  if (raw) to.push_back({.name = name, .points = extremes(curve, 3 * points_drawn), .colour = colour, .faint = true});
  to.push_back({.name = name,
                .points = thinned(smoothed(curve, curve.size() / 30), points_drawn),
                .colour = colour,
                .dashed = dashed});
}

std::string validation_chart(const Run& run) {
  const auto& all = run.measured.evaluations;
  std::map<double, const Json*> by_epoch;
  for (const auto& [step, m] : all)
    if (const auto epoch = number_field(*m, "epoch")) by_epoch[*epoch] = m;
  const bool epochs = by_epoch.size() == all.size();  // more than one an epoch: by steps
  Series binary{.name = "binary", .colour = 0, .dots = true};
  Series continuous{.name = "continuous", .colour = 1, .dashed = true, .dots = true};
  std::optional<Mark> mark;
  for (const auto& [x, m] : epochs ? by_epoch : all) {
    const Json& eval = object_field(*m, "eval");
    binary.points.push_back({x, rsum_of(eval).value_or(gap)});
    continuous.points.push_back({x, rsum_of(eval, "continuous").value_or(gap)});
    if (m == run.best) mark = Mark{binary.points.back(), "best " + number_text(binary.points.back().y, 1)};
  }
  if (binary.points.empty()) return {};
  for (Series* s : {&binary, &continuous}) {
    s->dots = s->points.size() <= 40;
    s->points = thinned(s->points, points_drawn);
  }
  const bool both = std::any_of(continuous.points.begin(), continuous.points.end(),
                                [](const Point& p) { return std::isfinite(p.y); });
  const Axis x{.title = epochs ? "epoch" : "step",
               .ticks = whole_ticks(binary.points.front().x, binary.points.back().x)};
  return line_chart({.title = "Validation",
                     .note = "rsum of the validation split, binary codes and before the sign is taken",
                     .x = x,
                     .y = {"rsum, of 600"},
                     .series = both ? std::vector{binary, continuous} : std::vector{binary},
                     .mark = mark});
}

Section training(const Run& run) {
  std::vector<Series> losses, norm, rate;
  const auto loss = run.measured.curve("loss");
  add_measurement(losses, loss, "total", 0, true);
  add_measurement(losses, run.measured.curve("triplet"), "triplet", 1, false, true);
  add_measurement(losses, run.measured.curve("angular"), "angular", 2, false);
  const auto norms = run.measured.curve("grad_norm");
  add_measurement(norm, norms, "", 0, true);
  rate.push_back({.name = "", .points = thinned(run.measured.curve("lr"), points_drawn), .colour = 0});

  double low = std::numeric_limits<double>::infinity(), high = 0;
  for (const Point& p : norms)
    if (std::isfinite(p.y)) low = std::min(low, p.y), high = std::max(high, p.y);
  const Axis steps{"step"};
  std::string charts = line_chart({.title = "Loss",
                                   .note = "A mean over neighbouring steps; the thin line is every step",
                                   .x = steps,
                                   .y = {"loss a pair"},
                                   .series = losses}) +
                       validation_chart(run) +
                       line_chart({.title = "Gradient norm",
                                   .note = "Of all parameters together, before clipping",
                                   .x = steps,
                                   .y = {"norm", high > 50 * low ? Scale::logarithmic : Scale::linear},
                                   .series = norm}) +
                       line_chart({.title = "Learning rate", .x = steps, .y = {"learning rate"}, .series = rate});
  if (!charts.empty()) charts = "<div class='grid'>\n" + charts + "</div>\n";
  return {"training", "Training", "", charts};
}

// Tables

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

std::string table(const std::string& title, const std::string& head, const std::string& rows) {
  return "<figure class='card table'><figcaption><h3>" + title +
         "</h3></figcaption><div class='scroll'><table><thead><tr><th scope='col'>Codes</th>" + head +
         "</tr></thead><tbody>" + rows + "</tbody></table></div></figure>\n";
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
  if (rows.empty()) return {};
  return table(title,
               "<th scope='col'>R@1, %</th><th scope='col'>R@5, %</th><th scope='col'>R@10, %</th><th "
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
  std::string head, rows;
  for (const std::string& protocol : protocols) head += "<th scope='col'>" + escaped(protocol_name(protocol)) + "</th>";
  for (const Codes& codes : all) {
    const Json& values = object_field(*codes.map, way);
    std::string cells;
    for (const std::string& protocol : protocols) cells += cell(number_field(values, protocol), 3);
    if (!values.empty()) rows += row(codes, cells);
  }
  return table(title, head, rows);
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
  return "<figure class='card table wide'><figcaption><h3>rsum, both ways together</h3></figcaption><dl class='sums'>" +
         rows + "</dl></figure>\n";
}

Section retrieval(const Run& run) {
  const std::vector<Codes> all = codes_of(run);
  std::string body = rsum_bars(all) + recall_table(all, "image_to_text", "Image finds text") +
                     recall_table(all, "text_to_image", "Text finds image") +
                     map_table(all, "image_to_text", "Mean average precision, image finds text") +
                     map_table(all, "text_to_image", "Mean average precision, text finds image");
  if (!body.empty()) body = "<div class='grid'>\n" + body + "</div>\n";
  return {
      "retrieval", "Retrieval",
      "R@K is the share of queries that have a right answer among the first K. Binary codes are compared by Hamming "
      "distance, continuous ones by cosine, before the sign is taken.",
      body};
}

Section answers(const Run& run) {
  return {"answers", "Answers",
          "The first ten answers by Hamming distance, the number beneath or beside each. Green with a tick is right, "
          "orange with a cross is wrong.",
          galleries_html(object_field(run.results, "galleries"))};
}

// The codes

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

Section codes(const Run& run) {
  std::string charts = distances(run) + balance(run) + correlation(run) + quantisation(run);
  if (!charts.empty()) charts = "<div class='grid'>\n" + charts + "</div>\n";
  return {"codes", "Codes", "", charts};
}

// Curves over several runs

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

Section curves(const Run& run) {
  const Json& all = object_field(run.results, "curves");
  std::string charts = length_curve(array_field(all, "code_length")) + size_curve(array_field(all, "gallery_size"));
  if (!charts.empty()) charts = "<div class='grid'>\n" + charts + "</div>\n";
  return {"curves", "Experiments", "", charts};
}

// The configuration

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
                        const std::vector<std::string>& remarks) {
  const Run run{config, metrics, results};
  std::string links, sections;
  for (const Section& s : {training(run), retrieval(run), answers(run), codes(run), curves(run), configuration(run)}) {
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

Json read_object(const std::filesystem::path& path) {
  const hashweave::MappedFile file{path};
  constexpr hashweave::JsonLimits limits{.bytes = std::size_t{256} << 20};
  Json out = hashweave::parse_json(hashweave::as_text(file.bytes()), path.string(), limits);
  hashweave::require(out.is_object(), path.string(), "JSON", "an object", out.type_name());
  return out;
}

}  // namespace

void write_report(const std::filesystem::path& run, const std::filesystem::path& out) {
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
  const std::string page = report_html(config, metrics.lines, results, remarks);
  hashweave::write_atomically(out, [&](hashweave::FileWriter& file) { file.write(page); });
}

}  // namespace vit2cmh
