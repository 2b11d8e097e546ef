#pragma once
/// The training of a method, from data to results.
#include "label_evaluation.hpp"
#include "method.hpp"

namespace examples {

struct TrainMethodOptions {
  DataChoice choice;
  std::filesystem::path out;
  bool resume = false;
  Size threads = 1, stop_after_steps = 0, checkpoint_every = 0;
  std::string command;
};

DataFacts facts_of(const LabelledData& data);
LabelledCodes encode_rows(Method& method, const LabelledData& data, Kind kind, std::span<const Size> rows, Size bits);
nlohmann::json evaluate_direction(Method& method, const LabelledData& data, const Direction& direction,
                                  std::span<const Size> queries, std::span<const Size> database, Size bits,
                                  const LabelRules& rules);
/// A table for people of {"bits", direction: figures, …}.
std::string as_table(const nlohmann::json& evaluation);

/// Trains, or goes on with, a run: RUN/ has config.json, metrics.jsonl, split.json (who stands where), checkpoints/,
/// model.safetensors (the best on val, or the last where there is no val) and results.json.
/// @throws Error where settings or data are at fault; MachineError where the disk or memory is.
nlohmann::json train_method(const MethodProgram& program, const Settings& settings, const TrainMethodOptions& options);

}  // namespace examples
