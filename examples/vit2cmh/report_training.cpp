#include <algorithm>
#include <cmath>

#include "charts.hpp"
#include "report_run.hpp"

namespace vit2cmh {
namespace {

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

}  // namespace

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
  const std::string charts = line_chart({.title = "Loss",
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
  return {"training", "Training", "", grid(charts)};
}

}  // namespace vit2cmh
