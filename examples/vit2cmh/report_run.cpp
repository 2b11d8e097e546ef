#include "report_run.hpp"

#include <algorithm>

#include "charts.hpp"

namespace vit2cmh {
namespace {

/// The evaluation with the highest rsum of binary codes.
const Json* best_of(const std::map<double, const Json*>& evaluations) {
  const Json* best = nullptr;
  for (const auto& [step, m] : evaluations)
    if (const auto rsum = rsum_of(*field(*m, "eval")))
      if (best == nullptr || *rsum > *rsum_of(*field(*best, "eval"))) best = m;
  return best;
}

const Json& final_or_best(const Json& results, const Json* best) {
  const Json& last = object_field(results, "eval");
  return last.empty() && best != nullptr ? object_field(*best, "eval") : last;
}

}  // namespace

Measurements::Measurements(const std::vector<Json>& metrics) {
  for (const Json& m : metrics)
    if (const auto step = number_field(m, "step")) (field(m, "eval") != nullptr ? evaluations : steps)[*step] = &m;
}
std::vector<Point> Measurements::curve(std::string_view name) const {
  std::vector<Point> out;
  for (const auto& [step, m] : steps) out.push_back({step, number_field(*m, name).value_or(gap)});
  return out;
}
double Measurements::last_step() const {
  return std::max(steps.empty() ? 0 : steps.rbegin()->first, evaluations.empty() ? 0 : evaluations.rbegin()->first);
}

std::optional<double> rsum_of(const Json& eval, std::string_view codes) {
  return number_field(object_field(eval, codes), "rsum");
}

Run::Run(const Json& config_, const std::vector<Json>& metrics, const Json& results_)
    : config{config_},
      results{results_},
      measured{metrics},
      best{best_of(measured.evaluations)},
      eval{final_or_best(results, best)},
      finished{!object_field(results, "eval").empty()} {}

std::optional<double> Run::bits() const {
  const auto of_eval = number_field(eval, "bits");
  return of_eval ? of_eval : number_field(config, "bits");
}

std::string table(const std::string& title, const std::string& note, const std::string& head, const std::string& rows) {
  if (rows.empty()) return {};
  return figure(
      "table", title, note,
      "<div class='scroll'><table><thead><tr>" + head + "</tr></thead><tbody>" + rows + "</tbody></table></div>");
}

std::string grid(const std::string& charts) {
  return charts.empty() ? charts : "<div class='grid'>\n" + charts + "</div>\n";
}

}  // namespace vit2cmh
