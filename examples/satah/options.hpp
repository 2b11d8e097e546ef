#pragma once
/// What can be set.
#include <common/method.hpp>
#include <hashweave/cmh/satah.hpp>

namespace examples {

struct SatahOptions {
  explicit SatahOptions(const Settings& settings);

  std::string method;
  std::uint64_t seed;
  Size batch;
  bool bf16, root;
  double rate, dropout, decay;
  double rate_drop;
  Size rate_every;
  double margin, temperature, quantisation;  ///< the rivals' own

  SatahLoss loss;
  double judge_rate, judge_beta1, judge_beta2;
  bool label_network;
  double label_rate;
  Size label_epochs;

  bool adversarial() const { return method == "satah" && loss.adversarial != 0; }
  bool taught() const { return method == "satah" && label_network; }
};

/// All settings of the program beside those that every program has.
std::vector<Setting> satah_settings();

/// A model for a code length that the program is compiled for. @throws Error for others.
std::unique_ptr<Method> make_satah(const Settings& settings, const DataFacts& facts, Size threads);
template <Size Bits>
std::unique_ptr<Method> make_satah_of(const SatahOptions& options, const DataFacts& facts, Size threads);

}  // namespace examples
