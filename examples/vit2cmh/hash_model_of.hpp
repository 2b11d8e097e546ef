#pragma once
/// `HashModel` of one architecture and code length on one backend. Included by one source file an architecture and
/// backend.
#include "architectures.hpp"
#include "chosen_adam.hpp"
#include "hash_model.hpp"
#include "on_host.hpp"

#include <common/parameter_tensors.hpp>
#include <hashweave/cmh/weighted_sum.hpp>
#include <hashweave/core/model.hpp>
#include <hashweave/core/replay.hpp>
#include <hashweave/cpu.hpp>
#include <hashweave/io/checkpoint.hpp>
#include <optional>
#include <utility>

namespace vit2cmh {

// Apart from the class, so that what these are given to is compiled once for all code lengths.
struct RateSetter {  // dropout but for that of attention weights
  double rate;
  template <class L>
  void operator()(L& layer) const {
    if constexpr (requires { layer.rate; }) layer.rate = rate;
  }
};
inline bool in_towers(std::string_view name) {
  return name.starts_with("image.tower.") || name.starts_with("text.tower.");
}
inline auto wanted(bool with_towers) {
  return [with_towers](std::string_view name) { return with_towers || !in_towers(name); };
}

template <class A, Size Bits, class B>
class HashModelOf final : public HashModel {
  using Images = Pixels<3, A::side, A::side>;
  using ImageTokens = Tokens<A::image_width>;
  using TextTokens = Tokens<A::text_width>;
  using Net = Whole<A, Bits>;
  using Head = Upper<A, Bits>;
  using Loss = WeightedSum<HardestTriplet, Angular, OnBoth<Quantisation>, InfoNce, OnSigns<InfoNce>>;

 public:
  explicit HashModelOf(Size threads) : be_(make_backend(threads)) {
    set_layer_norm_eps(model_.arch.image, A::image_family().defaults.layer_norm_eps);
    set_layer_norm_eps(model_.arch.text, A::text_family().defaults.layer_norm_eps);
    head_.trunk = model_.arch.trunk;
    values_ = view_into<Head>(model_.params);
    gradients_ = view_into<Head>(model_.grads);
  }

  const Facts& facts() const override { return facts_; }
  Size parameter_count() const override { return model_.params.count(); }
  void use(Precision precision) override { be_.use(precision); }
  void pin_threads() override {
    if constexpr (OnHost<B>::itself)
      be_.threads().pin();
    else
      fail("--pin", "backend", "cpu, whose threads can be bound", "another");
  }

  bool on_device() const override { return travels; }
  std::span<float> room(std::size_t numbers) override {
    if constexpr (travels)
      return be_.uploads().room(static_cast<Size>(numbers));
    else
      return {};
  }
  void sent(std::size_t first, std::size_t count) override {
    if constexpr (travels) be_.uploads().send(static_cast<Size>(first), static_cast<Size>(count));
  }

  void initialise(std::uint64_t seed) override {
    changed(true);
    model_.params.initialise(seed);
  }
  void load_image_tower(const std::filesystem::path& weights) override {
    changed(true);
    load_checkpoint(model_.params, model_.arch.image.head, weights, A::image_family(), "image.tower");
  }
  void load_text_tower(const std::filesystem::path& weights) override {
    changed(true);
    load_checkpoint(model_.params, model_.arch.text.head, weights, A::text_family(), "text.tower");
  }
  std::vector<NamedTensor> parameters(bool with_towers) const override {
    std::vector<NamedTensor> all;
    add_tensors(all, host_params_.read(model_.params), "", wanted(with_towers));
    return all;
  }
  void load(const TensorFile& file, bool with_towers) override {
    changed(with_towers);
    host_params_.change(model_.params, [&](auto& values) {
      TensorTargets targets;
      targets.add(values, "", wanted(with_towers));
      targets.read(file, described());
    });
  }

  void image_tokens(std::span<const float> pixels, Size count, std::span<float> tokens) override {
    check(pixels.size(), count * 3 * A::side * A::side, "pixels");
    const ConstantScope scope{be_, unchanged()};
    be_.tape().rewind();
    const auto& tower = model_.arch.image.head;
    copy_out(infer(be_, tower, model_.params->image.head, images(pixels, count)).mat(), tokens);
  }
  void text_tokens(const PackedIds& ids, std::span<float> tokens) override {
    const ConstantScope scope{be_, unchanged()};
    be_.tape().rewind();
    const auto& tower = model_.arch.text.head;
    copy_out(infer(be_, tower, model_.params->text.head, ids_of({&ids, {}})).mat(), tokens);
  }
  void begin_training(const TrainingSettings& s) override {
    settings_ = s;
    ++trainings_;
    for_each_layer(model_.arch.trunk, RateSetter{s.dropout});
    head_.trunk = model_.arch.trunk;
    set_recompute(model_.arch.image, s.recompute, images_recomputed_at_a_time);
    set_recompute(model_.arch.text, s.recompute);
    const double towers = s.freeze_towers ? 0 : s.rate / s.head_rate;
    const std::span<const ParameterEntry> entries = model_.params.entries();
    adam_.emplace(s.half_moments,
                  typename AdamOnBlock<B>::Options{.rate = s.head_rate,
                                                   .clip_norm = s.clip_norm,
                                                   .groups = {{.prefix = "image.tower", .rate_factor = towers},
                                                              {.prefix = "text.tower", .rate_factor = towers}}},
                  std::vector<ParameterEntry>(entries.begin(), entries.end()));
  }

  StepResult step(const ImageBatch& image_batch, const TextBatch& texts, Owners owners, const Moment& now) override {
    const ConstantScope scope{be_, unchanged_in_step()};
    be_.tape().rewind();
    be_.random().begin_step(now.draw);
    // gradients take memory from where backward writes them on: the step's goes to the system meanwhile
    be_.tape().may_hand_back(now.first && !settings_.freeze_towers ? model_.grads.bytes() : 0);
    if (now.first) clear_gradients();
    const LossSettings& l = settings_.loss;
    const Loss loss{{HardestTriplet{l.margin},
                     Angular{l.alpha},
                     OnBoth<Quantisation>{},
                     InfoNce{l.temperature},
                     {InfoNce{l.temperature}}},
                    {l.triplet, l.eta, l.quantisation, l.info_nce, l.sign_info_nce}};
    StepResult out;
    const auto read = [&](const auto& result) {
      do_meanwhile();
      out.loss = to_host(be_, result.value);
      out.triplet = to_host(be_, result.terms, 0);
      out.angular = to_host(be_, result.terms, 1);
      out.quantisation = to_host(be_, result.terms, 2);
      out.info_nce = to_host(be_, result.terms, 3);
      out.sign_info_nce = to_host(be_, result.terms, 4);
    };
    if (owners.count > 0)
      owners.ids = shared_with_kernels(be_, std::span{owners.ids, static_cast<std::size_t>(owners.count)});
    // forward, loss and backward: replayed where the backend can and a batch of the same sizes comes again
    if (image_batch.tokens) {
      const auto x = tokens_of(image_batch);
      const auto y = tokens_of(texts);
      const ReplayKey key{trainings_, x.data, x.segments, y.data, y.segments, owners.ids, owners.count};
      read(replayed(be_, key, [&] {
        const auto [codes, saved] = head_.forward(be_, values_, x, y);
        const auto result = loss(be_, codes.image, codes.text, owners);
        head_.backward(be_, values_, saved, result.gradient, gradients_);
        return result;
      }));
    } else {
      const auto x = images(image_batch.values, image_batch.count);
      const auto y = ids_of(texts);
      const ReplayKey key{trainings_, x.data, x.layout(), y.ids, y.types, y.segments, owners.ids, owners.count};
      read(replayed(be_, key, [&] {
        const auto [codes, saved] = model_.forward(be_, x, y);
        const auto result = loss(be_, codes.image, codes.text, owners);
        model_.backward(be_, saved, result.gradient);
        return result;
      }));
    }
    if (now.last) {
      if constexpr (OnHost<B>::itself)
        be_.tape().rewind();  // the first step's is larger than it need be: now the moments come
      changed(!settings_.freeze_towers);
      const StepReport report = adam_->step(be_, model_.params, model_.grads,
                                            {.rate_factor = now.rate_factor, .gradient_scale = now.gradient_scale});
      out.gradient_norm = report.grad_norm;
      out.rate = report.rate;
      out.skipped = report.skipped;
    }
    return out;
  }

  std::vector<NamedTensor> moments() override { return adam_->moments(wanted(!settings_.freeze_towers)); }
  void load_moments(const TensorFile& file, Size steps, Size skipped) override {
    adam_->load(file, wanted(!settings_.freeze_towers), steps, skipped, described());
  }
  Size optimiser_steps() const override { return adam_ ? adam_->steps() : 0; }
  Size skipped_steps() const override { return adam_ ? adam_->skipped() : 0; }
  TrainingMemory training_memory() override {
    Size trained = 0;
    for (const ParameterEntry& e : model_.params.entries())
      if (wanted(!settings_.freeze_towers)(e.name)) trained += e.size();
    const std::size_t each = sizeof(float) + (adam_ ? 2 * adam_->moment_bytes() : 0);  // gradient and moments
    return {model_.params.bytes() + each * static_cast<std::size_t>(trained),
            be_.tape().high_water() - be_.tape().handed_back() + be_.constants().bytes()};
  }

 private:
  void compute_codes(const ImageBatch& batch, std::span<float> codes) override {
    const ConstantScope scope{be_, unchanged()};
    be_.tape().rewind();
    if (batch.tokens) {
      const auto x = tokens_of(batch);
      return copy_out(encoded(x, [&] { return head_.infer_image(be_, values_, x).mat(); }), codes);
    }
    const auto x = images(batch.values, batch.count);
    copy_out(encoded(x, [&] { return model_.arch.infer_image(be_, *model_.params, x).mat(); }), codes);
  }
  void compute_codes(const TextBatch& batch, std::span<float> codes) override {
    const ConstantScope scope{be_, unchanged()};
    be_.tape().rewind();
    if (!batch.tokens.empty()) {
      const auto x = tokens_of(batch);
      return copy_out(encoded(x, [&] { return head_.infer_text(be_, values_, x).mat(); }), codes);
    }
    const auto x = ids_of(batch);
    copy_out(encoded(x, [&] { return model_.arch.infer_text(be_, *model_.params, x).mat(); }), codes);
  }

  /// infer(), replayed where the backend can and a batch of the same sizes comes again.
  template <class S, class F>
  Mat<float> encoded(const View<B, S>& x, F&& infer) {
    Mat<float> codes;
    if constexpr (requires { x.ids; })
      codes = replayed(be_, ReplayKey{x.ids, x.types, x.segments}, infer);
    else
      codes = replayed(be_, ReplayKey{x.data, x.layout()}, infer);
    do_meanwhile();
    return codes;
  }
  void do_meanwhile() {
    if (meanwhile) std::exchange(meanwhile, {})();
  }

  using Values = std::span<const typename B::Scalar>;
  /// On the CPU each form of a product lays the parameters out in memory of its own. On a device one rounding to bf16
  /// serves all products of a step, and takes an eighth of what parameters, gradients and moments do.
  static constexpr bool shares_rounding = !OnHost<B>::itself;

  /// What to keep laid out for products while encoding: not what the next step changes, when memory is short.
  Values unchanged() const {
    return adam_ && !settings_.freeze_towers && !shares_rounding ? Values{} : model_.params.values();
  }
  /// The same for forward and backward of a step.
  Values unchanged_in_step() const { return shares_rounding ? model_.params.values() : Values{}; }
  /// The parameters are about to change: the towers' too, or those above them alone.
  void changed(bool with_towers) {
    const auto tell = [&](Values values) {
      if constexpr (shares_rounding)
        be_.constants().renew(values);
      else
        be_.constants().forget(values);
    };
    if (with_towers) return tell(model_.params.values());
    for (const ParameterEntry& e : model_.params.entries()) {
      const Mat<float> m = model_.params.at(e);
      if (!in_towers(e.name)) tell({m.data, static_cast<std::size_t>(m.size())});
    }
  }
  void clear_gradients() {
    if (!settings_.freeze_towers) return model_.grads.zero();
    for (const ParameterEntry& e : model_.grads.entries())
      if (!in_towers(e.name)) set_zero(be_, model_.grads.at(e));
  }

  static std::string described() { return std::string{A::name} + " with " + std::to_string(Bits) + " bits"; }

  template <class Got>
  static void check(Got got, Size wanted, const char* what) {
    require(static_cast<Size>(got) == wanted, A::name, what, wanted, got);
  }
  static B make_backend(Size threads) {
    if constexpr (OnHost<B>::itself)
      return B{threads};
    else
      return B{};
  }
  View<B, Images> images(std::span<const float> pixels, Size count) {
    check(pixels.size(), count * 3 * A::side * A::side, "pixels");
    if constexpr (travels) {
      if (float* const there = be_.uploads().find(pixels.data()); there != nullptr) return {there, count};
    }
    return {for_kernels(be_, pixels), count};
  }
  /// @throws Error for an id that the model does not know: work that is replayed does not look.
  View<B, TokenIds> ids_of(const TextBatch& batch) {
    for (const std::int32_t id : batch.ids->ids)
      require(id >= 0 && id < A::vocabulary, A::name, "token id", Phrase{"0 to ", A::vocabulary - 1}, id);
    return for_kernels(be_, *batch.ids);
  }
  View<B, ImageTokens> tokens_of(const ImageBatch& batch) {
    check(batch.values.size(), batch.count * facts_.image_tokens * A::image_width, "numbers of image tokens");
    return {for_kernels(be_, batch.values), equal_segments(be_, batch.count, facts_.image_tokens)};
  }
  View<B, TextTokens> tokens_of(const TextBatch& batch) {
    check(batch.tokens.size(), batch.ids->segments().rows() * A::text_width, "numbers of text tokens");
    return {for_kernels(be_, batch.tokens), segments_for_kernels(be_, *batch.ids)};
  }
  static void copy_out(Mat<float> m, std::span<float> to) {
    check(to.size(), m.rows * m.cols, "numbers of the output");
    B::Memory::copy_to_host(to.data(), m.data, to.size_bytes());
  }

  /// The backend takes numbers to its device while it computes.
  static constexpr bool travels = requires(B& be) { be.uploads(); };
  static constexpr Size patches = (A::side / A::patch) * (A::side / A::patch);
  /// Up to 1,300 rows: products are hardly slower than with more, and of 30 pictures a block needs a fifth of the
  /// memory.
  static constexpr Size images_recomputed_at_a_time = std::max<Size>(1, 1300 / (patches + 1));
  Facts facts_{A::name,       Bits,         A::side,   patches + 1,      A::image_width, A::text_width,
               A::vocabulary, A::positions, A::preset, A::image_weights, A::text_weights};
  B be_;
  Model<B, Net, Images, TokenIds> model_;
  Head head_;
  typename Head::template Params<B> values_{}, gradients_{};
  TrainingSettings settings_;
  Size trainings_ = 0;  ///< what `begin_training` sets are arguments of kernels
  std::optional<ChosenAdam<B>> adam_;
  mutable OnHost<B> host_params_;
};

/// The architecture at each code length there is, on one backend.
template <class A, class B>
std::unique_ptr<HashModel> make_model_of(Size bits, Size threads = 1) {
  std::unique_ptr<HashModel> model;
  const auto try_bits = [&]<Size Bits> {
    if (bits == Bits) model = std::make_unique<HashModelOf<A, Bits, B>>(threads);
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (try_bits.template operator()<code_lengths[I]>(), ...);
  }(std::make_index_sequence<code_lengths.size()>{});
  return model;
}

}  // namespace vit2cmh
