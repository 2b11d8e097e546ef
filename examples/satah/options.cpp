#include "options.hpp"

#include <hashweave/index/with_bits.hpp>

namespace examples {

std::vector<Setting> satah_settings() {
  return {{"batch", Size{128}, "items of a batch"},
          {"epochs", Size{300}, "epochs"},
          {"method",
           "satah",
           "the loss: SATAH's or a rival's on the same networks",
           {"satah", "dcmh", "triplet", "infonce", "vit2cmh-loss"}},
          {"rate", 5e-5, "learning rate of the networks (Adam)"},
          {"rate-drop", 0.8, "factor on all rates every --rate-every epochs"},
          {"rate-every", Size{100}, "see --rate-drop"},
          {"decay", 0.0, "decoupled weight decay of the networks"},
          {"dropout", 0.0, "behind the networks' first activation"},
          {"triplet", 10.0, "weight of the triplet loss"},
          {"alignment", 1.0, "weight of semantic alignment"},
          {"quantisation", 0.1, "weight of quantisation, of the rivals too (but dcmh)"},
          {"adversarial", 0.1, "weight of the adversarial loss"},
          {"root", false, "signed square roots of the features, for histograms"},
          {"margin", 0.4, "of the triplets; of --method triplet too"},
          {"blend", 0.5, "of the labels' Jaccard index in what cosines are to be"},
          {"hardest", false, "the nearest negatives instead of semi-hard ones"},
          {"ungraded", false, "triplets not weighted by shared labels"},
          {"no-triplet", false, "ablation: without the triplet loss"},
          {"no-semantic-alignment", false, "ablation: without semantic alignment"},
          {"no-quantisation", false, "ablation: without quantisation"},
          {"no-gan", false, "ablation: without discriminators"},
          {"no-label-network", false, "ablation: conditions of zeros, alignment to the labels alone"},
          {"judge-rate", 5e-5, "learning rate of the discriminators (Adam)"},
          {"judge-beta1", 0.5, "of the discriminators' Adam"},
          {"judge-beta2", 0.9, "of the discriminators' Adam"},
          {"label-rate", 1e-4, "learning rate of the label network (Adam)"},
          {"label-epochs", Size{20}, "epochs of the label network, beforehand"},
          {"temperature", 0.07, "of --method infonce"}};
}

SatahOptions::SatahOptions(const Settings& s)
    : method{s.text("method")},
      seed{static_cast<std::uint64_t>(s.whole("seed"))},
      batch{s.whole("batch")},
      bf16{s.text("precision") == "bf16"},
      root{s.flag("root")},
      rate{s.number("rate")},
      dropout{s.number("dropout")},
      decay{s.number("decay")},
      rate_drop{s.number("rate-drop")},
      rate_every{s.whole("rate-every")},
      margin{s.number("margin")},
      temperature{s.number("temperature")},
      quantisation{s.number("quantisation")},
      judge_rate{s.number("judge-rate")},
      judge_beta1{s.number("judge-beta1")},
      judge_beta2{s.number("judge-beta2")},
      label_network{!s.flag("no-label-network")},
      label_rate{s.number("label-rate")},
      label_epochs{s.whole("label-epochs")} {
  require(rate_every >= 1, "--rate-every", "epochs", "at least 1", rate_every);
  require(rate_drop > 0, "--rate-drop", "factor", "more than 0", rate_drop);
  require(label_epochs >= 1, "--label-epochs", "epochs", "at least 1", label_epochs);
  require(margin > 0, "--margin", "margin", "more than 0", margin);
  require(s.number("blend") >= 0 && s.number("blend") <= 1, "--blend", "share", "0 to 1", s.number("blend"));
  loss.triplet = s.flag("no-triplet") ? 0 : s.number("triplet");
  loss.alignment = s.flag("no-semantic-alignment") ? 0 : s.number("alignment");
  loss.quantisation = s.flag("no-quantisation") ? 0 : quantisation;
  loss.adversarial = s.flag("no-gan") ? 0 : s.number("adversarial");
  loss.blend = s.number("blend");
  loss.triplets.rule = {margin, !s.flag("hardest"), !s.flag("ungraded")};
}

std::unique_ptr<Method> make_satah(const Settings& settings, const DataFacts& facts, Size threads) {
  const SatahOptions options{settings};
  return with_bits<BitsList<16, 32, 64, 128>>(
      settings.whole("bits"), [&](auto bits) { return make_satah_of<bits()>(options, facts, threads); });
}

}  // namespace examples
