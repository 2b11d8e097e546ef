#include "label_evaluation.hpp"

#include "binary_codes.hpp"

#include <hashweave/eval/mean_average_precision.hpp>
#include <hashweave/eval/precision_recall.hpp>

namespace examples {
using nlohmann::json;

json evaluate_labels(const LabelledData& data, const LabelledCodes& queries, const LabelledCodes& database,
                     const LabelRules& rules) {
  const BinaryCodes query_codes{queries.values, queries.bits}, item_codes{database.values, database.bits};
  const HammingDistances table{query_codes, item_codes};
  std::vector<float> a, b;
  const Mat<const float> query_labels = data.labels(queries.rows, a), item_labels = data.labels(database.rows, b);
  const SharedLabels relevant{query_labels, item_labels};
  const MeanAveragePrecision all = map_all(table, relevant, rules.ties);
  json out{{"queries", queries.rows.size()},
           {"database", database.rows.size()},
           {"without_relevant", all.without_relevant},
           {"map_all", all.value}};
  for (const Size k : rules.at)
    if (k <= std::ssize(database.rows)) {
      out["map_at_" + std::to_string(k)] = map_at_k(table, relevant, k, rules.ties).value;
      out["map_cmh_" + std::to_string(k)] = map_cmh_k(table, relevant, k, rules.ties).value;
    }
  out["precision_at_radius_2"] = precision_at_radius(table, relevant, 2);
  if (!rules.details) return out;
  const auto classes = map_per_class(table, relevant, query_labels, rules.ties);
  json per_class = json::array(), curve = json::array();
  for (std::size_t c = 0; c < classes.size(); ++c)
    per_class.push_back(
        {{"class", data.set().classes()[c]}, {"map_all", classes[c].value}, {"queries", classes[c].queries}});
  for (const PrecisionRecallPoint& p : precision_recall_by_radius(table, relevant))
    curve.push_back({{"radius", p.at}, {"precision", p.precision}, {"recall", p.recall}, {"empty", p.empty}});
  out["per_class"] = std::move(per_class);
  out["precision_recall"] = std::move(curve);
  return out;
}

}  // namespace examples
