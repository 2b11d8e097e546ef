#pragma once
/// A model behind one interface: everything above this file is compiled once, whatever the architecture and code
/// length.
#include "code_transform.hpp"

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <hashweave/core/owners.hpp>
#include <hashweave/core/precision.hpp>
#include <hashweave/data/preset.hpp>
#include <hashweave/io/safetensors.hpp>
#include <hashweave/text/packed_ids.hpp>
#include <memory>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace examples {}
namespace vit2cmh {
using namespace hashweave;
using namespace examples;

/// What an architecture is, in numbers.
struct Facts {
  std::string_view model;
  Size bits = 0;
  Size side = 0;          ///< of the square images it takes, in pixels
  Size image_tokens = 0;  ///< of one image
  Size image_width = 0, text_width = 0;
  Size vocabulary = 0;    ///< token ids are below
  Size longest_text = 0;  ///< in tokens
  Preset preset{};
  std::string_view image_weights, text_weights;  ///< names in the weights' folder; empty: it begins from scratch
};

/// Images as they reach the model: planes of pixels (n, 3, side, side), or tokens of the image tower (n, image_tokens,
/// image_width).
struct ImageBatch {
  std::span<const float> values;
  Size count = 0;
  bool tokens = false;
};

/// Texts: ids; or tokens of the text tower (rows, text_width), the ids giving the segments alone.
struct TextBatch {
  const PackedIds* ids = nullptr;
  std::span<const float> tokens{};
};

struct LossSettings {
  double margin = 0.2, alpha = 45, eta = 0.1, quantisation = 0;
  double info_nce = 0;  ///< weight of InfoNCE, beside the paper's losses
  double temperature = 0.07;
  double triplet = 1;        ///< weight of the triplet loss
  double sign_info_nce = 0;  ///< weight of InfoNCE on the codes' signs
};

struct TrainingSettings {
  LossSettings loss;
  double rate = 1e-5;       ///< of the towers
  double head_rate = 1e-5;  ///< of the projections, the trunk and the hash head
  double clip_norm = 2;
  double dropout = 0.1;  ///< in the trunk
  bool freeze_towers = false;
  bool recompute = false;     ///< keep the inputs of the towers' blocks alone
  bool half_moments = false;  ///< Adam's, in bfloat16
};

/// One batch of a step: a step may be made of several, whose gradients add up.
struct Moment {
  std::uint32_t draw = 0;  ///< a number of its own for every batch: random numbers depend on it
  bool first = true, last = true;
  double rate_factor = 1, gradient_scale = 1;
};

/// Sums over the pairs of the batch.
struct StepResult {
  double loss = 0, triplet = 0, angular = 0, quantisation = 0, info_nce = 0, sign_info_nce = 0;
  double gradient_norm = 0, rate = 0;
  bool skipped = false;  ///< the gradient was not finite: nothing was changed
};

struct TrainingMemory {
  std::size_t parameters = 0, step = 0;
};

class HashModel {
 public:
  HashModel() = default;
  HashModel(const HashModel&) = delete;
  HashModel& operator=(const HashModel&) = delete;
  virtual ~HashModel() = default;

  virtual const Facts& facts() const = 0;
  virtual Size parameter_count() const = 0;
  /// Of products, from now on. @throws Error when this processor cannot.
  virtual void use(Precision precision) = 0;
  /// Binds the CPU's threads, `Threads::pin`. @throws Error for a model on another backend, or too few processors.
  virtual void pin_threads() = 0;

  /// It computes on a device, while the host does something else: see `meanwhile`.
  virtual bool on_device() const = 0;
  /// Memory for so many numbers of the images that come next, from where they travel to a device while it computes on
  /// others; none where the model reads the host's. `sent` says that `count` of them, from number `first` on, are
  /// there.
  virtual std::span<float> room(std::size_t numbers) = 0;
  virtual void sent(std::size_t first, std::size_t count) = 0;
  /// Done once, by the next `step` or `encode`, when the device has been given its work and before the host waits.
  std::function<void()> meanwhile{};

  /// Random values for all parameters.
  virtual void initialise(std::uint64_t seed) = 0;
  /// Pretrained towers, from public checkpoints. @throws Error that lists what does not fit.
  virtual void load_image_tower(const std::filesystem::path& weights) = 0;
  virtual void load_text_tower(const std::filesystem::path& weights) = 0;
  /// The parameters by name: all of them, or those above the towers. The memory is the model's.
  virtual std::vector<NamedTensor> parameters(bool with_towers) const = 0;
  /// Sets them from a file. @throws Error for names or shapes that are not the model's; nothing is changed then.
  virtual void load(const TensorFile& file, bool with_towers) = 0;

  /// Tokens of the towers, as `freeze_towers` keeps them.
  virtual void image_tokens(std::span<const float> pixels, Size count, std::span<float> tokens) = 0;
  virtual void text_tokens(const PackedIds& ids, std::span<float> tokens) = 0;
  /// Relaxed codes h, (n, bits), in (-1, 1) unless they are transformed; a bit is 1 where h > 0.
  void encode(const ImageBatch& images, std::span<float> codes) {
    compute_codes(images, codes);
    if (transform) transform->apply(codes, transform->image_offset);
  }
  void encode(const TextBatch& texts, std::span<float> codes) {
    compute_codes(texts, codes);
    if (transform) transform->apply(codes, transform->text_offset);
  }
  /// What `encode` does to codes besides; training knows nothing of it.
  std::optional<CodeTransform> transform{};

  /// Makes ready for `step`: an optimiser with moments of zero.
  virtual void begin_training(const TrainingSettings& settings) = 0;
  /// One batch of as many images as texts, pair by pair; the optimiser's step after the last batch of a step.
  virtual StepResult step(const ImageBatch& images, const TextBatch& texts, Owners owners, const Moment& moment) = 0;
  /// The optimiser's state by name (m.…, v.…), of what is trained.
  virtual std::vector<NamedTensor> moments() = 0;
  virtual void load_moments(const TensorFile& file, Size steps, Size skipped) = 0;
  virtual Size optimiser_steps() const = 0;
  virtual Size skipped_steps() const = 0;
  /// Bytes that training takes: parameters, gradients and moments; what the largest step so far needed besides.
  virtual TrainingMemory training_memory() = 0;

 protected:
  /// Relaxed codes h in (-1, 1), as the hash head gives them.
  virtual void compute_codes(const ImageBatch& images, std::span<float> codes) = 0;
  virtual void compute_codes(const TextBatch& texts, std::span<float> codes) = 0;
};

/// The architectures and code lengths there are.
inline constexpr std::array<std::string_view, 3> model_names{"tiny", "dinov2-s+minilm", "vit-b16+bert-base"};
inline constexpr std::array<Size, 8> code_lengths{16, 32, 64, 128, 256, 512, 1024, 2048};

/// Values with commas between, for messages.
std::string listed(const auto& values) {
  std::ostringstream text;
  for (const auto& value : values) text << (&value == std::data(values) ? "" : ", ") << value;
  return text.str();
}

/// What a model computes on.
struct Machine {
  std::string backend = "cpu";  ///< of `backend_names`
  Size threads = 1;             ///< of the CPU
  bool pin = false;             ///< bind them to processors
};
/// The backends that this program was built with.
#ifdef VIT2CMH_HAS_CUDA
inline constexpr std::array<std::string_view, 2> backend_names{"cpu", "cuda"};
#else
inline constexpr std::array<std::string_view, 1> backend_names{"cpu"};
#endif

/// @throws Error for a model, code length or backend that no type was built for; CudaError where there is no device.
std::unique_ptr<HashModel> make_model(std::string_view model, Size bits, const Machine& machine);

}  // namespace vit2cmh
