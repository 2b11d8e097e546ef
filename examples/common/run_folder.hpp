#pragma once
/// What a training run keeps on disk, so that it survives being stopped at any moment.
#include <filesystem>
#include <hashweave/io/safetensors.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace examples {
using namespace hashweave;

/// What a checkpoint holds, by name.
class Checkpointed {
 public:
  Checkpointed() = default;
  Checkpointed(const Checkpointed&) = delete;
  Checkpointed& operator=(const Checkpointed&) = delete;
  virtual ~Checkpointed() = default;

  /// What is trained; the memory is the model's.
  virtual std::vector<NamedTensor> trained() const = 0;
  /// Sets it from a file. @throws Error for names or shapes that are not the model's; nothing is changed then.
  virtual void load_trained(const TensorFile& file) = 0;
  /// The optimisers' moments.
  virtual std::vector<NamedTensor> moments() const = 0;
  virtual void load_moments(const TensorFile& file, Size steps, Size skipped) = 0;
};

/// Where a run stands. Random numbers and the order of the data are functions of these numbers.
struct RunState {
  Size step = 0;  ///< steps done
  Size optimiser_steps = 0, skipped = 0;
  double best_score = -1;
  Size best_step = 0;
  double seconds = 0;  ///< of training, over all sittings
};

/// RUN/: config.json, metrics.jsonl, checkpoints/step_N/, and what a program adds.
///
/// A checkpoint is a folder: model.safetensors (what is trained), optim.safetensors, state.json and MANIFEST.json with
/// size and CRC-32C of each. It is written under another name, synced and renamed: whatever stands under its name is
/// whole, and `load_newest` takes only what agrees with its manifest.
class RunFolder {
 public:
  /// Makes the folder where it is missing. @throws MachineError where the disk fails.
  explicit RunFolder(std::filesystem::path path);

  const std::filesystem::path& path() const { return path_; }
  /// Writes config.json, `options` and `besides`. A folder with a run is refused unless it is resumed with the same
  /// options, but for those that `may_change`. @throws Error naming the option that differs.
  void begin(const nlohmann::json& options, const nlohmann::json& besides, bool resume,
             const std::vector<std::string>& may_change) const;
  void write_json(const std::string& name, const nlohmann::json& value) const;

  /// Appends a line to metrics.jsonl. Lines are on the disk when a checkpoint is.
  void log(const nlohmann::json& line);
  /// Removes the lines of steps after `step`, and a last line that was cut.
  void forget_after(Size step);

  /// Writes a checkpoint, then removes all but the newest two and the one of the best step.
  void save(const Checkpointed& model, const RunState& state);
  /// Loads the newest checkpoint that is whole, and tells on standard error what is passed over; nothing where there is
  /// no checkpoint. @throws Error where there are some and none is whole.
  std::optional<RunState> load_newest(Checkpointed& model) const;

 private:
  bool has_checkpoints() const;
  void sync_log();
  std::filesystem::path path_;
};

}  // namespace examples
