#pragma once
/// The label network as a teacher: trained before everything else, then only asked.
#include "players.hpp"

#include <hashweave/data/sampler.hpp>
#include <numeric>

namespace examples {

struct TeacherOptions {
  double rate = 1e-4;
  Size epochs = 20, batch = 128;
  std::uint64_t seed = 1;
};

/// What the trained label network makes of each distinct set of labels.
struct Lessons {
  std::vector<float> features, codes;  // (sets, feature_width), (sets, bits)
  double loss = 0;                     ///< mean of the last epoch
};

/// Trains a label network for at most `Labels` labels on samples' labels (samples, classes), a function of these and
/// the seed alone.
template <Size Bits, Size Labels>
Lessons teach(B& be, const LabelSets& sets, Mat<const float> labels, const TeacherOptions& o) {
  using Net = LabelNetwork<LabelFeatures<Labels, feature_width>, feature_width, Bits, Labels>;
  const auto player = std::make_unique<Player<Net>>(typename Adam<B, Net>::Options{.rate = o.rate});
  player->params.initialise(o.seed ^ name_hash("label network"));
  const std::vector<float> prior = log_prior<float>(LabelCounts{labels}, Labels);
  for (const ParameterEntry& e : player->params.entries())
    if (e.name.ends_with("attn.prior")) player->params.assign(e.name, prior);

  Lessons lessons;
  const Sampler sampler{labels.rows, std::min(o.batch, labels.rows), o.seed ^ name_hash("label network"), Rank{},
                        LastBatch::drop};
  std::vector<float> own;
  for (Size epoch = 0; epoch < o.epochs; ++epoch) {
    lessons.loss = 0;
    for (Size i = 0; i < sampler.batches(); ++i) {
      be.tape().rewind();
      const std::vector<Size> rows = sampler.batch(static_cast<std::uint32_t>(epoch), i);
      own.clear();
      for (const Size r : rows) own.insert(own.end(), labels.row(r), labels.row(r) + labels.cols);
      player->grads.zero();
      const auto value =
          player->arch.train(be, *player->params, sets.batch<B>(be, rows),
                             matrix<const float>(own.data(), std::ssize(rows), labels.cols), *player->grads);
      lessons.loss += to_host(be, value) / static_cast<double>(sampler.batches());
      player->step(be);
    }
  }
  lessons.features.reserve(static_cast<std::size_t>(sets.count() * feature_width));
  std::vector<Size> first_with(static_cast<std::size_t>(sets.count()), -1);
  for (Size i = sets.samples(); i-- > 0;) first_with[static_cast<std::size_t>(sets.of(i))] = i;
  constexpr Size most = 256;  // sets at a time
  for (Size first = 0; first < sets.count(); first += most) {
    be.tape().rewind();
    const Size n = std::min(most, sets.count() - first);
    const auto batch = sets.batch<B>(
        be, std::span<const Size>{first_with}.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(n)));
    const auto y = player->arch.infer(be, *player->params, batch.sets);
    lessons.features.insert(lessons.features.end(), y.features.data, y.features.data + n * feature_width);
    lessons.codes.insert(lessons.codes.end(), y.codes.data, y.codes.data + n * Bits);
  }
  return lessons;
}

/// The numbers of labels that programs are compiled for.
template <Size Bits>
Lessons teach(B& be, const LabelSets& sets, Mat<const float> labels, const TeacherOptions& options) {
  if (labels.cols <= 128) return teach<Bits, 128>(be, sets, labels, options);
  return teach<Bits, 1024>(be, sets, labels, options);  // more are refused there
}

}  // namespace examples
