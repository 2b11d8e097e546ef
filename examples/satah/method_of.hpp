#pragma once
/// SATAH and its rivals for one code length.
#include "options.hpp"
#include "teacher.hpp"

#include <common/method.hpp>
#include <hashweave/cmh/dcmh.hpp>
#include <hashweave/cmh/weighted_sum.hpp>
#include <optional>

namespace examples {

/// An image and a text network with heads, under a loss: SATAH's, with a label network that was trained beforehand and
/// discriminators that take turns with the networks, or a rival's on codes alone.
template <Size Bits>
class SatahMethod final : public Method {
 public:
  using Codes = View<B, Vectors<Bits>>;
  using Both = FeaturesAndCodes<B, feature_width, Bits>;
  using Head = TanhHead<feature_width, Bits>;
  using Judges = SatahAdversaries<feature_width, Bits>;

  SatahMethod(const SatahOptions& o, const DataFacts& facts, Size threads)
      : o_{o},
        be_{threads, o.seed},
        image_{
            make_feature_network(facts.image_width, {o.rate, o.dropout, o.decay, o.root, o.seed ^ name_hash("image")})},
        text_{make_feature_network(facts.text_width, {o.rate, o.dropout, o.decay, o.root, o.seed ^ name_hash("text")})},
        image_head_{{.rate = o.rate, .decay = o.decay, .decoupled = true}},
        text_head_{{.rate = o.rate, .decay = o.decay, .decoupled = true}} {
    if (o.bf16) be_.use(Precision::bf16);
    image_head_.params.initialise(o.seed ^ name_hash("image head"));
    text_head_.params.initialise(o.seed ^ name_hash("text head"));
    if (o.adversarial()) {
      judges_.emplace(
          typename Adam<B, Judges>::Options{.rate = o.judge_rate, .beta1 = o.judge_beta1, .beta2 = o.judge_beta2});
      judges_->params.initialise(o.seed ^ name_hash("discriminators"));
    }
  }

  Size parameter_count() const override {
    return image_->parameter_count() + text_->parameter_count() + image_head_.params.count() +
           text_head_.params.count();
  }
  std::vector<Direction> directions() const override {
    return {{"image_to_text", Kind::image, Kind::text}, {"text_to_image", Kind::text, Kind::image}};
  }

  void prepare(const LabelledData& data, std::span<const Size> rows) override {
    std::vector<float> memory;
    data.features(Kind::image, rows, image_->columns(), memory);
    image_->fit(memory);
    data.features(Kind::text, rows, text_->columns(), memory);
    text_->fit(memory);
    const Mat<const float> labels = data.labels(rows, memory);
    factors_ = balance_factors<float>(LabelCounts{labels});
    sets_.emplace(labels);
    place_.assign(static_cast<std::size_t>(data.set().size()), -1);
    for (std::size_t i = 0; i < rows.size(); ++i) place_[static_cast<std::size_t>(rows[i])] = static_cast<Size>(i);
    if (o_.taught()) lessons_ = teach<Bits>(be_, *sets_, labels, {o_.label_rate, o_.label_epochs, o_.batch, o_.seed});
  }

  StepNote step(const LabelledData& data, std::span<const Size> rows, const StepPlace& place) override {
    be_.tape().rewind();
    be_.random().begin_step(static_cast<std::uint32_t>(place.step));
    now_.rate_factor = std::pow(o_.rate_drop, static_cast<double>(place.epoch / o_.rate_every));
    const Mat<const float> labels = data.labels(rows, label_memory_);
    const auto f_image = image_->forward(be_, features(data, Kind::image, rows, image_memory_));
    const auto f_text = text_->forward(be_, features(data, Kind::text, rows, text_memory_));
    const auto h_image = image_head_.arch.forward(be_, *image_head_.params, f_image);
    const auto h_text = text_head_.arch.forward(be_, *text_head_.params, f_text);
    const Both image{f_image, h_image.y}, text{f_text, h_text.y};

    image_->begin_step();
    text_->begin_step();
    image_head_.grads.zero();
    text_head_.grads.zero();
    StepNote note;
    const auto backward = [&](Codes di, Codes dt, Mat<float> df_text) {
      image_->backward(be_, image_head_.arch.backward(be_, *image_head_.params, h_image.saved, di, *image_head_.grads));
      const auto df = text_head_.arch.backward(be_, *text_head_.params, h_text.saved, dt, *text_head_.grads);
      if (df_text.data != nullptr) add_scaled(be_, df.mat(), df_text, 1);  // nobody has saved df
      text_->backward(be_, df);
    };
    if (o_.method == "satah")
      by_satah(note, image, text, labels, rows, backward);
    else
      by_rival(note, image.codes, text.codes, labels, rows, backward);
    note.rate = o_.rate * now_.rate_factor;
    update(note);
    return note;
  }

  void encode(const LabelledData& data, Kind kind, std::span<const Size> rows, std::span<float> codes) override {
    require(kind != Kind::fused, "satah", "kind of code", "image or text", "fused");
    be_.tape().rewind();
    const bool is_image = kind == Kind::image;
    FeatureNetwork& network = is_image ? *image_ : *text_;
    const auto& head = is_image ? image_head_ : text_head_;
    const auto f = network.infer(be_, features(data, kind, rows, is_image ? image_memory_ : text_memory_));
    const auto h = infer(be_, head.arch, *head.params, f);
    std::copy_n(h.data, codes.size(), codes.data());
  }

  Size optimiser_steps() const override { return image_head_.optimizer.steps(); }
  Size skipped_steps() const override { return skipped_; }

  std::vector<NamedTensor> trained() const override {
    std::vector<NamedTensor> all;
    image_->add_trained(all, "image");
    text_->add_trained(all, "text");
    add_trained(all, image_head_, "image_head");
    add_trained(all, text_head_, "text_head");
    return all;
  }
  void load_trained(const TensorFile& file) override {
    TensorTargets targets;
    image_->add_trained(targets, "image");
    text_->add_trained(targets, "text");
    targets.add(image_head_.params, "image_head.");
    targets.add(text_head_.params, "text_head.");
    targets.read(file, "a model of satah");
  }
  /// The discriminators are no part of what gives codes: they lie with the moments.
  std::vector<NamedTensor> moments() const override {
    std::vector<NamedTensor> all;
    image_->add_moments(all, "image");
    text_->add_moments(all, "text");
    add_moments(all, image_head_, "image_head");
    add_moments(all, text_head_, "text_head");
    if (judges_) add_trained(all, *judges_, "discriminators"), add_moments(all, *judges_, "discriminators");
    return all;
  }
  void load_moments(const TensorFile& file, Size steps, Size skipped) override {
    TensorTargets targets;
    image_->add_moments(targets, "image");
    text_->add_moments(targets, "text");
    add_targets_of_moments(targets, image_head_, "image_head");
    add_targets_of_moments(targets, text_head_, "text_head");
    if (judges_) {
      targets.add(judges_->params, "discriminators.");
      add_targets_of_moments(targets, *judges_, "discriminators");
    }
    targets.read(file, "the moments of satah");
    image_->restore(steps, skipped);
    text_->restore(steps, skipped);
    image_head_.optimizer.restore(steps, skipped);
    text_head_.optimizer.restore(steps, skipped);
    if (judges_) judges_->optimizer.restore(steps, skipped);
    skipped_ = skipped;
  }

 private:
  Mat<const float> features(const LabelledData& data, Kind kind, std::span<const Size> rows,
                            std::vector<float>& memory) {
    FeatureNetwork& network = kind == Kind::image ? *image_ : *text_;
    const Mat<const float> x = data.features(kind, rows, network.columns(), memory);
    network.standardise(memory);
    return x;
  }

  template <class Backward>
  void by_satah(StepNote& note, const Both& image, const Both& text, Mat<const float> labels,
                std::span<const Size> rows, const Backward& backward) {
    SemanticContext<B> context{labels, {}, {}, {}};
    if (o_.taught()) {
      auto f = make_matrix(be_, labels.rows, feature_width), h = make_matrix(be_, labels.rows, Bits);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto set = static_cast<Size>(sets_->of(place_[static_cast<std::size_t>(rows[i])]));
        std::copy_n(lessons_.features.data() + set * feature_width, feature_width, f.row(static_cast<Size>(i)));
        std::copy_n(lessons_.codes.data() + set * Bits, Bits, h.row(static_cast<Size>(i)));
      }
      context.label_features = f;
      context.label_codes = h;
    }
    double judged = 0;
    if (judges_) {
      context.weights = sample_weights(be_, labels, matrix<const float>(factors_.data(), 1, labels.cols));
      judges_->grads.zero();
      judged = to_host(be_, judges_->arch.judge(be_, *judges_->params, image, text, context, *judges_->grads));
      judges_->step(be_, now_);
    }
    const auto result = judges_ ? o_.loss(be_, image, text, context, judges_->arch, *judges_->params, *judges_->grads)
                                : o_.loss(be_, image, text, context);
    note.loss = to_host(be_, result.value);
    for (Size k = 0; k < std::ssize(SatahLoss::names); ++k)
      note.terms.emplace_back(SatahLoss::names[static_cast<std::size_t>(k)], to_host(be_, result.terms, k));
    if (judges_) note.terms.emplace_back("discriminators", judged);
    backward(result.image.codes, result.text.codes, judges_ ? result.text.features.mat() : Mat<float>{});
  }

  template <class Backward>
  void by_rival(StepNote& note, Codes image, Codes text, Mat<const float> labels, std::span<const Size> rows,
                const Backward& backward) {
    const auto take = [&](const auto& loss, const auto& more) {
      const auto result = loss(be_, image, text, more);
      note.loss = to_host(be_, result.value);
      for (std::size_t k = 0; k < loss.names.size(); ++k)
        note.terms.emplace_back(loss.names[k], to_host(be_, result.terms, static_cast<Size>(k)));
      backward(result.gradient.image, result.gradient.text, Mat<float>{});
    };
    owners_.clear();  // samples with the same labels are no negatives of each other
    for (const Size row : rows) owners_.push_back(sets_->of(place_[static_cast<std::size_t>(row)]));
    const double n = static_cast<double>(rows.size()), bits = static_cast<double>(Bits);
    if (o_.method == "dcmh") take(DcmhLoss{bits / n, 1 / n}, labels);
    if (o_.method == "triplet")
      take(
          WeightedSum<LabelTriplet, OnBoth<Quantisation>>{
              {{{.margin = o_.margin, .semi_hard = false, .graded = false}}, {}}, {1, o_.quantisation}},
          labels);
    if (o_.method == "infonce")
      take(WeightedSum<InfoNce, OnBoth<Quantisation>>{{{o_.temperature}, {}}, {1, o_.quantisation}}, owners_);
    if (o_.method == "vit2cmh-loss") take(TripletAngularLoss<>{0.1, o_.quantisation}, owners_);
  }

  /// Steps of all networks, or of none where the loss is not finite.
  void update(StepNote& note) {
    note.skipped = !std::isfinite(note.loss);
    if (!note.skipped) {
      double squared = 0;
      const auto count = [&](const StepReport& report) {
        squared += report.grad_norm * report.grad_norm;
        note.skipped = note.skipped || report.skipped;
      };
      count(image_->step(be_, now_));
      count(text_->step(be_, now_));
      count(image_head_.step(be_, now_));
      count(text_head_.step(be_, now_));
      note.gradient_norm = std::sqrt(squared);
    }
    skipped_ += note.skipped;
  }

  SatahOptions o_;
  B be_;
  std::unique_ptr<FeatureNetwork> image_, text_;
  Player<Head> image_head_, text_head_;
  std::optional<Player<Judges>> judges_;
  std::optional<LabelSets> sets_;
  Lessons lessons_;
  std::vector<float> factors_, label_memory_, image_memory_, text_memory_;
  std::vector<Size> place_;  // of an item among the training rows
  std::vector<std::int64_t> owners_;
  StepOptions now_;
  Size skipped_ = 0;
};

}  // namespace examples
