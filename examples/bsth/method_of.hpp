#pragma once
/// BSTH for one width of features and one code length.
#include "options.hpp"
#include "prototypes.hpp"

#include <common/feature_scale.hpp>
#include <cstdio>
#include <hashweave/cmh/bsth.hpp>
#include <hashweave/index/with_bits.hpp>
#include <hashweave/optim/schedule.hpp>

namespace examples {

template <Size Width, Size Bits>
class BsthMethod final : public Method {
 public:
  using B = Cpu<float>;
  using Input = Vectors<Width>;
  using Arch = Bsth<Width, Width, Bits, most_classes, concept_width>;

  BsthMethod(const BsthOptions& o, const DataFacts& facts, Size threads)
      : o_{o}, be_{threads, o.seed}, adam_{{.rate = o.rate}} {
    if (o.bf16) be_.use(Precision::bf16);
    model_.params.initialise(o.seed);
    initialise_for_columns(model_.params, "image.mlp.fc1", Width, facts.image_width);
    initialise_for_columns(model_.params, "text.mlp.fc1", Width, facts.text_width);
    set_dropout(model_.arch, o.dropout);
    for_each_layer(model_.arch, [&o](auto& layer) {
      if constexpr (requires { layer.samples; }) layer.samples = o.slice > 0 ? o.slice : std::max<Size>(1, 2048 / Bits);
    });
  }

  Size parameter_count() const override { return model_.params.count(); }
  std::vector<Direction> directions() const override { return {{"fused_to_fused", Kind::fused, Kind::fused}}; }

  void prepare(const LabelledData& data, std::span<const Size> rows) override {
    if (o_.standardise) {
      image_scale_.fit(data.features(Kind::image, rows, Width, image_));
      text_scale_.fit(data.features(Kind::text, rows, Width, text_));
    }
    prototypes_ = learn_prototypes<Bits>(be_, data.labels(rows, labels_), o_);
    std::fprintf(stderr, "prototypes: loss %.4f; the two most alike differ in %td of %td bits\n", prototypes_.loss,
                 prototypes_.nearest, Bits);
  }

  StepNote step(const LabelledData& data, std::span<const Size> rows, const StepPlace& place) override {
    be_.tape().rewind();
    be_.random().begin_step(static_cast<std::uint32_t>(place.step));
    model_.grads.zero();
    const Mat<const float> labels = data.labels(rows, labels_);
    const auto [y, saved] = model_.forward(be_, features(data, Kind::image, rows), features(data, Kind::text, rows));
    const auto loss = o_.loss(be_, y, labels, prototype_codes(labels));
    model_.backward(be_, saved, loss.gradient);
    StepNote note{to_host(be_, loss.value), {}, 0, 0, false};
    for (std::size_t i = 0; i < o_.loss.names.size(); ++i)
      note.terms.emplace_back(o_.loss.names[i], to_host(be_, loss.terms, static_cast<Size>(i)));
    const StepOptions now{.rate_factor = o_.cosine ? WarmupCosine{0, place.steps, 0}(place.step) : 1};
    const StepReport report = adam_.step(be_, model_.params, model_.grads, now);
    if (!report.skipped) update_statistics(be_, model_.params, model_.grads);
    note.gradient_norm = report.grad_norm;
    note.rate = report.rate;
    note.skipped = report.skipped;
    return note;
  }

  void encode(const LabelledData& data, Kind kind, std::span<const Size> rows, std::span<float> codes) override {
    require(kind == Kind::fused, "bsth", "kind of code", "fused (of an image and its text)", name_of(kind));
    be_.tape().rewind();
    const auto h = model_.infer(be_, features(data, Kind::image, rows), features(data, Kind::text, rows));
    std::copy_n(h.data, codes.size(), codes.data());
  }

  Size optimiser_steps() const override { return adam_.steps(); }
  Size skipped_steps() const override { return adam_.skipped(); }

  std::vector<NamedTensor> trained() const override {
    std::vector<NamedTensor> all;
    add_tensors(all, model_.params, "");
    image_scale_.add_to(all, "image.scale");
    text_scale_.add_to(all, "text.scale");
    return all;
  }
  void load_trained(const TensorFile& file) override {
    TensorTargets targets;
    targets.add(model_.params, "");
    image_scale_.add_to(targets, "image.scale");
    text_scale_.add_to(targets, "text.scale");
    targets.read(file, "a model of bsth");
  }
  std::vector<NamedTensor> moments() const override {
    std::vector<NamedTensor> all;
    add_tensors(all, adam_.first_moment(), "m.");
    add_tensors(all, adam_.second_moment(), "v.");
    return all;
  }
  void load_moments(const TensorFile& file, Size steps, Size skipped) override {
    TensorTargets targets;
    targets.add(adam_.first_moment(), "m.");
    targets.add(adam_.second_moment(), "v.");
    targets.read(file, "moments of a bsth run");
    adam_.restore(steps, skipped);
  }

 private:
  View<B, Input> features(const LabelledData& data, Kind kind, std::span<const Size> rows) {
    std::vector<float>& memory = kind == Kind::image ? image_ : text_;
    data.features(kind, rows, Width, memory);
    (kind == Kind::image ? image_scale_ : text_scale_).apply(memory);
    return {memory.data(), std::ssize(rows)};
  }
  /// b^L = sign(l P)
  Mat<float> prototype_codes(Mat<const float> labels) {
    const auto relaxed = make_matrix(be_, labels.rows, Bits), codes = make_matrix(be_, labels.rows, Bits);
    multiply(be_, Form::nn, relaxed, labels, matrix(prototypes_.values.data(), labels.cols, Bits));
    signs(be_, codes, relaxed);
    return codes;
  }

  BsthOptions o_;
  B be_;
  Model<B, Arch, Input, Input> model_;
  Adam<B, Arch> adam_;
  FeatureScale image_scale_{Width}, text_scale_{Width};
  Prototypes<Bits> prototypes_;
  std::vector<float> image_, text_, labels_;
};

/// The code lengths that the program is compiled for.
using BsthBits = BitsList<16, 32, 64, 128>;

template <Size Width>
std::unique_ptr<Method> make_bsth_of(Size bits, const BsthOptions& options, const DataFacts& facts, Size threads) {
  return with_bits<BsthBits>(bits, [&](auto b) -> std::unique_ptr<Method> {
    return std::make_unique<BsthMethod<Width, decltype(b)::value>>(options, facts, threads);
  });
}

}  // namespace examples
