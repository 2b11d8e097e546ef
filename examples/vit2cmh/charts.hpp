#pragma once
#include <optional>
#include <string>
#include <vector>

#include "points.hpp"

/// Charts as inline SVG in a <figure>. Colours come from the page's style by class, so that they follow its dark mode;
/// lines differ in dashes besides. The values under the pointer are shown by style alone, without a script. Titles and
/// names are plain text and are escaped here.
namespace vit2cmh {

struct Series {
  std::string name;
  std::vector<Point> points{};
  int colour = 0;       ///< 0 .. 5
  bool dashed = false;  ///< another dash besides the colour
  bool dots = false;    ///< a dot at every point
  bool faint = false;   ///< drawn thin behind the others; no legend, no value under the pointer
};

enum class Scale { linear, logarithmic };

struct Axis {
  std::string title;  ///< with its unit
  Scale scale = Scale::linear;
  std::vector<double> ticks{};  ///< where they are given
};

/// A point that is marked and labelled.
struct Mark {
  Point at;
  std::string label;
};

struct LineChart {
  std::string title;
  std::string note{};  ///< one sentence below the title
  Axis x, y;
  std::vector<Series> series;
  std::optional<Mark> mark{};
};
/// Nothing is drawn, and the result is empty, where no series has a finite point.
std::string line_chart(const LineChart& chart);

/// Shares over equal bins, one outline a series; bin i covers first + (i - 1/2 .. i + 1/2) width.
struct Histogram {
  std::string title;
  std::string note{};
  std::string x, y;      ///< titles of the axes
  std::string bin_name;  ///< of one bin, where values are shown: "distance"
  double first = 0, width = 1;
  std::vector<Series> series{};  ///< the points' y: percent
  std::vector<double> means{};   ///< of each series, marked by a line
};
std::string histogram(const Histogram& chart);

/// One bar a value, up or down from `base`, in percent.
struct Bars {
  std::string title;
  std::string note{};
  std::string x, y;
  std::string bar_name;  ///< "bit"
  double base = 50;
  std::vector<double> values{};
};
std::string bars(const Bars& chart);

/// A square matrix of correlations, -1 .. 1, as colours on either side of nothing; its diagonal is left grey. More than
/// 64 rows are drawn as 64 blocks, each by its largest magnitude.
struct HeatMap {
  std::string title;
  std::string note{};
  std::string axis;  ///< title of both axes
  std::vector<std::vector<double>> values{};
};
std::string heat_map(const HeatMap& map);

/// A figure with a title and a note around drawn content.
std::string figure(const std::string& kind, const std::string& title, const std::string& note,
                   const std::string& content);

}  // namespace vit2cmh
