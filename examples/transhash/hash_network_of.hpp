#pragma once
/// `HashNetwork` of one architecture, last block and code length. Included by one source file an architecture.
#include "architectures.hpp"
#include "hash_network.hpp"

#include <common/parameter_tensors.hpp>
#include <functional>
#include <hashweave/core/model.hpp>
#include <hashweave/cpu.hpp>
#include <hashweave/io/crc32c.hpp>
#include <hashweave/optim/schedule.hpp>
#include <hashweave/optim/sgd.hpp>
#include <optional>

namespace transhash {

/// A loss on codes (and what stands beside them) and labels, whatever its type, with the names of its terms.
template <Size Columns>
struct AnyLoss {
  using B = Cpu<float>;
  using Codes = View<B, Vectors<Columns>>;
  std::function<LossStep<B, Codes>(B&, Codes, In<float>)> compute;
  std::vector<std::string_view> terms;

  AnyLoss() = default;
  template <class L>
  explicit AnyLoss(L loss) : compute{[loss](B& be, Codes h, In<float> labels) { return loss(be, h, labels); }} {
    if constexpr (requires { L::names; })
      terms.assign(L::names.begin(), L::names.end());
    else
      terms.push_back(L::name);
  }
};

// What of a network does not depend on its last block and code length is compiled once for all.
struct ImageGradientSkipped {
  template <class L>
  void operator()(L& layer) const {
    if constexpr (requires { layer.image_gradient; }) layer.image_gradient = ImageGradient::skipped;
  }
};
struct BetaSetter {
  double beta;
  template <class L>
  void operator()(L& layer) const {
    if constexpr (requires { layer.beta; }) layer.beta = beta;
  }
};
struct EpsReader {
  double& eps;
  template <class L>
  void operator()(const L& layer) const {
    if constexpr (requires { layer.eps; }) eps = layer.eps;
  }
};
struct GradientsToZero {
  Cpu<float>& be;
  template <class G>
  void operator()(const Path&, const Init&, G& gradient) const {
    set_zero(be, gradient.mat());
  }
};

inline bool of_common(std::string_view name) { return name.starts_with("patch_embed.") || name.starts_with("blocks."); }

inline auto not_frozen(bool freeze_common) {
  return [freeze_common](std::string_view name) { return !freeze_common || !of_common(name); };
}

/// Puts a file's tower into a network of architecture A, its last block into each of the streams. The eps of its norms.
template <class A>
double load_tower_into(ParameterBlock<Cpu<float>>& network, const std::filesystem::path& weights) {
  Parameters<Cpu<float>, typename A::Tower> tower;
  typename A::Tower configured;
  load_checkpoint(tower, configured, weights, A::family());
  double eps = 0;
  for_each_layer(configured, EpsReader{eps});
  const std::string last = "blocks." + std::to_string(A::blocks - 1);
  for (const ParameterEntry& e : network.entries()) {
    std::string name = e.name;
    for (const char* stream : {"global.", "local."}) {
      if (!name.starts_with(stream)) continue;
      name = name.substr(std::string_view{stream}.size());
      if (name.starts_with("block.")) name = last + name.substr(5);
    }
    if (!name.starts_with("head.")) network.assign(e.name, tower.values(name));
  }
  return eps;
}

template <class A, class T, Size Bits>
class HashNetworkOf final : public HashNetwork {
  using B = Cpu<float>;
  using Images = Pixels<3, A::side, A::side>;
  using Net = Network<A, T, Bits>;
  using Top = typename T::template Top<A, Bits>;
  static constexpr Size width = A::width, columns = T::template columns<Bits>;
  static constexpr Size tokens = (A::side / A::patch) * (A::side / A::patch) + 1;

 public:
  explicit HashNetworkOf(Size threads) : be_{threads} {
    set_layer_norm_eps(model_.arch, A::family().defaults.layer_norm_eps);
    for_each_layer(model_.arch, ImageGradientSkipped{});
  }

  const NetworkFacts& facts() const override { return facts_; }
  Size parameter_count() const override { return model_.params.count(); }
  void use(Precision precision) override { be_.use(precision); }

  /// As the layers say; but a linear head begins small. Class tokens have a large common part, so that products of
  /// codes without bound would all begin far above 0, and losses on these bring them all to 0 instead of apart.
  void initialise(std::uint64_t seed) override {
    model_.params.initialise(seed);
    if constexpr (std::is_same_v<T, LinearTop>) {
      const Mat<float> weight = model_.params.at(model_.params.entry("head.linear.weight"));
      for (Size i = 0; i < weight.size(); ++i) weight.data[i] *= 0.1F;
    }
  }
  void load_tower(const std::filesystem::path& weights) override {
    set_layer_norm_eps(model_.arch, load_tower_into<A>(model_.params, weights));
  }
  std::uint32_t common_checksum() const override {
    std::uint32_t sum = 0;
    for (const ParameterEntry& e : model_.params.entries())
      if (of_common(e.name))
        sum = crc32c(std::as_bytes(std::span{model_.params.at(e).data, static_cast<std::size_t>(e.size())}), sum);
    return sum;
  }

  std::vector<NamedTensor> trained() const override {
    std::vector<NamedTensor> all;
    add_tensors(all, model_.params, "", wanted());
    return all;
  }
  void load_trained(const TensorFile& file) override {
    TensorTargets targets;
    targets.add(model_.params, "", wanted());
    targets.read(file, described());
  }
  std::vector<NamedTensor> moments() const override {
    std::vector<NamedTensor> all;
    add_tensors(all, sgd_->velocity(), "v.", wanted());
    return all;
  }
  void load_moments(const TensorFile& file, Size steps, Size skipped) override {
    TensorTargets targets;
    targets.add(sgd_->velocity(), "v.", wanted());
    targets.read(file, described());
    sgd_->restore(steps, skipped);
  }

  void common_tokens(std::span<const float> pixels, Size count, std::span<float> out) override {
    be_.tape().rewind();
    copy_out(infer(be_, common(), model_.params->head, pixels_of(pixels, count)).mat(), out);
  }
  void features(const ImageBatch& images, std::span<float> out) override {
    be_.tape().rewind();
    if constexpr (std::is_same_v<T, TwoStreams>) {
      fail(described(), "features", "a network of one stream", "two");
    } else {
      const auto& stream = top().head;
      copy_out(infer(be_, stream, model_.params->tail.head.head, tokens_of(images)).mat(), out);
    }
  }
  void set_head(std::span<const float> weight, std::span<const float> bias) override {
    model_.params.assign("head.linear.weight", weight);
    model_.params.assign("head.linear.bias", bias);
  }
  void encode(const ImageBatch& images, std::span<float> codes) override {
    be_.tape().rewind();
    const auto all = infer(be_, top(), model_.params->tail.head, tokens_of(images)).mat();  // (n, columns)
    check(codes.size(), images.count * Bits, "numbers of the codes");
    for (Size i = 0; i < images.count; ++i) std::copy_n(all.row(i), Bits, codes.data() + i * Bits);
  }

  void begin_training(const TrainingSettings& s, const Objective& objective) override {
    settings_ = s;
    const double common = s.freeze_common ? 0 : s.block_factor;
    std::vector<ParameterGroup> groups{{.prefix = "patch_embed", .rate_factor = common},
                                       {.prefix = "blocks", .rate_factor = common}};
    if constexpr (std::is_same_v<T, TwoStreams>)
      for (const char* block : {"global.block", "local.block"})
        groups.push_back({.prefix = block, .rate_factor = s.block_factor});
    else
      groups.push_back({.prefix = "global", .rate_factor = s.block_factor});
    typename Sgd<B, Net>::Options options{.rate = s.rate, .momentum = s.momentum, .decay = s.decay};
    options.groups = groups;
    if (s.clip_norm > 0) options.clip_norm = s.clip_norm;
    sgd_.emplace(options);
    loss_ = loss_of(objective);
    continued_ = objective.method == "hashnet";
  }

  StepNote step(const ImageBatch& images, Mat<const float> labels, const StepPlace& place,
                double rate_factor) override {
    be_.tape().rewind();
    be_.random().begin_step(static_cast<std::uint32_t>(place.step));
    clear_gradients();
    if constexpr (std::is_same_v<T, TanhTop>) {
      if (continued_) for_each_layer(model_.arch, BetaSetter{TanhContinuation{}(place.step)});
    }
    StepNote note;
    const auto judged = [&](View<B, Vectors<columns>> h) {
      const auto result = loss_.compute(be_, h, labels);
      note.loss = to_host(be_, result.value);
      for (std::size_t k = 0; k < loss_.terms.size(); ++k)
        note.terms.emplace_back(loss_.terms[k], to_host(be_, result.terms, static_cast<Size>(k)));
      return result.gradient;
    };
    if (images.tokens) {
      const auto& params = model_.params->tail.head;
      const auto [h, saved] = top().forward(be_, params, tokens_of(images));
      top().backward(be_, params, saved, judged(h), model_.grads->tail.head);
    } else {
      const auto [h, saved] = model_.forward(be_, pixels_of(images.values, images.count));
      model_.backward(be_, saved, judged(h));
    }
    const StepReport report = sgd_->step(be_, model_.params, model_.grads, {.rate_factor = rate_factor});
    note.gradient_norm = report.grad_norm;
    note.rate = report.rate;
    note.skipped = report.skipped;
    return note;
  }
  Size optimiser_steps() const override { return sgd_ ? sgd_->steps() : 0; }
  Size skipped_steps() const override { return sgd_ ? sgd_->skipped() : 0; }

 private:
  const auto& common() const { return model_.arch.head; }
  const auto& top() const { return model_.arch.tail.head; }
  auto wanted() const { return not_frozen(settings_.freeze_common); }
  void clear_gradients() {
    if (!settings_.freeze_common) return model_.grads.zero();
    Top::visit(GradientsToZero{be_}, Path{}, model_.grads->tail.head);
  }

  /// The method's loss for this network. `Objective::lambda` stands where the method's own weight would.
  AnyLoss<columns> loss_of(const Objective& o) {
    const auto weight = [&](double usual) { return !o.quantisation ? 0 : o.usual_lambda ? usual : o.lambda; };
    const auto logistic = [](Size k) { return LogisticPairs{10 / static_cast<double>(k)}; };  // as HashNet's
    if constexpr (std::is_same_v<T, TwoStreams>) {
      using Cauchy = TransHashLoss<Bits>;
      using Logistic = TransHashLoss<Bits, 2, LogisticPairs>;
      const typename Cauchy::Quantised quantised{CauchyQuantisation{o.gamma}};
      if (!o.cauchy) return AnyLoss<columns>{Logistic{weight(0.1), typename Logistic::Pairwise{logistic}, quantised}};
      if (o.gamma_of_code) return AnyLoss<columns>{Cauchy::with_gamma(o.gamma, weight(0.1))};
      return AnyLoss<columns>{Cauchy{weight(0.1), typename Cauchy::Pairwise{CauchyPairs{o.gamma}}, quantised}};
    } else if constexpr (std::is_same_v<T, LinearTop>) {
      if (o.method == "dpsh") return AnyLoss<columns>{DpshLoss{weight(0.1)}};
      if (o.method == "dsh") return AnyLoss<columns>{DshLoss{Bits, weight(0.01)}};
      if (o.cauchy) return AnyLoss<columns>{DchLoss{weight(0.1), o.gamma}};
      return AnyLoss<columns>{WeightedSum<LogisticPairs, CauchyQuantisation>{
          {logistic(Bits), CauchyQuantisation{o.gamma}}, {1, weight(0.1)}}};
    } else if constexpr (std::is_same_v<T, TanhTop>) {
      if (o.method == "hashnet") return AnyLoss<columns>{HashNetLoss{Bits}};
      if (o.method == "dch") return AnyLoss<columns>{DchLoss{weight(0.1), o.gamma}};
      centres_ = hash_centres<float>(o.classes, Bits, o.seed);
      return AnyLoss<columns>{CsqLoss<float>{centres_, weight(1e-4)}};
    } else {
      constexpr Size most = ClassifierTop::most_classes;
      require(o.classes <= most, described(), "classes", Phrase{"at most ", most}, o.classes);
      return AnyLoss<columns>{GreedyHashLoss<Bits, most>{weight(0.1), o.classes}};
    }
  }

  static std::string described() { return std::string{A::name} + " with " + std::to_string(Bits) + " bits"; }
  template <class Got>
  static void check(Got got, Size expected, const char* what) {
    require(static_cast<Size>(got) == expected, A::name, what, expected, got);
  }
  static View<B, Images> pixels_of(std::span<const float> pixels, Size count) {
    check(pixels.size(), count * 3 * A::side * A::side, "pixels");
    return {const_cast<float*>(pixels.data()), count};  // layers only read what they are given
  }
  View<B, Tokens<width>> tokens_of(const ImageBatch& images) {
    if (!images.tokens) return infer(be_, common(), model_.params->head, pixels_of(images.values, images.count));
    check(images.values.size(), images.count * tokens * width, "numbers of tokens");
    return {const_cast<float*>(images.values.data()), equal_segments(be_, images.count, tokens)};
  }
  static void copy_out(Mat<float> m, std::span<float> to) {
    check(to.size(), m.size(), "numbers of the output");
    std::copy(m.data, m.data + m.size(), to.begin());
  }

  NetworkFacts facts_{A::name, Bits, A::side, tokens, width, A::preset, A::weights};
  B be_;
  Model<B, Net, Images> model_;
  TrainingSettings settings_;
  HashCentres<float> centres_;
  AnyLoss<columns> loss_;
  bool continued_ = false;
  std::optional<Sgd<B, Net>> sgd_;
};

/// The architecture with a method's last block, at each code length there is.
template <class A, class T>
std::unique_ptr<HashNetwork> network_with(Size bits, Size threads) {
  std::unique_ptr<HashNetwork> network;
  const auto try_bits = [&]<Size Bits> {
    if (bits == Bits) network = std::make_unique<HashNetworkOf<A, T, Bits>>(threads);
  };
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (try_bits.template operator()<code_lengths[I]>(), ...);
  }(std::make_index_sequence<code_lengths.size()>{});
  return network;
}
template <class A>
std::unique_ptr<HashNetwork> network_of(const std::string& method, bool dual_stream, Size bits, Size threads) {
  if (method == "transhash" && dual_stream) return network_with<A, TwoStreams>(bits, threads);
  if (method == "hashnet" || method == "dch" || method == "csq") return network_with<A, TanhTop>(bits, threads);
  if (method == "greedyhash") return network_with<A, ClassifierTop>(bits, threads);
  return network_with<A, LinearTop>(bits, threads);
}

}  // namespace transhash
