#pragma once
/// A network with its loss and optimiser behind one interface: what is above this file is compiled once.
#include <common/method.hpp>
#include <filesystem>
#include <hashweave/core/precision.hpp>
#include <hashweave/data/preset.hpp>
#include <memory>

namespace transhash {
using namespace hashweave;
using namespace examples;

/// What a network is, in numbers.
struct NetworkFacts {
  std::string_view architecture;
  Size bits = 0;
  Size side = 0;    ///< of the square images it takes, in pixels
  Size tokens = 0;  ///< of one image, behind the common blocks
  Size width = 0;   ///< of a token
  Preset preset{};
  std::string_view weights;  ///< name in the weights' folder; empty: it begins from scratch
};

/// Images as they reach the network: planes of pixels (n, 3, side, side), or what the common blocks make of them (n,
/// tokens, width).
struct ImageBatch {
  std::span<const float> values;
  Size count = 0;
  bool tokens = false;
};

struct Objective {
  std::string method;  ///< one of `method_names`
  bool cauchy = true;  ///< TransHash: else logistic pairs
  bool quantisation = true;
  double gamma = 20;           ///< in bits
  bool gamma_of_code = false;  ///< of the whole code: a head takes its share
  double lambda = 0.1;         ///< of the quantisation term, where it is not the method's usual
  bool usual_lambda = true;
  Size classes = 0;
  std::uint64_t seed = 1;  ///< of CSQ's centres
};

struct TrainingSettings {
  double rate = 3e-2, momentum = 0.9, decay = 1e-4;
  double block_factor = 1;  ///< on the rate of the last blocks; of the common ones 0 where they are frozen
  bool freeze_common = false;
  double clip_norm = 0;  ///< 0: none
};

class HashNetwork : public Checkpointed {
 public:
  virtual const NetworkFacts& facts() const = 0;
  virtual Size parameter_count() const = 0;
  virtual void use(Precision precision) = 0;
  /// Random values for all parameters.
  virtual void initialise(std::uint64_t seed) = 0;
  /// A pretrained tower from a public checkpoint: its last block and norm in each stream. @throws Error that lists what
  /// does not fit.
  virtual void load_tower(const std::filesystem::path& weights) = 0;
  /// CRC-32C of the common blocks' parameters.
  virtual std::uint32_t common_checksum() const = 0;

  /// What the common blocks make of pixels: (n, tokens, width).
  virtual void common_tokens(std::span<const float> pixels, Size count, std::span<float> tokens) = 0;
  /// What reaches the head of a network of one stream: (n, width).
  virtual void features(const ImageBatch& images, std::span<float> out) = 0;
  /// Sets the head of a network of one stream.
  virtual void set_head(std::span<const float> weight, std::span<const float> bias) = 0;
  /// Relaxed codes (n, bits).
  virtual void encode(const ImageBatch& images, std::span<float> codes) = 0;

  /// Makes ready for `step`: an optimiser with moments of zero. What is trained depends on `freeze_common`.
  virtual void begin_training(const TrainingSettings& settings, const Objective& objective) = 0;
  /// labels (n, classes).
  virtual StepNote step(const ImageBatch& images, Mat<const float> labels, const StepPlace& place,
                        double rate_factor) = 0;
  virtual Size optimiser_steps() const = 0;
  virtual Size skipped_steps() const = 0;
};

inline const std::vector<std::string> method_names{"transhash", "hashnet",    "dch", "dpsh", "dsh",
                                                   "csq",       "greedyhash", "itq", "lsh"};
inline constexpr std::array<Size, 4> code_lengths{16, 32, 48, 64};

/// The network of a method. @throws Error for a model, method or code length that no type was built for.
std::unique_ptr<HashNetwork> make_network(const std::string& model, const std::string& method, bool dual_stream,
                                          Size bits, Size threads);

}  // namespace transhash
