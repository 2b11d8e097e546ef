#pragma once
/// `vit2cmh mean`: figures of several runs put together.
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace examples {

/// For each label of "label=file" the mean and spread (standard deviation of a sample) of every number in its files,
/// each of which is what `eval --json` writes or a run's results.json (then with the seconds of training and the
/// baselines):
/// {"label": {"runs": 3, "binary": {"rsum": {"mean": …, "spread": …}, …}, …}, …}, in the order given.
/// @throws Error for files that cannot be read, and for those of a label that differ in more than their numbers.
nlohmann::ordered_json mean_of_runs(const std::vector<std::string>& labelled);

/// A line a label for people: rsums and mAPs.
std::string as_lines(const nlohmann::ordered_json& means);

}  // namespace examples
