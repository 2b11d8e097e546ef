#pragma once
/// A hashing method, as the common program sees it.
#include "labelled_data.hpp"
#include "run_folder.hpp"
#include "settings.hpp"

#include <cstdint>
#include <functional>
#include <hashweave/data/sampler.hpp>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace examples {

/// Which codes look for which: image to text, fused to fused.
struct Direction {
  std::string name;  ///< in results: "image_to_text"
  Kind query, database;
};

/// Where training stands when a step is made.
struct StepPlace {
  Size step = 0, steps = 0;  ///< of the whole run, counted from 0
  Size epoch = 0, steps_of_epoch = 0;
};

/// What a step gives to the log.
struct StepNote {
  double loss = 0;
  std::vector<std::pair<std::string, double>> terms{};
  double gradient_norm = 0, rate = 0;
  bool skipped = false;  ///< the gradient was not finite: nothing was changed
};

/// What a model must know of the data it was trained on, kept beside it.
struct DataFacts {
  Size classes = 0, image_width = 0, text_width = 0;
};

/// A model of a method with its optimiser. `trained` is all that codes depend on. A new one has its initial values,
/// drawn from the seed.
class Method : public Checkpointed {
 public:
  virtual Size parameter_count() const = 0;
  virtual std::vector<Direction> directions() const = 0;
  /// Work before the first step: parts that are trained or fitted beforehand. Called at the beginning of a sitting,
  /// before a checkpoint is loaded; a function of data and seed.
  virtual void prepare(const LabelledData& data, std::span<const Size> rows) = 0;
  /// One optimiser's step on these rows of the data.
  virtual StepNote step(const LabelledData& data, std::span<const Size> rows, const StepPlace& place) = 0;
  /// Relaxed codes (rows, bits) of items; a bit is 1 where the number is above 0.
  virtual void encode(const LabelledData& data, Kind kind, std::span<const Size> rows, std::span<float> codes) = 0;
  virtual Size optimiser_steps() const = 0;
  virtual Size skipped_steps() const = 0;
};

/// What a program is made of. Settings that every program has (bits, epochs, batch, seed, …) have the defaults given
/// here where they are named again.
struct MethodProgram {
  std::string name;
  std::string about;
  std::vector<Setting> settings;
  std::function<std::unique_ptr<Method>(const Settings&, const DataFacts&, Size threads)> make;
  /// What becomes of the items at the end of an epoch that do not fill a batch. (A single one is always left out.)
  LastBatch last_batch = LastBatch::drop;
};

/// The commands train, eval, encode and mean of a method's program.
int run_program(int argc, char** argv, const MethodProgram& program);

}  // namespace examples
