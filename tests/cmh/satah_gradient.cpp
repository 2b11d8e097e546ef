#include <hashweave/cmh/dcmh.hpp>

#include "support/check_loss.hpp"
#include "support/tiny_satah.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

using Values = std::vector<double>;
using Codes = Vectors<tiny_bits>;
using Features = Vectors<tiny_width>;

/// With singular vectors that have arrived, so that σ's gradient is the whole one.
template <class L>
L converged(L layer) {
  for_each_layer(layer, [](auto& l) {
    if constexpr (requires { l.iterations; }) l.iterations = 500;
  });
  return layer;
}

/// Four samples of everything.
struct Some {
  static constexpr Size n = 4;
  Batch<Features> f_image{{n}}, f_text{{n}}, f_label{{n}};
  Batch<Codes> h_image{{n}}, h_text{{n}}, h_label{{n}};
  Values labels = tiny_labels_of<double>(n), weights{0.5, 1.5, 0.8, 1.2};
  TinyAdversaries adversaries = converged(TinyAdversaries{});
  Parameters<B, TinyAdversaries> params, grads;

  Some() {
    std::uint64_t seed = 40;
    for (auto* batch : {&f_image, &f_text, &f_label}) randomise(batch->values, ++seed);
    for (auto* batch : {&h_image, &h_text, &h_label}) randomise(batch->values, ++seed);
    randomise(params, 3);
  }
  SemanticContext<B> context(bool with_label_network = true) {
    SemanticContext<B> c{matrix(labels.data(), n, tiny_labels), {}, {}, matrix(weights.data(), n, 1)};
    if (with_label_network) c.label_features = f_label.view().mat(), c.label_codes = h_label.view().mat();
    return c;
  }
  FeaturesAndCodes<B, tiny_width, tiny_bits> image() { return {f_image.view(), h_image.view()}; }
  FeaturesAndCodes<B, tiny_width, tiny_bits> text() { return {f_text.view(), h_text.view()}; }
};

Values copied(auto view) { return Values(view.data, view.data + view.mat().size()); }

}  // namespace

TEST_CASE("The discriminators' gradient agrees with central differences", "[cmh][gradient]") {
  Some some;
  B be{1};
  for (const bool with : {true, false}) {
    const auto f = [&] {
      be.tape().rewind();
      Parameters<B, TinyAdversaries> unused;
      return some.adversaries.judge(be, *some.params, some.image(), some.text(), some.context(with), *unused)(0, 0);
    };
    some.grads.zero();
    some.adversaries.judge(be, *some.params, some.image(), some.text(), some.context(with), *some.grads);
    Worst worst;
    probe_parameters(some.params, some.grads, f, worst, 40);
    expect_gradient(worst);
  }
}
TEST_CASE("SatahLoss gradient agrees with central differences", "[cmh][gradient]") {
  Some some;
  B be{1};
  SatahLoss adversarial_alone{0, 0, 0, 0.7}, without{1, 0, 1, 0};
  for (const SatahLoss& loss : {SatahLoss{}, adversarial_alone, without}) {
    for (const bool with : {true, false}) {
      const auto run = [&] {
        be.tape().rewind();
        return loss(be, some.image(), some.text(), some.context(with), some.adversaries, *some.params, *some.grads);
      };
      run();
      const auto result = run();
      const Values di = copied(result.image.codes), dc = copied(result.text.codes), df = copied(result.text.features);
      CHECK(result.image.features.data == nullptr);
      const auto f = [&] { return run().value(0, 0); };
      Worst worst;
      probe(some.h_image.values, di.data(), "image codes", f, worst);
      probe(some.h_text.values, dc.data(), "text codes", f, worst);
      probe(some.f_text.values, df.data(), "text features", f, worst);
      probe(some.f_image.values, Values(some.f_image.values.size()).data(), "image features", f, worst);
      expect_gradient(worst);
    }
  }
}
TEST_CASE("The label network's features have a gradient that agrees with central differences", "[cmh][gradient]") {
  Batch<TokenIds> ids{{1, 4, 2}};
  ids.values = {0, 0, 2, 5, 1, 0, 3};
  check_gradient_on_ids(LabelFeatures<5, 6, 2, 3, 8>{}, ids);
}
TEST_CASE("The label network's gradient agrees with central differences", "[cmh][gradient]") {
  for (const Size n : {1, 6}) {
    TinySatah<B> tiny{n};
    auto& net = tiny.label_network;
    net.arch.blend = 1;  // else the target depends on the features, which counts for nothing
    net.arch.classification = 0.7;
    randomise(net.params, 6);
    const Mat<const double> labels = matrix(tiny.labels.data(), n, tiny_labels);
    B be{1};
    const auto run = [&] {
      be.tape().rewind();
      return net.arch.train(be, *net.params, tiny.sets.batch<B>(be, tiny.rows), labels, *net.grads)(0, 0);
    };
    run();
    net.grads.zero();
    run();
    const auto grads = net.grads.clone();
    Worst worst;
    probe_parameters(net.params, grads, run, worst, 60);
    expect_gradient(worst);
  }
}
TEST_CASE("FeatureMlp and TanhHead gradients agree with central differences", "[cmh][gradient]") {
  check_layer<Vectors<5>>(FeatureMlp<5, 7, 6>{});
  check_layer<Vectors<6>>(TanhHead<6, 4>{});
}
TEST_CASE("SharedQuantisation gradient agrees with central differences", "[cmh][gradient]") {
  check_pair_loss(SharedQuantisation{});
}
