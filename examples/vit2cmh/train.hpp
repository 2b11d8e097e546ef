#pragma once
/// `vit2cmh train`.
#include "feed.hpp"

#include <nlohmann/json.hpp>

namespace vit2cmh {

struct TrainOptions {
  std::filesystem::path data, images, out;
  std::filesystem::path image_weights, text_weights, vocabulary;  ///< empty: those in the weights' folder
  std::string model = "dinov2-s+minilm";
  Size bits = 64, epochs = 30, batch = 30, accumulate = 1, max_tokens = 32, warmup = 1000;
  double decay_at = 2.0 / 3;          ///< share of the steps after which the rate is a tenth
  double rate = 1e-5, head_rate = 0;  ///< 0: as `rate`
  LossSettings loss;
  double clip = 2, dropout = 0.1;
  bool freeze_towers = false, recompute = false, resume = false, from_scratch = false, skip_bad = false;
  bool half_moments = false;
  Precision precision = Precision::full;
  Machine machine;
  Size cache_mb = 2048;
  std::filesystem::path cache_file;
  std::uint64_t seed = 1;
  Size stop_after_steps = 0, checkpoint_every = 0, evaluate_every = 1;
  Size limit_train = 0;  ///< items of the train split to take, from the front; 0: all
  std::string command;
};

/// Trains, or goes on with, a run. Returns what `--json` writes.
/// @throws Error where options or data are at fault; MachineError where the disk or memory is.
nlohmann::json train(const TrainOptions& options);

/// The items of a split. @throws Error when there are none.
std::vector<Size> items_of(const CaptionDataset& data, Split split, const std::filesystem::path& from);

}  // namespace vit2cmh
