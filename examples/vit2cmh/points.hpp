#pragma once
#include <cstddef>
#include <vector>

/// Long rows of measurements made short enough to draw.
namespace vit2cmh {

struct Point {
  double x = 0;
  double y = 0;  ///< not a number: a gap in the line
};

/// At most `most` points in their order, each the mean of a run of neighbours; gaps in a run are passed over.
std::vector<Point> thinned(const std::vector<Point>& points, std::size_t most);
/// At most `most` points: of every run the lowest and the highest.
std::vector<Point> extremes(const std::vector<Point>& points, std::size_t most);
/// The mean over `window` neighbours around each point; a gap stays one only where the whole window is.
std::vector<Point> smoothed(const std::vector<Point>& points, std::size_t window);

}  // namespace vit2cmh
