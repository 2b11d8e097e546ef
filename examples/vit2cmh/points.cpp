#include "points.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace vit2cmh {

std::vector<Point> thinned(const std::vector<Point>& points, std::size_t most) {
  if (points.size() <= most || most == 0) return points;
  std::vector<Point> out;
  for (std::size_t k = 0; k < most; ++k) {
    const std::size_t begin = k * points.size() / most, end = (k + 1) * points.size() / most;
    Point sum;
    double values = 0;
    for (std::size_t i = begin; i < end; ++i) {
      sum.x += points[i].x;
      if (std::isfinite(points[i].y)) sum.y += points[i].y, ++values;
    }
    out.push_back({sum.x / static_cast<double>(end - begin),
                   values > 0 ? sum.y / values : std::numeric_limits<double>::quiet_NaN()});
  }
  // both ends stay where they are
  out.front().x = points.front().x;
  out.back().x = points.back().x;
  return out;
}

std::vector<Point> extremes(const std::vector<Point>& points, std::size_t most) {
  if (points.size() <= most || most < 2) return points;
  std::vector<Point> out;
  for (std::size_t k = 0; k < most / 2; ++k) {
    const auto run = [&](std::size_t at) {
      return points.begin() + static_cast<std::ptrdiff_t>(at * points.size() / (most / 2));
    };
    const Point *low = nullptr, *high = nullptr;
    for (auto p = run(k); p != run(k + 1); ++p) {
      if (!std::isfinite(p->y)) continue;
      if (low == nullptr || p->y < low->y) low = &*p;
      if (high == nullptr || p->y > high->y) high = &*p;
    }
    if (low == nullptr) {
      out.push_back({run(k)->x, std::numeric_limits<double>::quiet_NaN()});
      continue;
    }
    out.push_back(*std::min(low, high));  // in their order
    if (low != high) out.push_back(*std::max(low, high));
  }
  return out;
}

std::vector<Point> smoothed(const std::vector<Point>& points, std::size_t window) {
  std::vector<Point> out = points;
  std::vector<double> sums{0}, counts{0};
  for (const Point& p : points) {
    sums.push_back(sums.back() + (std::isfinite(p.y) ? p.y : 0));
    counts.push_back(counts.back() + (std::isfinite(p.y) ? 1 : 0));
  }
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::size_t half = std::min({window / 2, i, points.size() - 1 - i});  // the same on both sides
    const double count = counts[i + half + 1] - counts[i - half];
    out[i].y = count > 0 ? (sums[i + half + 1] - sums[i - half]) / count : std::numeric_limits<double>::quiet_NaN();
  }
  return out;
}

}  // namespace vit2cmh
