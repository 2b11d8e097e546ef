#include <hashweave/cmh/semantic_losses.hpp>
#include <hashweave/cmh/weighted_sum.hpp>

#include "support/by_hand.hpp"
#include "support/check_error.hpp"
#include "support/check_loss.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

/// A loss on pairs and one more matrix as a loss on pairs.
template <class L>
struct With {
  L loss;
  Mat<const double> more;

  template <class S>
  auto operator()(B& be, View<B, S> image, View<B, S> text, Owners = {}) const {
    return loss(be, image, text, more);
  }
};
template <class L>
With(L, Mat<const double>) -> With<L>;

/// Labels of `samples` samples: some with several, some without, some shared.
Values some_labels(Size samples) {
  Values labels;
  for (Size i = 0; i < samples; ++i) {
    for (Size c = 0; c < 3; ++c) labels.push_back(i % 4 != 3 && (i + c) % 3 != 0 ? 1 : 0);
    labels.push_back(i % 2 == 0 ? 1 : 0);
  }
  return labels;
}

template <class L>
void check_labels_loss(const L& loss) {
  for (const Size pairs : {1, 2, 9}) {
    Batch<Vectors<6>> image{{pairs}}, text{{pairs}};
    randomise(image.values, 21);
    randomise(text.values, 22);
    const std::size_t n = static_cast<std::size_t>(pairs) * 4;
    for (const Values& labels : {some_labels(pairs), Values(n, 0), Values(n, 1)}) {
      INFO(pairs << " pairs");
      expect_gradient(pair_gradient_error(With{loss, table(labels, 4)}, image, text));
    }
  }
}

template <class L>
double value_of(const L& loss, Values image, Values text, const Values& more, Size cols) {
  B be{1};
  const Size n = static_cast<Size>(image.size()) / 2;
  const View<B, Vectors<2>> i{image.data(), n}, c{text.data(), n};
  return loss(be, i, c, table(more, cols)).value(0, 0);
}

}  // namespace

TEST_CASE("LabelTriplet gradient agrees with central differences", "[cmh][gradient]") {
  check_labels_loss(LabelTriplet{});
  check_labels_loss(LabelTriplet{{.margin = 1.5}});
  check_labels_loss(LabelTriplet{{.margin = 1, .semi_hard = false, .graded = false}});
}
TEST_CASE("CrossLogisticPairs gradient agrees with central differences", "[cmh][gradient]") {
  check_labels_loss(CrossLogisticPairs{});
  check_labels_loss(CrossLogisticPairs{2});
}
TEST_CASE("A weighted sum on labels has a gradient that agrees with central differences", "[cmh][gradient]") {
  check_labels_loss(WeightedSum<CrossLogisticPairs, OnBoth<Quantisation>>{{{}, {}}, {1, 0.3}});
}
TEST_CASE("SemanticAlignment gradient agrees with central differences", "[cmh][gradient]") {
  for (const Size pairs : {1, 2, 7}) {
    Batch<Vectors<6>> image{{pairs}}, text{{pairs}};
    randomise(image.values, 21);
    randomise(text.values, 22);
    const Values labels = some_labels(pairs);
    B be{1};
    const Mat<double> target = semantic_target(be, table(labels, 4));
    const Values kept(target.data, target.data + target.size());
    expect_gradient(pair_gradient_error(With{SemanticAlignment{}, table(kept, pairs)}, image, text));
  }
}

TEST_CASE("LabelTriplet by hand: semi-hard negatives, else the nearest", "[cmh][values]") {
  // Sample 0 has labels {0, 1}, 1 has {1}, 2 has {2}, 3 none. Images at 0° 90° 200° 300°, texts at 10° 70° 260° 40°.
  const Values images = at_degrees({0, 90, 200, 300}), texts = at_degrees({10, 70, 260, 40});
  const Values labels{1, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0};
  const auto d = [](double degrees) { return 1 - cosine(degrees); };
  const double m = 0.4;
  const auto hinge = [&](double near, double far) { return std::max(0.0, d(near) - d(far) + m); };
  // Image anchors. Image 0 shares two labels with text 0 and one with text 1: Z = 3/log2(2) + 1/log2(3); its negatives
  // are texts 2 (100°) and 3 (40°). To text 0 (10°) 40° is semi-hard; to text 1 (70°) no: 100° is too far, so the
  // nearest, 40°. Image 1 shares one with texts 0 (80°) and 1 (20°): negatives at 170° and 50°. Of 80° none is within
  // the margin beyond, so 50°; of 20° 50° is. Image 2: its own text at 60°; negatives 190°, 130°, 160° in distance: the
  // nearest, 130°, is beyond the margin and taken as the nearest.
  const double z0 = 3 + 1 / std::log2(3.0), z1 = 1 + 1 / std::log2(3.0);
  const double from_images =
      3 / z0 * hinge(10, 40) + 1 / z0 * hinge(70, 40) + 1 / z1 * (hinge(80, 50) + hinge(20, 50)) + hinge(60, 130);
  // Text anchors. Text 0: images 0 (10°), 1 (80°); negatives 2 (190°), 3 (290° = 70°). 10°: 70° is too far, and the
  // nearest. 80°: the nearest. Text 1: images 0 (70°), 1 (20°); negatives 2 (130°), 3 (230° = 130°): both too far.
  // Text 2 (260°): image 2 (60°); negatives 0 (100°), 1 (170°), 3 (40°): none semi-hard but 100°? d = 1.17 against 0.5
  // + 0.4: no; the nearest, 40°.
  const double from_texts =
      3 / z0 * hinge(10, 70) + 1 / z0 * hinge(80, 70) + 1 / z1 * (hinge(70, 130) + hinge(20, 130)) + hinge(60, 40);
  CHECK(value_of(LabelTriplet{}, images, texts, labels, 3) == Approx((from_images + from_texts) / 5));
}
TEST_CASE("LabelTriplet with the nearest negatives and without weights", "[cmh][values]") {
  const Values images = at_degrees({0, 90}), texts = at_degrees({10, 70}), apart{1, 0, 0, 1};
  const auto hinge = [](double near, double far) { return std::max(0.0, 1.2 + cosine(far) - cosine(near)); };
  const LabelTriplet nearest{{.margin = 1.2, .semi_hard = false, .graded = false}};
  CHECK(value_of(nearest, images, texts, apart, 2) ==
        Approx((hinge(10, 70) + hinge(20, 80)) / 2 + (hinge(10, 80) + hinge(20, 70)) / 2));
}
TEST_CASE("A batch without triplets has none: no labels, no negatives", "[cmh][values]") {
  const Values images = at_degrees({0, 90}), texts = at_degrees({100, 7});
  CHECK(value_of(LabelTriplet{}, images, texts, {0, 0}, 1) == 0);
  CHECK(value_of(LabelTriplet{}, images, texts, {1, 1}, 1) == 0);
  CHECK(value_of(LabelTriplet{}, at_degrees({0}), at_degrees({100}), {1}, 1) == 0);
}
TEST_CASE("LabelTriplet carries a NaN on instead of sorting it", "[cmh][values]") {
  Values images = at_degrees({0, 90, 30});
  images[2] = std::numeric_limits<double>::quiet_NaN();
  CHECK(std::isnan(value_of(LabelTriplet{}, images, at_degrees({0, 10, 20}), {1, 0, 0, 1, 1, 0}, 2)));
}
TEST_CASE("Semantic targets by hand", "[cmh][values]") {
  B be{1};
  // {0, 1}, {1}, {2}, {}, {}
  const Values labels{1, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  const Mat<double> s = semantic_target(be, table(labels, 3));
  CHECK(s(0, 0) == 1);
  CHECK(s(0, 1) == 0);  // one of two
  CHECK(s(1, 0) == 0);
  CHECK(s(0, 2) == -1);
  CHECK(s(0, 3) == -1);
  CHECK(s(3, 3) == 1);  // without labels
  CHECK(s(3, 4) == 1);
  const Values features = at_degrees({0, 60, 180, 0, 90});
  const Mat<double> blended = semantic_target(be, table(labels, 3), table(features, 2), 0.25);
  CHECK(blended(0, 1) == Approx(0.75 * (2 * 0.5 - 1) + 0.25 * 0).margin(1e-12));
  CHECK(blended(0, 2) == Approx(0.75 * -1 + 0.25 * -1));  // a negative cosine counts as 0
  CHECK(blended(0, 0) == Approx(1));
}
TEST_CASE("SemanticAlignment by hand", "[cmh][values]") {
  const Values images = at_degrees({0, 90}), texts = at_degrees({10, 70}), target{1, -0.5, -0.5, 0.9};
  const auto off = [](double degrees, double s) { return (cosine(degrees) - s) * (cosine(degrees) - s); };
  const double expected = (off(0, 1) + 2 * off(90, -0.5) + off(0, 0.9)) / 4 +
                          (off(0, 1) + 2 * off(60, -0.5) + off(0, 0.9)) / 4 +
                          (off(10, 1) + off(70, -0.5) + off(80, -0.5) + off(20, 0.9)) / 4;
  CHECK(value_of(SemanticAlignment{}, images, texts, target, 2) == Approx(expected));
}
TEST_CASE("CrossLogisticPairs by hand", "[cmh][values]") {
  const Values images{1, 0, 1, 1}, texts{2, 1, -1, 3}, labels{1, 0, 1, 1};
  const auto term = [](double s, double inner) { return std::log(1 + std::exp(0.5 * inner)) - s * 0.5 * inner; };
  CHECK(value_of(CrossLogisticPairs{}, images, texts, labels, 2) ==
        Approx((term(1, 2) + term(1, -1) + term(1, 3) + term(1, 2)) / 4));
  CHECK(value_of(CrossLogisticPairs{}, images, texts, {1, 0, 0, 1}, 2) ==
        Approx((term(1, 2) + term(0, -1) + term(0, 3) + term(1, 2)) / 4));
}
TEST_CASE("A weighted sum hands labels to the parts that take them", "[cmh][values]") {
  const Values images{0.5, -1, 1, 1}, texts{2, 1, -1, 3}, labels{1, 0, 1, 1};
  const WeightedSum<CrossLogisticPairs, OnBoth<Quantisation>> loss{{{}, {}}, {1, 0.25}};
  const double pairs = value_of(CrossLogisticPairs{}, images, texts, labels, 2);
  CHECK(value_of(loss, images, texts, labels, 2) == Approx(pairs + 0.25 * (0.25 / 4 + (1 + 4) / 4.0)));
}

TEST_CASE("Losses on pairs and labels refuse labels of another length and unequal numbers", "[cmh][errors]") {
  B be{1};
  using S = Vectors<2>;
  Batch<S> three{{3}}, two{{2}};
  const Values labels(9);
  const auto check = [&](const auto& loss, const char* name) {
    const auto with = [&](View<B, S> image, View<B, S> text, Size rows, Size cols) {
      return [&loss, &be, &labels, image, text, rows, cols] {
        loss(be, image, text, Mat<const double>{labels.data(), rows, cols, cols});
      };
    };
    check_error(with({nullptr, 0}, {nullptr, 0}, 0, 3), {name, "pairs in the batch", "expected at least 1, got 0"});
    check_error(with(three.view(), two.view(), 3, 3), {name, "texts", "expected 3 (one an image), got 2"});
    check_error(with(three.view(), three.view(), 2, 3), {name, "rows of ", "expected 3", "got 2"});
  };
  check(LabelTriplet{}, "LabelTriplet");
  check(CrossLogisticPairs{}, "CrossLogisticPairs");
  check(SemanticAlignment{}, "SemanticAlignment");
  const auto without = [&](const auto& loss) {
    return [&] { loss(be, three.view(), three.view(), Mat<const double>{labels.data(), 3, 0, 0}); };
  };
  check_error(without(LabelTriplet{}), {"LabelTriplet", "labels", "expected at least 1, got 0"});
  check_error(without(SemanticAlignment{}), {"SemanticAlignment", "columns of the target", "expected 3, got 0"});
  check_error(
      [&] {
        semantic_target(be, Mat<const double>{labels.data(), 0, 3, 3});
      },
      {"semantic_target", "samples in the batch", "expected at least 1, got 0"});
  check_error(
      [&] {
        semantic_target(be, table(labels, 3), Mat<const double>{labels.data(), 2, 3, 3});
      },
      {"semantic_target", "rows of features", "expected 3, got 2"});
}
