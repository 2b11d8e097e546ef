#pragma once
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "html.hpp"
#include "points.hpp"
#include "report.hpp"

/// What the sections of the report draw on, and the sections.
namespace vit2cmh {

/// A value that is not there, in a curve.
inline constexpr double gap = std::numeric_limits<double>::quiet_NaN();

/// The run's measurements in order of steps; a step that comes twice counts as its last.
struct Measurements {
  std::map<double, const Json*> steps, evaluations;

  explicit Measurements(const std::vector<Json>& metrics);
  std::vector<Point> curve(std::string_view name) const;
  double last_step() const;
};

/// The sum of recalls of an evaluation's `codes`.
std::optional<double> rsum_of(const Json& eval, std::string_view codes = "binary");

/// All three files.
struct Run {
  const Json& config;
  const Json& results;
  Measurements measured;
  const Json* best;  ///< of the evaluations during training
  const Json& eval;  ///< the final one, or the best so far
  bool finished;

  Run(const Json& config, const std::vector<Json>& metrics, const Json& results);
  std::optional<double> bits() const;
};

/// A section whose body is empty is left out.
struct Section {
  std::string id, title, intro, body;
};

/// The charts side by side; nothing where there are none.
std::string grid(const std::string& charts);

/// A table with its title and a note below that; nothing where there are no rows. `head` and `rows` are markup.
std::string table(const std::string& title, const std::string& note, const std::string& head, const std::string& rows);

std::string headline(const Run& run);
Section training(const Run& run);
Section retrieval(const Run& run);
Section codes(const Run& run);
Section experiments(const std::vector<Experiment>& all);

}  // namespace vit2cmh
