#include <hashweave/cmh/bsth.hpp>
#include <hashweave/cmh/label_counts.hpp>
#include <hashweave/core/model.hpp>

#include "support/by_hand.hpp"
#include "support/check_gradient.hpp"

// BSTH's losses, label counts and prototypes on examples small enough to compute by hand.
using namespace hashweave;
using namespace hashweave::test;

namespace {

Mat<const double> in_rows(const Values& values, Size rows) {
  return matrix(values.data(), rows, static_cast<Size>(values.size()) / rows);
}
View<B, Vectors<2>> codes_of(Values& values) { return {values.data(), static_cast<Size>(values.size()) / 2}; }

}  // namespace

TEST_CASE("CosineTargets by hand", "[cmh][values]") {
  B be{1};
  Values h{2, 0, 0, 3};  // cosines 1, 0, 0, 1
  CHECK(CosineTargets{}(be, codes_of(h), in_rows({1, 0.5, -0.25, 0}, 2)).value(0, 0) ==
        Approx((0 + 0.25 + 0.0625 + 1) / 4));
}
TEST_CASE("Similarity of shared labels by hand", "[cmh][values]") {
  B be{1};
  const Values labels{1, 1, 0, 1, 1, 1, 0, 0, 0};  // 2, 3 and no labels
  const auto s = shared_label_similarity(be, in_rows(labels, 3), 3);
  const auto expected = [](double shared) { return 2 / (1 + std::exp(-shared)) - 1; };
  CHECK(s(0, 0) == Approx(expected(2)));
  CHECK(s(0, 1) == Approx(expected(2)));
  CHECK(s(1, 0) == Approx(expected(2)));
  CHECK(s(1, 1) == Approx(expected(3)));
  CHECK(s(0, 2) == 0);
  CHECK(s(2, 2) == 0);  // a sample without labels is not even like itself
}
TEST_CASE("CodeBalance by hand, in both forms", "[cmh][values]") {
  B be{1};
  Values h{1, -1, 0.5, 0.25};  // sums 1.5 and -0.75
  CHECK(CodeBalance{}(be, codes_of(h)).value(0, 0) == Approx((2.25 + 0.5625) / 2));
  CHECK(CodeBalance{BalanceForm::signed_sum}(be, codes_of(h)).value(0, 0) == Approx(0.75 / 2));
}
TEST_CASE("PrototypeHashLoss by hand: its terms and their sum", "[cmh][values]") {
  B be{1};
  Values h{1, 0, 0, -0.5}, predictions{0.5, 0.25, 9, 1, 0, 9};
  const CodesAndPredictions y{codes_of(h), View<B, Vectors<3>>{predictions.data(), 2}};
  const Values labels{1, 0, 0, 0}, codes{1, 1, -1, -1};  // two labels: the third column is not looked at
  const auto step = PrototypeHashLoss{2, 3, 5}(be, y, in_rows(labels, 2), in_rows(codes, 2));
  const double prediction = (0.25 + 0.0625 + 1 + 0) / 4, code = (0 + 1 + 1 + 0.25) / 4;
  const double alike = 2 / (1 + std::exp(-1.0)) - 1, cosine = ((1 - alike) * (1 - alike) + 0 + 0 + 1) / 4;
  CHECK(step.terms(0, 0) == Approx(prediction));
  CHECK(step.terms(0, 1) == Approx(code));
  CHECK(step.terms(0, 2) == Approx(cosine));
  CHECK(step.value(0, 0) == Approx(2 * prediction + 3 * code + 5 * cosine));
  CHECK(step.gradient.predictions.mat()(0, 2) == 0);
  CHECK(step.gradient.predictions.mat()(1, 2) == 0);
  CHECK(PrototypeHashLoss{}.prediction == 1);
  CHECK(PrototypeHashLoss{}.prototype_codes == 0.01);
  CHECK(PrototypeHashLoss{}.similarity == 1);
}
TEST_CASE("PrototypeLoss by hand: its terms and their sum", "[cmh][values]") {
  B be{1};
  Values p{1, 0, 0, 1}, h{1, 0.5, -0.5, 1}, predictions{0.5, 0, 1, 0};
  const PrototypeCodes<B, 2, 2> y{codes_of(p), codes_of(h), {predictions.data(), 2}};
  const Values labels{1, 0, 0, 0}, r{1, 0.5, 0.5, 1};
  const auto step = PrototypeLoss{2, 3, 5, 7}(be, y, in_rows(labels, 2), in_rows(r, 2));
  const double prediction = (0.25 + 0 + 1 + 0) / 4, quantisation = (0 + 0.25 + 0.25 + 0) / 4;
  const double cosine = 0.5 / 4, balance = (0.25 + 2.25) / 2;
  CHECK(step.terms(0, 0) == Approx(prediction));
  CHECK(step.terms(0, 1) == Approx(quantisation));
  CHECK(step.terms(0, 2) == Approx(cosine));
  CHECK(step.terms(0, 3) == Approx(balance));
  CHECK(step.value(0, 0) == Approx(2 * prediction + 3 * quantisation + 5 * cosine + 7 * balance));
}
TEST_CASE("Label counts by hand", "[cmh][values]") {
  const Values labels{1, 1, 0, 0, 1, 0, 0, 0,
                      1, 1, 0, 0, 0, 0, 0, 0};  // the last sample has none, the last label no sample
  const LabelCounts counts{in_rows(labels, 4)};
  CHECK(counts.samples() == 4);
  CHECK(counts.classes() == 4);
  CHECK(counts.unlabelled() == 1);
  CHECK(counts.count(0) == 3);
  CHECK(counts.count(1) == 2);
  CHECK(counts.together(0, 1) == 2);
  CHECK(counts.together(1, 2) == 0);
  CHECK(counts.given(1, 0) == Approx(2.0 / 3));
  CHECK(counts.given(0, 1) == 1);
  CHECK(counts.given(0, 3) == 0);  // a label that never occurs
  CHECK(counts.cooccurrence<double>() == Values{1, 0.5, 0, 0, 0.5, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1});
}
TEST_CASE("A sample's prototype code is the sum of its labels' prototypes", "[cmh][values]") {
  B be{1};
  Model<B, LabelPrototypes<3, 4>, Vectors<3>> model;
  randomise(model.params, 9);
  Batch<Vectors<3>> labels{{4}};
  labels.values = {1, 0, 0, 0, 1, 0, 1, 1, 0, 0, 0, 0};
  for (const Size classes : {3, 2}) {
    model.arch.classes = classes;
    const auto p = model.arch.prototypes(be, *model.params).mat();
    const auto h = model.infer(be, labels.view()).mat();
    REQUIRE(p.rows == classes);
    REQUIRE(h.rows == 4);
    for (Size c = 0; c < 4; ++c) {
      CHECK(std::abs(p(0, c)) < 1);
      CHECK(h(0, c) == Approx(p(0, c)));
      CHECK(h(1, c) == Approx(p(1, c)));
      CHECK(h(2, c) == Approx(p(0, c) + p(1, c)));
      CHECK(h(3, c) == 0);
    }
    const auto trained = model.forward(be, labels.view()).y;  // without dropout the same
    CHECK(trained.prototypes.mat()(1, 2) == Approx(p(1, 2)));
    CHECK(trained.codes.mat()(2, 3) == Approx(h(2, 3)));
  }
}
TEST_CASE("Fused adds its strands, and the classifier serves training only", "[cmh][values]") {
  B be{1};
  using Arch = Classified<Fused<Linear<1, 2, NoBias>, Linear<1, 2, NoBias>, Tanh>, Linear<2, 1>>;
  Model<B, Arch, Vectors<1>, Vectors<1>> model;
  model.params.assign("image.weight", Values{1, 2});
  model.params.assign("text.weight", Values{3, -1});
  model.params.assign("classifier.weight", Values{1, 1});
  model.params.assign("classifier.bias", Values{5});
  Values image{0.1}, text{0.2};
  const View<B, Vectors<1>> i{image.data(), 1}, t{text.data(), 1};
  const auto y = model.forward(be, i, t).y;
  const double first = std::tanh(0.7), second = std::tanh(0.0);
  CHECK(y.codes.mat()(0, 0) == Approx(first));
  CHECK(y.codes.mat()(0, 1) == Approx(second).margin(1e-12));
  CHECK(y.predictions.mat()(0, 0) == Approx(first + second + 5));
  CHECK(model.infer(be, i, t).mat()(0, 0) == Approx(first));
}
TEST_CASE("Bits stand for 1 and -1, and 0 for -1", "[cmh][values]") {
  B be{1};
  Values x{0.5, 0, -0.5, -0.0};
  auto y = make_matrix(be, 1, 4);
  signs(be, y, matrix(x.data(), 1, 4));
  CHECK(Values(y.data, y.data + 4) == Values{1, -1, -1, -1});
}
