#include <hashweave/cmh/bsth.hpp>
#include <hashweave/cmh/label_counts.hpp>
#include <hashweave/core/model.hpp>

#include "support/check_loss.hpp"
#include "support/two_inputs.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

/// A loss that weighs every value by a number of its own.
struct WeighedSum {
  template <class S>
  LossStep<B, View<B, S>> operator()(B& be, View<B, S> y) const {
    auto value = make_matrix(be, 1, 1);
    auto d = make<S>(be, y.layout());
    randomise({d.data, static_cast<std::size_t>(d.mat().size())}, 77, 1);
    row_dots(be, value, matrix(y.data, 1, y.mat().size()), matrix(d.data, 1, d.mat().size()));
    return {value, value, d};
  }
};

/// Multi-hot labels, the same for the same number of samples; the last sample has none.
std::vector<double> some_labels(Size samples, Size classes) {
  std::vector<double> labels(static_cast<std::size_t>(samples * classes));
  for (std::size_t i = 0; i + static_cast<std::size_t>(classes) < labels.size(); ++i) {
    labels[i] = i % 3 == 0 || i % 7 == 4 ? 1 : 0;
  }
  return labels;
}
std::vector<double> some_signs(Size n) {
  std::vector<double> signs(static_cast<std::size_t>(n));
  for (std::size_t i = 0; i < signs.size(); ++i) signs[i] = i * i % 5 < 2 ? -1 : 1;
  return signs;
}

}  // namespace

TEST_CASE("Fused gradient agrees with central differences", "[cmh][gradient]") {
  using Trunk = Chain<Named<"out", Linear<3, 2>>, Tanh>;
  using Arch = Fused<Linear<4, 3>, Chain<Named<"in", Linear<5, 3>>, Tanh>, Trunk>;
  for (const Size samples : {1, 4}) {
    Model<B, Arch, Vectors<4>, Vectors<5>> model;
    randomise(model.params, 3);
    Batch<Vectors<4>> image{{samples}};
    Batch<Vectors<5>> text{{samples}};
    randomise(image.values, 4);
    randomise(text.values, 5);
    expect_gradient(two_input_error(model, image, text, WeighedSum{}));
  }
}
TEST_CASE("Fused gradient of token sequences agrees with central differences", "[cmh][gradient]") {
  using Arch = Fused<Linear<4, 3>, Linear<5, 3>, MeanPool<3>>;
  Model<B, Arch, Tokens<4>, Tokens<5>> model;
  randomise(model.params, 3);
  Batch<Tokens<4>> image{{2, 3}};
  Batch<Tokens<5>> text{{2, 3}};
  randomise(image.values, 4);
  randomise(text.values, 5);
  expect_gradient(two_input_error(model, image, text, WeighedSum{}));
}
TEST_CASE("BSTH's gradient through its loss agrees with central differences", "[cmh][gradient]") {
  for (const double rate : {0.0, 0.3}) {
    Model<B, Bsth<5, 3, 4, 6, 4, 7, 5>, Vectors<5>, Vectors<3>> model;
    randomise(model.params, 19);
    set_dropout(model.arch, rate);
    Batch<Vectors<5>> image{{6}};
    Batch<Vectors<3>> text{{6}};
    randomise(image.values, 4);
    randomise(text.values, 5);
    const auto labels = some_labels(6, 5), codes = some_signs(24);  // the sixth class is room that is not used
    const auto loss = [&](B& be, const auto& y) {
      return PrototypeHashLoss{0.7, 0.2, 1.3}(be, y, matrix(labels.data(), 6, 5), matrix(codes.data(), 6, 4));
    };
    expect_gradient(two_input_error(model, image, text, loss, rate == 0 ? 4096 : 16));
  }
}
TEST_CASE("The gradient of label prototypes through their loss agrees with central differences", "[cmh][gradient]") {
  for (const Size classes : {5, 3, 1}) {
    for (const BalanceForm form : {BalanceForm::squared, BalanceForm::signed_sum}) {
      B be{1, 5};
      Model<B, LabelPrototypes<5, 4>, Vectors<5>> model;
      randomise(model.params, 21);
      model.arch.classes = classes;
      set_dropout(model.arch, 0.2);
      Batch<Vectors<5>> labels{{7}};
      labels.values = some_labels(7, 5);
      const Mat<double> own = cols_of(labels.view().mat(), 0, classes);
      const auto r = LabelCounts{own}.cooccurrence<double>();
      const PrototypeLoss loss{0.3, 0.7, 1.2, 0.4, form};
      const auto forward = [&] {
        be.tape().rewind();
        be.random().begin_step(2);
        return model.forward(be, labels.view());
      };
      const auto value = [&](const auto& y) { return loss(be, y, own, matrix(r.data(), classes, classes)); };
      const auto f = [&] { return value(forward().y).value(0, 0); };
      f();
      const auto step = forward();
      model.backward(be, step.saved, value(step.y).gradient);
      Worst worst;
      probe_parameters(model.params, model.grads, f, worst);
      INFO(classes << " classes");
      expect_gradient(worst);
    }
  }
}
TEST_CASE("Gradients of cosine targets and balance agree with central differences", "[cmh][gradient]") {
  for (const Size codes : {1, 2, 5}) {
    Batch<Vectors<6>> h{{codes}};
    randomise(h.values, 41);
    std::vector<double> target(static_cast<std::size_t>(codes * codes));
    randomise(target, 42);  // not symmetric: the loss need not assume it
    expect_gradient(loss_gradient_error(CosineTargets{}, h, Mat<const double>(matrix(target.data(), codes, codes))));
    expect_gradient(loss_gradient_error(CodeBalance{}, h));
    expect_gradient(loss_gradient_error(CodeBalance{BalanceForm::signed_sum}, h));
  }
}
