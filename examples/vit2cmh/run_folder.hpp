#pragma once
/// What a training run keeps on disk, so that it survives being stopped at any moment.
#include "hash_model.hpp"

#include <nlohmann/json.hpp>
#include <optional>

namespace vit2cmh {

/// Where a run stands. Random numbers and the order of the data are functions of these numbers.
struct RunState {
  Size step = 0;  ///< steps done
  Size optimiser_steps = 0, skipped = 0;
  double best_rsum = -1;
  Size best_step = 0;
  double seconds = 0;  ///< of training, over all sittings
};

/// RUN/: config.json, metrics.jsonl, checkpoints/step_N/, model.safetensors, vocab.txt.
///
/// A checkpoint is a folder: model.safetensors (what is trained), optim.safetensors, state.json and MANIFEST.json with
/// size and CRC-32C of each. It is written under another name, synced and renamed: whatever stands under its name is
/// whole, and `newest` takes only what agrees with its manifest.
class RunFolder {
 public:
  /// Makes the folder where it is missing. @throws MachineError where the disk fails.
  explicit RunFolder(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }
  bool has_config() const;
  nlohmann::json config() const;
  void write_config(const nlohmann::json& config) const;
  void write_json(const std::string& name, const nlohmann::json& value) const;

  /// Appends a line to metrics.jsonl. Lines are on the disk when a checkpoint is.
  void log(const nlohmann::json& line);
  /// Removes the lines of steps after `step`, and a last line that was cut.
  void forget_after(Size step);

  /// Writes a checkpoint, then removes all but the newest two and the one of the best step.
  void save(HashModel& model, const RunState& state, bool with_towers);
  /// The newest checkpoint that is whole. What is passed over is named in `complaints`.
  std::optional<RunState> load_newest(HashModel& model, bool with_towers, std::vector<std::string>& complaints) const;
  bool has_checkpoints() const;

 private:
  void sync_log();
  std::filesystem::path path_;
};

/// Writes a model that stands alone: all parameters, and in the metadata what it is.
void write_model(const std::filesystem::path& file, const HashModel& model, const nlohmann::json& about);

/// A model of a run folder or of one file, with the vocabulary beside it.
struct StoredModel {
  std::unique_ptr<HashModel> model;
  nlohmann::json about;
  std::filesystem::path vocabulary;
};
StoredModel open_model(const std::filesystem::path& run_or_file, Size threads);

}  // namespace vit2cmh
