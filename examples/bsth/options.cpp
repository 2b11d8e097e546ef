#include "options.hpp"

#include <algorithm>

namespace examples {

std::vector<Setting> bsth_settings() {
  const PrototypeHashLoss beta;
  const PrototypeLoss gamma;
  return {{"bits", Size{64}, "bits of a code: 16, 32, 64 or 128"},
          {"epochs", Size{140}, "epochs of the second stage"},
          {"batch", Size{1024}, "items of a batch"},
          {"lr", 1e-3, "learning rate (Adam)"},
          {"schedule", "constant", "of the learning rate", {"constant", "cosine"}},
          {"dropout", 0.5, "rate of dropout in the network"},
          {"standardise", false, "feature columns to mean 0 and deviation 1, as in the train split"},
          {"beta-prediction", beta.prediction, "weight of the classifier's error"},
          {"beta-codes", beta.prototype_codes, "weight of the distance from the prototype codes"},
          {"beta-similarity", beta.similarity, "weight of the error of cosines"},
          {"prototype-epochs", Size{100}, "epochs of the first stage, each of one step on all items"},
          {"prototype-lr", 1e-3, "learning rate of the first stage (Adam)"},
          {"prototype-dropout", 0.5, "rate of dropout in the first stage"},
          {"gamma-prediction", gamma.prediction, "first stage: weight of the classifier's error"},
          {"gamma-quantisation", gamma.quantisation, "first stage: weight of the quantisation error"},
          {"gamma-similarity", gamma.similarity, "first stage: weight of the error of the prototypes' cosines"},
          {"gamma-balance", gamma.balance, "first stage: weight of the bits' balance"},
          {"balance", "squared", "form of the balance: the paper's, or the authors' program's", {"squared", "signed"}},
          {"slice", Size{0}, "items that go through the blocks at a time; 0: about 2,048 tokens"}};
}

BsthOptions bsth_options(const Settings& settings) {
  BsthOptions o;
  o.seed = static_cast<std::uint64_t>(settings.whole("seed"));
  o.bf16 = settings.text("precision") == "bf16";
  o.rate = settings.number("lr");
  o.dropout = settings.number("dropout");
  o.cosine = settings.text("schedule") == "cosine";
  o.standardise = settings.flag("standardise");
  o.slice = settings.whole("slice");
  o.loss = {settings.number("beta-prediction"), settings.number("beta-codes"), settings.number("beta-similarity")};
  o.prototype_epochs = settings.whole("prototype-epochs");
  o.prototype_rate = settings.number("prototype-lr");
  o.prototype_dropout = settings.number("prototype-dropout");
  o.prototype_loss = {settings.number("gamma-prediction"), settings.number("gamma-quantisation"),
                      settings.number("gamma-similarity"), settings.number("gamma-balance"),
                      settings.text("balance") == "signed" ? BalanceForm::signed_sum : BalanceForm::squared};
  require(o.slice >= 0, "--slice", "items", "at least 0", o.slice);
  require(o.prototype_epochs >= 0, "--prototype-epochs", "epochs", "at least 0", o.prototype_epochs);
  return o;
}

std::unique_ptr<Method> make_bsth(const Settings& settings, const DataFacts& facts, Size threads) {
  require(facts.image_width > 0, "bsth", "image features", "a matrix (see vit2cmh features)", "none");
  require(facts.text_width > 0, "bsth", "text features", "a matrix (see vit2cmh features)", "none");
  require(facts.classes >= 1 && facts.classes <= most_classes, "bsth", "classes", Phrase{"1 to ", most_classes},
          facts.classes);
  const BsthOptions options = bsth_options(settings);
  const Size bits = settings.whole("bits"), width = std::max(facts.image_width, facts.text_width);
  require(width <= 4096, "bsth", "columns of the features", "at most 4096", width);
  if (width <= 512) return make_bsth_of<512>(bits, options, facts, threads);
  return make_bsth_of<4096>(bits, options, facts, threads);
}

}  // namespace examples
