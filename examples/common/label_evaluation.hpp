#pragma once
/// How well codes retrieve items that share a label, by named protocols.
#include "labelled_data.hpp"

#include <hashweave/eval/ties.hpp>

namespace examples {

/// Relaxed codes of some items, (rows, bits).
struct LabelledCodes {
  std::span<const Size> rows;
  std::vector<float> values;
  Size bits = 0;
};

struct LabelRules {
  std::vector<Size> at{50, 1000, 5000};  ///< the K of map_at_k and map_cmh_k; those beyond the database are left out
  Ties ties = Ties::order;
  bool details = true;  ///< also AP by class and the precision-recall curve
};

/// {"queries", "database", "without_relevant", "map_all", "map_at_K", "map_cmh_K", "precision_at_radius_2",
/// "per_class": [...], "precision_recall": [...]}: each as its function in eval/ says, on binary codes.
nlohmann::json evaluate_labels(const LabelledData& data, const LabelledCodes& queries, const LabelledCodes& database,
                               const LabelRules& rules = {});

}  // namespace examples
