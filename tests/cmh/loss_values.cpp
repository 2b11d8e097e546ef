#include <hashweave/cmh/hash_head.hpp>
#include <hashweave/cmh/label_losses.hpp>
#include <hashweave/cmh/weighted_sum.hpp>

#include "support/by_hand.hpp"
#include "support/check_gradient.hpp"

// Each loss on an example small enough to compute by hand.
using namespace hashweave;
using namespace hashweave::test;

namespace {

using Owned = std::vector<std::int64_t>;

/// The value of a loss on pairs of two-bit codes.
template <class L>
double value_of(const L& loss, Values image, Values text, const Owned& owners = {}) {
  B be{1};
  const Size n = static_cast<Size>(image.size()) / 2;
  const View<B, Vectors<2>> i{image.data(), n}, c{text.data(), n};
  return loss(be, i, c, owners.empty() ? Owners{} : Owners{owners}).value(0, 0);
}
/// The value of a loss on one batch of two-bit codes.
template <class L, class... More>
double value_on(const L& loss, Values codes, const More&... more) {
  B be{1};
  return loss(be, View<B, Vectors<2>>{codes.data(), static_cast<Size>(codes.size()) / 2}, more...).value(0, 0);
}

// Images at 0°, 90° and 200°; texts at 10°, 70° and 260°.
const Values images = at_degrees({0, 90, 200}), texts = at_degrees({10, 70, 260});

template <Size Bits>
Values hash(Values x) {
  B be{1};
  Empty none;
  const auto y = MedianTanh<Bits>{}.forward(be, none, View<B, Vectors<Bits>>{x.data(), 1}).y;
  return Values(y.data, y.data + Bits);
}

}  // namespace

TEST_CASE("HardestTriplet by hand: the hardest negative of each row and column", "[cmh][values]") {
  // degrees between image (row) and text (column): 10 70 100 | 80 20 170 | 170 130 60
  const auto hinge = [](double own, double other) { return std::max(0.0, 1.2 - cosine(own) + cosine(other)); };
  const double across = hinge(10, 70) + hinge(20, 80) + hinge(60, 130);
  const double down = hinge(10, 80) + hinge(20, 70) + hinge(60, 100);
  CHECK(value_of(HardestTriplet{1.2}, images, texts) == Approx(across + down));
  CHECK(value_of(HardestTriplet{1.2, Reduction::mean}, images, texts) == Approx((across + down) / 3));
  CHECK(value_of(HardestTriplet{0.01}, images, texts) == Approx(0));  // all margins kept
}
TEST_CASE("OnSigns by hand: the loss of the signs, its gradient passed to the codes as it is", "[cmh][values]") {
  // signs of images ++ | ++ | --, of texts ++ | ++ | -- : at 45, 45 and 225 degrees
  B be{1};
  Values i = at_degrees({20, 80, 200}), c = at_degrees({10, 70, 260});
  const Values quadrants = at_degrees({45, 45, 225});
  CHECK(value_of(OnSigns<HardestTriplet>{{0.3}}, i, c) == Approx(value_of(HardestTriplet{0.3}, quadrants, quadrants)));
  CHECK(value_of(OnSigns<HardestTriplet>{{0.3}}, i, c) == Approx(4 * 0.3));  // the first two are as near as their own
  Values i_signs{1, 1, 1, 1, -1, -1}, c_signs = i_signs;
  const View<B, Vectors<2>> image{i.data(), 3}, text{c.data(), 3}, image_signs{i_signs.data(), 3},
      text_signs{c_signs.data(), 3};
  const auto through = OnSigns<InfoNce>{{0.5}}(be, image, text), of_signs = InfoNce{0.5}(be, image_signs, text_signs);
  for (Size at = 0; at < 6; ++at) {
    CHECK(through.gradient.image.data[at] == of_signs.gradient.image.data[at]);
    CHECK(through.gradient.text.data[at] == of_signs.gradient.text.data[at]);
  }
  CHECK(through.gradient.image.mat()(0, 0) != 0);
}
TEST_CASE("HardestTriplet leaves pairs of the same owner out", "[cmh][values]") {
  // the first two belong together: each has only the third as a negative
  const auto hinge = [](double own, double other) { return std::max(0.0, 1.2 - cosine(own) + cosine(other)); };
  const double expected = hinge(10, 100) + hinge(20, 170) + hinge(60, 130)     // i1-c3, i2-c3, i3-c2
                          + hinge(10, 170) + hinge(20, 130) + hinge(60, 100);  // c1-i3, c2-i3, c3-i1
  CHECK(value_of(HardestTriplet{1.2}, images, texts, {7, 7, 8}) == Approx(expected));
  CHECK(value_of(HardestTriplet{1.2}, images, texts, {7, 7, 7}) == 0);
  CHECK(value_of(HardestTriplet{1.2}, at_degrees({0}), at_degrees({180})) == 0);  // a pair alone has no negative
}
TEST_CASE("Angular by hand", "[cmh][values]") {
  // α = 45°: F = 4 (a + p) · n - 4 a · p. Two pairs, so that each has one negative.
  const Values i = at_degrees({0, 90}), c = at_degrees({10, 70});
  // first the negatives are texts (of i1: c2 at 70°, seen from 0° and 10°; of i2: c1), then images
  const double texts_first = log_one_plus_exp(4 * (cosine(70) + cosine(60)) - 4 * cosine(10)) +
                             log_one_plus_exp(4 * (cosine(80) + cosine(60)) - 4 * cosine(20));
  const double images_then = log_one_plus_exp(4 * (cosine(90) + cosine(80)) - 4 * cosine(10)) +
                             log_one_plus_exp(4 * (cosine(90) + cosine(70)) - 4 * cosine(20));
  const double expected = texts_first + images_then;
  CHECK(value_of(Angular{}, i, c) == Approx(expected));
  CHECK(value_of(Angular{45, Reduction::mean}, i, c) == Approx(expected / 2));
  CHECK(value_of(Angular{}, i, c, {3, 3}) == 0);
  CHECK(value_of(Angular{}, at_degrees({0}), at_degrees({10})) == 0);
  // tan²α = 1/3 at 30°
  const double f = 4.0 / 3 * (cosine(70) + cosine(60)) - 8.0 / 3 * cosine(10);
  const double g = 4.0 / 3 * (cosine(80) + cosine(60)) - 8.0 / 3 * cosine(20);
  const double h = 4.0 / 3 * (cosine(90) + cosine(80)) - 8.0 / 3 * cosine(10);
  const double k = 4.0 / 3 * (cosine(90) + cosine(70)) - 8.0 / 3 * cosine(20);
  CHECK(value_of(Angular{30}, i, c) ==
        Approx(log_one_plus_exp(f) + log_one_plus_exp(g) + log_one_plus_exp(h) + log_one_plus_exp(k)));
}
TEST_CASE("Angular takes the hardest negative", "[cmh][values]") {
  const auto text_negative = [](double a, double p, double n) {
    return 4 * (cosine(a - n) + cosine(p - n) - cosine(a - p));
  };
  const double expected = log_one_plus_exp(std::max(text_negative(0, 10, 70), text_negative(0, 10, 260))) +
                          log_one_plus_exp(std::max(text_negative(90, 70, 10), text_negative(90, 70, 260))) +
                          log_one_plus_exp(std::max(text_negative(200, 260, 10), text_negative(200, 260, 70))) +
                          log_one_plus_exp(std::max(text_negative(10, 0, 90), text_negative(10, 0, 200))) +
                          log_one_plus_exp(std::max(text_negative(70, 90, 0), text_negative(70, 90, 200))) +
                          log_one_plus_exp(std::max(text_negative(260, 200, 0), text_negative(260, 200, 90)));
  CHECK(value_of(Angular{}, images, texts) == Approx(expected));
}
TEST_CASE("InfoNce by hand", "[cmh][values]") {
  const Values i = at_degrees({0, 90}), c = at_degrees({10, 70});
  const double t = 0.5;
  const auto term = [t](double own, double other) {
    return -std::log(std::exp(own / t) / (std::exp(own / t) + std::exp(other / t)));
  };
  const double expected = (term(cosine(10), cosine(70)) + term(cosine(20), cosine(80)) + term(cosine(10), cosine(80)) +
                           term(cosine(20), cosine(70))) /
                          4;
  CHECK(value_of(InfoNce{t}, i, c) == Approx(expected));
  CHECK(value_of(InfoNce{t}, i, c, {5, 5}) == Approx(0).margin(1e-15));  // nothing to tell apart
}
TEST_CASE("Quantisation by hand", "[cmh][values]") {
  CHECK(value_on(Quantisation{}, {0.5, -1, 1, -2}) == Approx((0.25 + 0 + 0 + 1) / 4));
  CHECK(value_of(OnBoth<Quantisation>{}, {0.5, -1}, {1, -2}) == Approx(0.125 + 0.5));
}
TEST_CASE("CauchyQuantisation by hand", "[cmh][values]") {
  const double cos = 7 / (5 * std::sqrt(2.0));  // (3, 4) and (1, 1)
  CHECK(value_on(CauchyQuantisation{20, 0.999}, {3, -4}) == Approx(std::log(1 + (1 - cos) / 20)));
  CHECK(value_on(CauchyQuantisation{20, 0.9}, {3, -4, -1, -1}) == Approx(std::log(1 + 0.1 / 20)));  // both are clamped
}
TEST_CASE("CauchyPairs by hand", "[cmh][values]") {
  // three samples; the first two share a label: two of six ordered pairs are similar
  const Values codes = at_degrees({0, 60, 150}), labels{1, 0, 1, 1, 0, 0};
  const Mat<const double> hot = matrix(labels.data(), 3, 2);
  const auto term = [](double s, double degrees) {
    const double d = 1 - cosine(degrees);
    return s * std::log(d / 20) + std::log(1 + 20 / d);
  };
  const double expected = 2 * (3 * term(1, 60) + 1.5 * (term(0, 150) + term(0, 90))) / 6;
  CHECK(value_on(CauchyPairs{}, codes, hot) == Approx(expected));
}
TEST_CASE("LogisticPairs by hand", "[cmh][values]") {
  const Values codes{1, 0, 1, 1, -1, 2}, labels{1, 0, 1, 1, 0, 0};
  const Mat<const double> hot = matrix(labels.data(), 3, 2);
  const auto term = [](double s, double inner) { return log_one_plus_exp(0.5 * inner) - s * 0.5 * inner; };
  const double expected = 2 * (3 * term(1, 1) + 1.5 * (term(0, -1) + term(0, 1))) / 6;
  CHECK(value_on(LogisticPairs{0.5}, codes, hot) == Approx(expected));
}
TEST_CASE("Balancing weights are 1 where all pairs are of one kind", "[cmh][values]") {
  const Values codes{1, 0, 1, 1}, together{1, 1}, apart{0, 0};
  const double inner = 0.1;
  CHECK(value_on(LogisticPairs{}, codes, Mat<const double>(matrix(together.data(), 2, 1))) ==
        Approx(log_one_plus_exp(inner) - inner));
  CHECK(value_on(LogisticPairs{}, codes, Mat<const double>(matrix(apart.data(), 2, 1))) ==
        Approx(log_one_plus_exp(inner)));
}
TEST_CASE("Losses on targets by hand", "[cmh][values]") {
  const Values target{1, 0, 0.5, 1};
  const Mat<const double> t = matrix(target.data(), 2, 2);
  CHECK(value_on(BinaryCrossEntropy{}, {0, 1, 2, -1}, t) ==
        Approx((std::log(2.0) + log_one_plus_exp(1) + log_one_plus_exp(2) - 1 + log_one_plus_exp(-1) + 1) / 4));
  CHECK(value_on(BinaryCrossEntropy{}, {1000, -1000, 0, 1000}, t) == Approx(std::log(2.0) / 4));  // no overflow
  CHECK(value_on(MeanSquaredError{}, {0, 1, 2, -1}, t) == Approx((1 + 1 + 2.25 + 4) / 4));
}
TEST_CASE("A weighted sum reports its terms before weighting, and leaves out those of weight 0", "[cmh][values]") {
  B be{1};
  Values i = images, c = texts;
  const View<B, Vectors<2>> image{i.data(), 3}, text{c.data(), 3};
  const TripletAngularLoss<> loss{0.1, 0.5}, unquantised{0.1};
  const double triplet = value_of(HardestTriplet{}, images, texts), angular = value_of(Angular{}, images, texts);
  const double quantisation = value_of(OnBoth<Quantisation>{}, images, texts);
  REQUIRE(quantisation > 0);
  const auto all = loss(be, image, text), two = unquantised(be, image, text);
  CHECK(all.value(0, 0) == Approx(triplet + 0.1 * angular + 0.5 * quantisation));
  CHECK(all.terms(0, 0) == Approx(triplet));
  CHECK(all.terms(0, 1) == Approx(angular));
  CHECK(all.terms(0, 2) == Approx(quantisation));
  CHECK(two.value(0, 0) == Approx(triplet + 0.1 * angular));
  CHECK(two.terms(0, 2) == 0);
  CHECK(loss.names[0] == "triplet");
  CHECK(loss.names[1] == "angular");
  CHECK(loss.names[2] == "quantisation");
}

TEST_CASE("The hash takes the middle value of the softmax, the lower one for an even number of bits", "[cmh][values]") {
  const double e = std::exp(1.0);
  const Values odd = hash<3>({1, 3, 2});  // the median of x is 2
  const double p2 = std::exp(2.0) / (e + std::exp(2.0) + std::exp(3.0));
  CHECK(odd[0] == Approx(std::tanh(1 - p2)));
  CHECK(odd[1] == Approx(std::tanh(3 - p2)));
  CHECK(odd[2] == Approx(std::tanh(2 - p2)));
  const Values even = hash<4>({0, 3, 1, 2});  // the lower median is 1, not 2 or 1.5
  const double p1 = e / (1 + e + std::exp(2.0) + std::exp(3.0));
  CHECK(even[0] == Approx(std::tanh(0 - p1)));
  CHECK(even[3] == Approx(std::tanh(2 - p1)));
}
TEST_CASE("The hash passes the gradient through the first of equal middle values", "[cmh][values]") {
  B be{1};
  Empty none;
  Values x{1, 0, 1, 1, 0.5}, dy{1, 0, 0, 0, 0};
  const auto step = MedianTanh<5>{}.forward(be, none, View<B, Vectors<5>>{x.data(), 1});
  const auto dx = MedianTanh<5>{}.backward(be, none, step.saved, View<B, Vectors<5>>{dy.data(), 1}, none);
  CHECK(step.saved.median(0, 0) == 0);
  CHECK(dx.data[0] != Approx(dx.data[2]));
  CHECK(dx.data[2] == Approx(dx.data[3]));
}
TEST_CASE("The hash of equal values has the sign of what is left", "[cmh][values]") {
  const Values h = hash<4>({0, 0, 0, 0});
  for (const double v : h) CHECK(v == Approx(std::tanh(-0.25)));
}
