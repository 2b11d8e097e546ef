#pragma once
#include <hashweave/cmh/satah.hpp>
#include <hashweave/cpu.hpp>
#include <hashweave/optim/trained.hpp>
#include <numeric>
#include <vector>

// SATAH as small as it can be: features of width 5 and 3, 6 wide inside, 4 bits, 5 labels.
namespace hashweave::test {

inline constexpr Size tiny_width = 6, tiny_bits = 4, tiny_labels = 5;
using TinyLabelNetwork =
    LabelNetwork<LabelFeatures<tiny_labels, tiny_width, 2, 2, 8>, tiny_width, tiny_bits, tiny_labels>;
using TinyAdversaries =
    SatahAdversaries<tiny_width, tiny_bits, Discriminator<2 * tiny_width, 5, 4>, Discriminator<2 * tiny_bits, 5, 3>>;

/// Multi-hot labels of so many samples: some alike, the last but one without any; label 4 never occurs.
template <class T>
std::vector<T> tiny_labels_of(Size samples) {
  std::vector<T> labels;
  for (Size i = 0; i < samples; ++i) {
    for (Size c = 0; c < tiny_labels; ++c) {
      const bool has = c < 4 && ((i + c) % 3 == 0 || (i % 4 == 1 && c == 1));
      labels.push_back(has && i + 2 != samples ? T{1} : T{0});
    }
  }
  return labels;
}
/// The first n rows.
inline std::vector<Size> first_rows(Size n) {
  std::vector<Size> rows(static_cast<std::size_t>(n));
  std::iota(rows.begin(), rows.end(), Size{0});
  return rows;
}

/// Everything that SATAH trains, and steps on one batch.
template <class B>
struct TinySatah {
  using T = typename B::Scalar;
  template <class L>
  using Player = Trained<B, L>;

  Size n;
  std::vector<T> labels = tiny_labels_of<T>(n), factors, images, texts;
  LabelSets sets{matrix(labels.data(), n, tiny_labels)};
  std::vector<Size> rows = first_rows(n);
  Player<TinyLabelNetwork> label_network;
  Player<FeatureMlp<5, 7, tiny_width>> image;
  Player<FeatureMlp<3, 7, tiny_width>> text;
  Player<TanhHead<tiny_width, tiny_bits>> image_head, text_head;
  Player<TinyAdversaries> adversaries;
  SatahLoss loss{};

  explicit TinySatah(Size samples)
      : n{samples},
        label_network{{.rate = 1e-2}},
        image{{.rate = 1e-2}},
        text{{.rate = 1e-2}},
        image_head{{.rate = 1e-2}},
        text_head{{.rate = 1e-2}},
        adversaries{{.rate = 1e-2, .beta1 = 0.5, .beta2 = 0.9}} {
    const LabelCounts counts{matrix(labels.data(), n, tiny_labels)};
    factors = balance_factors<T>(counts);
    const RandomStream random{5, 0, 0};
    for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(5 * n); ++i)
      images.push_back(static_cast<T>(random.normal(i)));
    for (std::uint64_t i = 0; i < static_cast<std::uint64_t>(3 * n); ++i)
      texts.push_back(static_cast<T>(random.normal(i + 999)));
    each([](auto& player) { player.params.initialise(11); });
    const std::vector<T> prior = log_prior<T>(counts, tiny_labels);
    for (const char* block : {"0", "1"}) {
      label_network.params.assign("features.blocks." + std::string{block} + ".attn.prior", prior);
    }
  }
  template <class F>
  void each(F&& f) {
    f(label_network), f(image), f(text), f(image_head), f(text_head), f(adversaries);
  }
  /// One step of the label network; its loss.
  double label_step(B& be) {
    be.tape().rewind();
    label_network.grads.zero();
    const auto batch = sets.template batch<B>(be, rows);
    const auto value = label_network.arch.train(be, *label_network.params, batch,
                                                matrix<const T>(labels.data(), n, tiny_labels), *label_network.grads);
    label_network.step(be);
    return to_host(be, value);
  }
  /// A step of the discriminators, then one of the networks; the losses of both.
  std::pair<double, double> step(B& be) {
    be.tape().rewind();
    each([](auto& player) { player.grads.zero(); });
    const auto own = label_network.arch.infer(be, *label_network.params, sets.template view<B>());
    auto all_f = make<Vectors<tiny_width>>(be, n);
    auto all_h = make<Vectors<tiny_bits>>(be, n);
    const auto batch = sets.template batch<B>(be, rows);
    batch.gather(be, all_f.mat(), own.features.mat());
    batch.gather(be, all_h.mat(), own.codes.mat());
    const Mat<const T> hot = matrix<const T>(labels.data(), n, tiny_labels);
    const SemanticContext<B> context{hot, all_f.mat(), all_h.mat(),
                                     sample_weights(be, hot, matrix<const T>(factors.data(), 1, tiny_labels))};

    const auto f_image = image.arch.forward(be, *image.params, View<B, Vectors<5>>{images.data(), n});
    const auto f_text = text.arch.forward(be, *text.params, View<B, Vectors<3>>{texts.data(), n});
    const auto h_image = image_head.arch.forward(be, *image_head.params, f_image.y);
    const auto h_text = text_head.arch.forward(be, *text_head.params, f_text.y);
    const FeaturesAndCodes<B, tiny_width, tiny_bits> of_images{f_image.y, h_image.y}, of_texts{f_text.y, h_text.y};
    const auto judged =
        adversaries.arch.judge(be, *adversaries.params, of_images, of_texts, context, *adversaries.grads);
    adversaries.step(be);
    const auto result =
        loss(be, of_images, of_texts, context, adversaries.arch, *adversaries.params, *adversaries.grads);

    image.arch.backward(
        be, *image.params, f_image.saved,
        image_head.arch.backward(be, *image_head.params, h_image.saved, result.image.codes, *image_head.grads),
        *image.grads);
    auto df = text_head.arch.backward(be, *text_head.params, h_text.saved, result.text.codes, *text_head.grads);
    auto d_text = make<Vectors<tiny_width>>(be, n);
    add(be, d_text.mat(), df.mat(), result.text.features.mat());
    text.arch.backward(be, *text.params, f_text.saved, d_text, *text.grads);
    image.step(be), text.step(be), image_head.step(be), text_head.step(be);
    return {to_host(be, judged), to_host(be, result.value)};
  }
  /// All parameters, one block behind another.
  std::vector<T> parameters() {
    std::vector<T> all;
    each([&](auto& player) {
      all.insert(all.end(), player.params.flat().data, player.params.flat().data + player.params.flat().size());
    });
    return all;
  }
};

}  // namespace hashweave::test
