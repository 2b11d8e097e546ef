#pragma once
/// What BSTH's program is told.
#include <common/method.hpp>
#include <hashweave/cmh/bsth_losses.hpp>

namespace examples {

/// Concept width, and how many classes there is room for (fewer are used as there are).
inline constexpr Size concept_width = 128, most_classes = 256;

struct BsthOptions {
  std::uint64_t seed = 1;
  bool bf16 = false;
  double rate = 1e-3, dropout = 0.5;
  bool cosine = false;       ///< the rate falls to 0 along a cosine; else it stays
  bool standardise = false;  ///< feature columns to mean 0 and deviation 1
  Size slice = 0;            ///< items that go through the blocks at a time; 0: about 2,048 tokens
  PrototypeHashLoss loss;

  Size prototype_epochs = 100;
  double prototype_rate = 1e-3, prototype_dropout = 0.5;
  PrototypeLoss prototype_loss;
};

std::vector<Setting> bsth_settings();
BsthOptions bsth_options(const Settings& settings);

/// The method for features of these widths and for that many bits. @throws Error where there is no such code length,
/// features of one kind are missing or too wide, or there are more classes than it has room for.
std::unique_ptr<Method> make_bsth(const Settings& settings, const DataFacts& facts, Size threads);

/// The same for features that are filled up with zeros to `Width` columns, which changes nothing but time: 512 or 4096,
/// one source file each.
template <Size Width>
std::unique_ptr<Method> make_bsth_of(Size bits, const BsthOptions& options, const DataFacts& facts, Size threads);

}  // namespace examples
