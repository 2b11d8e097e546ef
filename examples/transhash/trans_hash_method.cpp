#include "trans_hash_method.hpp"

#include <algorithm>
#include <common/program.hpp>
#include <hashweave/cpu/linear_codes.hpp>
#include <hashweave/optim/schedule.hpp>

namespace transhash {

std::vector<Setting> method_settings() {
  return {
      {"method", "transhash", "what is trained; itq and lsh are fitted to the features, with --epochs 0", method_names},
      {"model",
       "dinov2-s",
       "dinov2-s: DINOv2 ViT-S/14 at 112 x 112 pixels; tiny: 4 blocks from scratch",
       {"dinov2-s", "tiny"}},
      {"weights", "", "checkpoint of the tower; empty: the one that tools/get_weights.sh fetches"},
      {"freeze-common",
       "auto",
       "train the last blocks and heads alone; auto: where the tower is pretrained",
       {"auto", "yes", "no"}},
      {"tokens", "", "folder for the frozen blocks' tokens, which runs share; empty: in memory"},
      {"lr", 3e-2, "learning rate of SGD, after the warm-up, falling as a cosine"},
      {"block-lr-factor", 1.0, "on the learning rate of all that is no head"},
      {"momentum", 0.9, "of SGD"},
      {"weight-decay", 1e-4, "of SGD"},
      {"warmup", Size{500}, "steps of warm-up, at most a tenth of all"},
      {"clip", 0.0, "limit on the gradient's norm; 0: none"},
      {"gamma", 20.0, "scale of the Cauchy distribution, in bits"},
      {"gamma-of",
       "code",
       "transhash: what gamma is meant for: each head, or the code, of which a head takes its share",
       {"head", "code"}},
      {"lambda", -1.0, "weight of the quantisation term; below 0: the method's own"},
      {"no-cauchy", false, "transhash: logistic pairs instead of the Cauchy loss"},
      {"no-dual-stream", false, "transhash: the global stream alone, with all bits"},
      {"no-quantisation", false, "transhash: without its quantisation term"},
  };
}

TransHashMethod::TransHashMethod(const Settings& s, const DataFacts& facts, Size threads)
    : method_{s.text("method")},
      precision_{s.text("precision")},
      bits_{s.whole("bits")},
      warmup_{s.whole("warmup")},
      threads_{threads},
      seed_{static_cast<std::uint64_t>(s.whole("seed"))},
      token_folder_{s.text("tokens")} {
  for (const char* flag : {"no-cauchy", "no-dual-stream", "no-quantisation"})
    require(method_ == "transhash" || !s.flag(flag), std::string{"--"} + flag, "method", "transhash", method_);
  require(!fitted() || s.whole("epochs") == 0, "--epochs", "epochs of " + method_ + ", which is not trained", 0,
          s.whole("epochs"));
  require(warmup_ >= 0, "--warmup", "steps", "at least 0", warmup_);
  network_ = make_network(s.text("model"), method_, !s.flag("no-dual-stream"), bits_, threads);
  network_->use(precision_named(precision_));
  network_->initialise(seed_);
  const std::string_view published = network_->facts().weights;
  if (!s.text("weights").empty() || !published.empty())
    network_->load_tower(weights_or_default(s.text("weights"), published, "--weights"));
  frozen_ = s.text("freeze-common") == "auto" ? !published.empty() : s.text("freeze-common") == "yes";
  Objective objective;
  objective.method = method_;
  objective.cauchy = !s.flag("no-cauchy");
  objective.quantisation = !s.flag("no-quantisation");
  objective.gamma = s.number("gamma");
  objective.gamma_of_code = s.text("gamma-of") == "code";
  objective.usual_lambda = s.number("lambda") < 0;
  objective.lambda = s.number("lambda");
  objective.classes = facts.classes;
  objective.seed = seed_;
  network_->begin_training({.rate = s.number("lr"),
                            .momentum = s.number("momentum"),
                            .decay = s.number("weight-decay"),
                            .block_factor = s.number("block-lr-factor"),
                            .freeze_common = frozen_,
                            .clip_norm = s.number("clip")},
                           objective);
  feed_.emplace(network_->facts(), threads);
}

ImageBatch TransHashMethod::images(const LabelledData& data, std::span<const Size> rows, std::optional<Size> epoch) {
  if (!frozen_) {
    std::optional<PixelFeed::Variation> variation;
    if (epoch) variation = PixelFeed::Variation{seed_, static_cast<std::uint32_t>(*epoch)};
    return {feed_->pixels(data.set(), rows, variation), std::ssize(rows), false};
  }
  if (tokens_of_ != &data) {
    tokens_.emplace(*network_, data.set(), token_folder_, precision_, threads_);
    tokens_of_ = &data;
  }
  const Size row = tokens_->row_size(), count = std::ssize(rows);
  if (batch_.size() < count * row) batch_ = Buffer<float, HostMemory>{count * row};
  for (Size i = 0; i < count; ++i)
    std::ranges::copy(tokens_->row(rows[static_cast<std::size_t>(i)]), batch_.data() + i * row);
  return {{batch_.data(), static_cast<std::size_t>(count * row)}, count, true};
}

std::vector<float> TransHashMethod::features(const LabelledData& data, std::span<const Size> rows) {
  constexpr Size most = 256;
  const Size width = network_->facts().width;
  std::vector<float> all(rows.size() * static_cast<std::size_t>(width));
  for (Size first = 0; first < std::ssize(rows); first += most) {
    const Size n = std::min(most, std::ssize(rows) - first);
    network_->features(
        images(data, rows.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(n))),
        std::span{all}.subspan(static_cast<std::size_t>(first * width), static_cast<std::size_t>(n * width)));
  }
  return all;
}

void TransHashMethod::prepare(const LabelledData& data, std::span<const Size> rows) {
  if (frozen_) images(data, {});
  if (!fitted()) return;
  const std::vector<float> all = features(data, rows);
  const auto matrix_of_all = matrix(all.data(), std::ssize(rows), network_->facts().width);
  const LinearCode<float> code =
      method_ == "itq" ? fit_itq(matrix_of_all, bits_, 50, seed_).code : fit_lsh(matrix_of_all, bits_, seed_);
  network_->set_head(code.weight, code.bias);
}

StepNote TransHashMethod::step(const LabelledData& data, std::span<const Size> rows, const StepPlace& place) {
  const ImageBatch batch = images(data, rows, place.epoch);
  const Mat<const float> labels = data.labels(rows, labels_);
  const WarmupCosine rate{std::min(warmup_, place.steps / 10), place.steps};
  return network_->step(batch, labels, place, rate(place.step));
}

void TransHashMethod::encode(const LabelledData& data, Kind kind, std::span<const Size> rows, std::span<float> codes) {
  require(kind == Kind::image, "transhash", "what is encoded", "image", name_of(kind));
  network_->encode(images(data, rows), codes);
}

}  // namespace transhash
