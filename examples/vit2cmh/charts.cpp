#include "charts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <limits>

#include "html.hpp"

namespace vit2cmh {
namespace {

constexpr double width = 480, height = 282, left = 54, right = 468, top = 38, bottom = 234;

/// Larger numbers are no measurements, and smaller ones are nothing on a logarithmic scale.
constexpr double largest = 1e30, smallest = 1e-30;
bool drawable(double value) { return std::abs(value) < largest; }  // not a number: false

/// A coordinate, to a tenth.
std::string at(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f", std::clamp(value, -1e6, 1e6));
  std::string out = text.data();
  if (out.ends_with(".0")) out.resize(out.size() - 2);
  return out == "-0" ? "0" : out;
}
std::string attribute(const char* name, double value) { return std::string{" "} + name + "='" + at(value) + "'"; }

std::string line(const char* kind, double x1, double y1, double x2, double y2) {
  return std::string{"<line class='"} + kind + "'" + attribute("x1", x1) + attribute("y1", y1) + attribute("x2", x2) +
         attribute("y2", y2) + "/>";
}
std::string text(const std::string& kind, double x, double y, const std::string& plain) {
  return "<text class='" + kind + "'" + attribute("x", x) + attribute("y", y) + ">" + escaped(plain) + "</text>";
}
std::string rectangle(const std::string& kind, double x, double y, double w, double h) {
  return "<rect class='" + kind + "'" + attribute("x", x) + attribute("y", y) + attribute("width", w) +
         attribute("height", h) + "/>";
}
std::string circle(const std::string& kind, double x, double y, double radius) {
  return "<circle class='" + kind + "'" + attribute("cx", x) + attribute("cy", y) + attribute("r", radius) + "/>";
}
std::string colour_of(const Series& series) { return "s" + std::to_string(std::clamp(series.colour, 0, 5)); }

std::string drawing(const std::string& title, double of_height, const std::string& content) {
  return "<svg role='img' aria-label='" + escaped(title) + "' viewBox='0 0 480 " + at(of_height) + "'>" + content +
         "</svg>";
}

std::string legend(const std::vector<Series>& series) {
  std::string items;
  int count = 0;
  for (const Series& s : series) {
    if (s.faint) continue;
    ++count;
    items += "<li class='" + colour_of(s) + (s.dashed ? " dashed" : "") + "'>" + escaped(s.name) + "</li>";
  }
  return count > 1 ? "<ul class='legend'>" + items + "</ul>" : std::string{};
}

/// 1, 2 or 5 times a power of ten, not below `value`.
double round_up(double value) {
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= value * (1 - 1e-9)) return factor * power;
  return 10 * power;
}

/// From values to places along one axis.
struct Ruler {
  double low = 0, high = 1, from = 0, to = 1;
  Scale scale = Scale::linear;
  std::vector<double> ticks{};

  double operator()(double value) const {
    const auto f = [this](double v) { return scale == Scale::logarithmic ? std::log(v) : v; };
    return from + (to - from) * (f(value) - f(low)) / (f(high) - f(low));
  }
  bool holds(double value) const {
    return std::isfinite(value) && value >= low * (low > 0 ? 1 - 1e-9 : 1) && value <= high * (1 + 1e-9) + 1e-300;
  }
};

/// Ends and ticks for values low .. high. `rounded` moves the ends out to ticks.
Ruler make_ruler(const Axis& axis, double low, double high, double from, double to, bool rounded) {
  Ruler ruler{low, high, from, to, low > smallest ? axis.scale : Scale::linear, axis.ticks};
  if (ruler.scale == Scale::logarithmic) {
    if (high / low < 1.02) ruler.low = low / 2, ruler.high = high * 2;
    if (rounded) {
      ruler.low = std::pow(10, std::floor(std::log10(low) + 1e-9));
      ruler.high = std::pow(10, std::ceil(std::log10(high) - 1e-9));
      if (ruler.low == ruler.high) ruler.high *= 10;
    }
    if (ruler.ticks.empty())
      for (double t = std::pow(10, std::ceil(std::log10(ruler.low) - 1e-9)); t <= ruler.high * 1.001; t *= 10)
        ruler.ticks.push_back(t);
    return ruler;
  }
  const double size = std::max(std::abs(low), std::abs(high));
  if (high - low <= std::max(1e-12 * size, smallest)) {
    const double margin = size < smallest ? 1 : size / 2;
    ruler.low = low >= 0 ? std::max(0.0, low - margin) : low - margin;
    ruler.high = high + margin;
  }
  const double step = round_up((ruler.high - ruler.low) / 5);
  if (rounded) {
    ruler.low = std::floor(ruler.low / step + 1e-9) * step;
    ruler.high = std::ceil(ruler.high / step - 1e-9) * step;
  }
  if (ruler.ticks.empty())
    for (double k = std::ceil(ruler.low / step - 1e-9); k * step <= ruler.high + 1e-9 * step; ++k)
      ruler.ticks.push_back(k * step);
  return ruler;
}

/// Grid, ticks and titles.
std::string frame(const Ruler& x, const Ruler& y, const std::string& x_title, const std::string& y_title) {
  std::string out = text("title", 4, 16, y_title) + text("title end", right, height - 6, x_title);
  for (const double t : y.ticks) {
    if (!y.holds(t)) continue;
    out += line("grid", left, y(t), right, y(t)) + text("tick end", left - 8, y(t) + 4, short_number(t));
  }
  double next = 2 * width;  // from the right, so that the last one keeps its place
  for (auto tick = x.ticks.rbegin(); tick != x.ticks.rend(); ++tick) {
    const double t = *tick;
    if (!x.holds(t) || next - x(t) < 38) continue;
    next = x(t);
    out += line("tickmark", x(t), bottom, x(t), bottom + 4) + text("tick middle", x(t), bottom + 20, short_number(t));
  }
  return out + line("axis", left, bottom, right, bottom);
}

/// What the pointer shows over a column: a line, dots, and the values in the strip above the plot.
std::string stop(double from, double to, double x, const std::string& dots, const std::string& label) {
  return "<g class='stop'>" + rectangle("hit", from, top, to - from, bottom - top) + "<g class='tip'>" +
         rectangle("strip", 0, 0, width, 24) + text("value", 4, 16, label) + line("guide", x, top, x, bottom) + dots +
         "</g></g>";
}

std::string polyline(const Series& series, const Ruler& x, const Ruler& y) {
  std::string path, dots;
  bool drawing_on = false;
  for (const Point& p : series.points) {
    const bool drawn = drawable(p.y) && x.holds(p.x);
    if (drawn) {
      path += (drawing_on ? "L" : "M") + at(x(p.x)) + " " + at(y(p.y));
      if (series.dots) dots += circle("dot", x(p.x), y(p.y), 3.5);
    }
    drawing_on = drawn;
  }
  const std::string kind = std::string{series.faint ? "faint" : "line"} + (series.dashed ? " dashed" : "");
  return "<g class='" + colour_of(series) + "'><path class='" + kind + "' d='" + path + "'/>" + dots + "</g>";
}

/// The point of the series nearest to x, if it has a value.
const Point* nearest(const Series& series, double x, double within) {
  const Point* best = nullptr;
  for (const Point& p : series.points)
    if (drawable(p.y) && (best == nullptr || std::abs(p.x - x) < std::abs(best->x - x))) best = &p;
  return best != nullptr && std::abs(best->x - x) <= within ? best : nullptr;
}

/// The places at which the pointer shows values: the points of all lines, at most `most`.
std::vector<double> stops_of(const std::vector<Series>& series, std::size_t most) {
  std::vector<double> all, some;
  for (const Series& s : series)
    for (const Point& p : s.points)
      if (!s.faint && drawable(p.x) && drawable(p.y)) all.push_back(p.x);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  const std::size_t every = (all.size() + most - 1) / std::max<std::size_t>(most, 1);
  for (std::size_t i = 0; i < all.size(); i += every) some.push_back(all[std::min(i + every / 2, all.size() - 1)]);
  return some;
}

std::string pointer_stops(const LineChart& chart, const Ruler& x, const Ruler& y) {
  const std::vector<double> stops = stops_of(chart.series, 48);
  const std::string unit = chart.x.title.substr(0, chart.x.title.find(','));
  std::string out;
  for (std::size_t i = 0; i < stops.size(); ++i) {
    const double here = x(stops[i]);
    const double from = i == 0 ? left : (x(stops[i - 1]) + here) / 2;
    const double to = i + 1 == stops.size() ? right : (x(stops[i + 1]) + here) / 2;
    const double within = stops.size() > 1 ? (stops.back() - stops.front()) / 40 : 0;
    const double place = stops[i];
    std::string label = unit + " " + (std::abs(place) < 10 ? short_number(place) : number_text(place)) + ":", dots;
    for (const Series& s : chart.series) {
      const Point* p = s.faint ? nullptr : nearest(s, stops[i], within);
      if (p == nullptr) continue;
      label += (label.ends_with(":") ? " " : ", ") + (s.name.empty() ? "" : s.name + " ") + short_number(p->y);
      dots += "<g class='" + colour_of(s) + "'>" + circle("dot", here, y(p->y), 4) + "</g>";
    }
    out += stop(from, to, here, dots, label);
  }
  return out;
}

}  // namespace

std::string figure(const std::string& kind, const std::string& title, const std::string& note,
                   const std::string& content) {
  if (content.empty()) return {};
  return "<figure class='card " + kind + "'><figcaption><h3>" + escaped(title) + "</h3>" +
         (note.empty() ? "" : "<p>" + escaped(note) + "</p>") + "</figcaption>" + content + "</figure>\n";
}

std::string line_chart(const LineChart& chart) {
  double x_low = std::numeric_limits<double>::infinity(), x_high = -x_low, y_low = x_low, y_high = -x_low;
  bool positive = true;
  for (const Series& s : chart.series)
    for (const Point& p : s.points) {
      if (!drawable(p.x) || !drawable(p.y)) continue;
      x_low = std::min(x_low, p.x), x_high = std::max(x_high, p.x);
      y_low = std::min(y_low, p.y), y_high = std::max(y_high, p.y);
      positive = positive && p.y > smallest;
    }
  if (x_low > x_high) return {};
  const bool logarithmic = chart.y.scale == Scale::logarithmic && positive;
  // a line that lies far above zero need not begin there
  if (!logarithmic && y_low > 0 && y_low < 0.6 * y_high) y_low = 0;
  if (chart.x.scale == Scale::linear && x_low > 0 && x_low < 0.02 * x_high) x_low = 0;
  const Ruler x = make_ruler(chart.x, x_low, x_high, left + 6, right - 8, false);
  const Ruler y = make_ruler(chart.y, y_low, y_high, bottom, top, true);

  std::string content = frame(x, y, chart.x.title, chart.y.title);
  for (const bool faint : {true, false})
    for (const Series& s : chart.series)
      if (s.faint == faint) content += polyline(s, x, y);
  if (chart.mark && x.holds(chart.mark->at.x) && y.holds(chart.mark->at.y)) {
    const double px = x(chart.mark->at.x), py = y(chart.mark->at.y);
    const char* anchor = px > right - 90 ? "mark end" : px < left + 60 ? "mark" : "mark middle";
    content += circle("ring", px, py, 7) + text(anchor, px, py > top + 24 ? py - 13 : py + 24, chart.mark->label);
  }
  content += pointer_stops(chart, x, y);
  return figure("chart", chart.title, chart.note, legend(chart.series) + drawing(chart.title, height, content));
}

std::string histogram(const Histogram& chart) {
  std::size_t bins = 0, first = std::numeric_limits<std::size_t>::max(), last = 0;
  double highest = 0;
  for (const Series& s : chart.series) {
    bins = std::max(bins, s.points.size());
    for (std::size_t i = 0; i < s.points.size(); ++i) {
      if (!(s.points[i].y > 0)) continue;
      highest = std::max(highest, s.points[i].y);
      first = std::min(first, i);
      last = std::max(last, i);
    }
  }
  if (highest == 0) return {};
  // leave out what is empty at both ends, but for a margin
  const std::size_t margin = (last - first) / 12 + 1;
  first = first > margin && first > bins / 6 ? first - margin : 0;
  last = std::min(bins - 1, last + margin);
  const auto edge = [&](std::size_t i) { return chart.first + (static_cast<double>(i) - 0.5) * chart.width; };
  const Ruler x = make_ruler({}, edge(first), edge(last + 1), left, right, false);
  const Ruler y = make_ruler({}, 0, highest, bottom, top + 12, true);

  std::string content = frame(x, y, chart.x, chart.y);
  for (const Series& s : chart.series) {
    std::string path;
    for (std::size_t i = first; i <= last; ++i) {
      const double value = i < s.points.size() && s.points[i].y > 0 ? s.points[i].y : 0;
      path += (i == first ? "M" + at(x(edge(i))) + " " : "V") + at(y(value)) + "H" + at(x(edge(i + 1)));
    }
    content += "<g class='" + colour_of(s) + "'><path class='area' d='" + path + "V" + at(bottom) + "H" +
               at(x(edge(first))) + "Z'/><path class='line" + (s.dashed ? " dashed" : "") + "' d='" + path + "'/></g>";
  }
  const auto order = std::minmax_element(chart.means.begin(), chart.means.end());
  for (std::size_t i = 0; i < chart.means.size() && i < chart.series.size(); ++i) {
    if (!x.holds(chart.means[i])) continue;
    const double px = x(chart.means[i]);
    // the lower mean's label to the left of its line, the higher one's to the right
    const bool to_the_left = chart.means.size() > 1 && chart.means[i] == *order.first && px > left + 80;
    content += "<g class='" + colour_of(chart.series[i]) + "'>" + line("mean", px, top + 2, px, bottom) +
               text(to_the_left ? "meantext end" : "meantext", px + (to_the_left ? -6 : 6), top + 10,
                    "mean " + number_text(chart.means[i], 1)) +
               "</g>";
  }
  for (std::size_t i = first; i <= last; ++i) {
    std::string label = chart.bin_name + " " + short_number(chart.first + static_cast<double>(i) * chart.width) + ":";
    for (const Series& s : chart.series)
      label += (label.ends_with(":") ? " " : ", ") + (i < s.points.size() ? short_number(s.points[i].y) : "0") + "%" +
               (s.name.empty() ? "" : " of " + s.name);
    content += stop(x(edge(i)), x(edge(i + 1)), (x(edge(i)) + x(edge(i + 1))) / 2, "", label);
  }
  return figure("chart", chart.title, chart.note, legend(chart.series) + drawing(chart.title, height, content));
}

std::string bars(const Bars& chart) {
  double furthest = 0;
  for (const double v : chart.values)
    if (drawable(v)) furthest = std::max(furthest, std::abs(v - chart.base));
  if (chart.values.empty()) return {};
  const double reach = std::max(5.0, round_up(std::max(furthest, 1e-9)));
  Axis axis;
  for (const double part : {-1.0, -0.5, 0.0, 0.5, 1.0}) axis.ticks.push_back(chart.base + part * reach);
  const auto count = static_cast<double>(chart.values.size());
  const Ruler x = make_ruler({}, 0, count, left, right, false);
  const Ruler y = make_ruler(axis, chart.base - reach, chart.base + reach, bottom, top, false);

  std::string content = frame(x, y, chart.x, chart.y), path;
  const double gap = (right - left) / count > 4 ? 1 : 0;
  for (std::size_t i = 0; i < chart.values.size(); ++i) {
    if (!drawable(chart.values[i])) continue;
    const double from = x(static_cast<double>(i)) + gap / 2, to = x(static_cast<double>(i + 1)) - gap / 2;
    path += "M" + at(from) + " " + at(y(chart.base)) + "V" + at(y(chart.values[i])) + "H" + at(to) + "V" +
            at(y(chart.base)) + "Z";
  }
  content += "<g class='s0'><path class='bars' d='" + path + "'/></g>" +
             line("base", left, y(chart.base), right, y(chart.base));
  if (chart.values.size() <= 256)
    for (std::size_t i = 0; i < chart.values.size(); ++i) {
      const double from = x(static_cast<double>(i)), to = x(static_cast<double>(i + 1));
      content += stop(from, to, (from + to) / 2, "",
                      chart.bar_name + " " + std::to_string(i) + ": " + short_number(chart.values[i]) + "%");
    }
  return figure("chart", chart.title, chart.note, drawing(chart.title, height, content));
}

std::string heat_map(const HeatMap& map) {
  constexpr std::size_t most = 64;
  constexpr int levels = 5;
  const std::size_t n = map.values.size();
  if (n == 0) return {};
  const std::size_t block = (n + most - 1) / most, cells = (n + block - 1) / block;
  std::vector<double> cell(cells * cells);
  double furthest = 0;
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < std::min(n, map.values[i].size()); ++j) {
      const double v = map.values[i][j];
      if (i == j || !std::isfinite(v)) continue;
      double& kept = cell[(i / block) * cells + j / block];
      if (std::abs(v) > std::abs(kept)) kept = v;
      furthest = std::max(furthest, std::abs(v));
    }
  const double reach = std::clamp(round_up(std::max(furthest, 0.05)), 0.05, 1.0);

  // one path a level, of runs of neighbouring cells
  constexpr double from = 96, place = 30, size = 264;
  const double side = size / static_cast<double>(cells);
  const auto level_of = [&](std::size_t i, std::size_t j) {
    if (i == j) return levels + 1;
    return std::clamp(static_cast<int>(std::lround(cell[i * cells + j] / reach * levels)), -levels, levels);
  };
  std::array<std::string, 2 * levels + 2> paths;
  for (std::size_t i = 0; i < cells; ++i)
    for (std::size_t j = 0, end = 0; j < cells; j = end) {
      const int level = level_of(i, j);
      for (end = j + 1; end < cells && level_of(i, end) == level; ++end) continue;
      if (level == 0) continue;
      const double x = from + side * static_cast<double>(j), y = place + side * static_cast<double>(i);
      const double w = side * static_cast<double>(end - j);
      paths[static_cast<std::size_t>(level + levels)] +=
          "M" + at(x) + " " + at(y) + "h" + at(w) + "v" + at(side) + "h-" + at(w) + "z";
    }
  std::string content =
      text("title end", from - 8, 16, map.axis) + text("title end", from + size, place + size + 38, map.axis);
  for (int level = -levels; level <= levels + 1; ++level) {
    const auto& path = paths[static_cast<std::size_t>(level + levels)];
    if (path.empty()) continue;
    const std::string kind = level > levels ? "self" : level < 0 ? "below" : "above";
    content += "<path class='cell " + kind + "' fill-opacity='" +
               (level > levels ? "1" : at(static_cast<double>(std::abs(level)) / levels)) + "' d='" + path + "'/>";
  }
  content += rectangle("border", from, place, size, size);
  const Ruler along = make_ruler({}, 0, static_cast<double>(n), from, from + size, false);
  for (const double t : along.ticks) {
    if (t > static_cast<double>(n) * 0.97) continue;
    content += text("tick", along(t), place + size + 18, short_number(t)) +
               text("tick end", from - 8, place + along(t) - from + 10, short_number(t));
  }
  // the scale beside it
  const double step = size / (2 * levels + 1);
  for (int level = -levels; level <= levels; ++level) {
    const double y = place + step * (levels - level);
    content += "<rect class='cell " + std::string{level < 0 ? "below" : "above"} + "'" +
               attribute("x", from + size + 18) + attribute("y", y) + attribute("width", 14) +
               attribute("height", step) + " fill-opacity='" + at(static_cast<double>(std::abs(level)) / levels) +
               "'/>";
    if (level % levels == 0)
      content += text("tick", from + size + 38, y + step / 2 + 4,
                      (level > 0 ? "+" : "") + short_number(reach * level / levels));
  }
  content += rectangle("border", from + size + 18, place, 14, size);
  return figure("chart", map.title, map.note, drawing(map.title, place + size + 46, content));
}

}  // namespace vit2cmh
