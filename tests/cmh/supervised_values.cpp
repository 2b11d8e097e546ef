#include <hashweave/cmh/supervised_hashing.hpp>
#include <hashweave/optim/schedule.hpp>

#include "support/by_hand.hpp"
#include "support/check_error.hpp"
#include "support/check_gradient.hpp"

// The losses of supervised hashing on examples small enough to compute by hand.
using namespace hashweave;
using namespace hashweave::test;

namespace {

Mat<const double> rows_of_two(const Values& v) { return matrix(v.data(), static_cast<Size>(v.size()) / 2, 2); }

/// The value and the terms of a loss on codes of `Bits` values.
template <Size Bits, class L, class... More>
Values numbers_of(const L& loss, Values codes, const More&... more) {
  B be{1};
  const View<B, Vectors<Bits>> h{codes.data(), static_cast<Size>(codes.size()) / Bits};
  const auto step = loss(be, h, more...);
  Values all{step.value(0, 0)};
  for (Size k = 0; k < step.terms.cols; ++k) all.push_back(step.terms(0, k));
  return all;
}
template <Size Bits, class L, class... More>
double value_on(const L& loss, const Values& codes, const More&... more) {
  return numbers_of<Bits>(loss, codes, more...)[0];
}

const Values together{1, 0, 1, 0}, apart{1, 0, 0, 1};  // labels of two samples
const Values labels_of_second{0, 1, 0};

}  // namespace

TEST_CASE("Quantisation by hand with powers of 1, 2 and 3", "[cmh][values]") {
  const Values h{0.5, -2, 1, 0};  // 0.5, 1, 0 and 1 away from ±1
  CHECK(value_on<2>(Quantisation{1}, h) == Approx(2.5 / 4));
  CHECK(value_on<2>(Quantisation{}, h) == Approx(2.25 / 4));
  CHECK(value_on<2>(Quantisation{3}, h) == Approx(2.125 / 4));
}
TEST_CASE("Contrastive pairs by hand", "[cmh][values]") {
  const Values codes{1, 2, 0, -1};  // |difference|² = 1 + 9
  CHECK(value_on<2>(ContrastivePairs{}, codes, rows_of_two(together)) == Approx(5));
  CHECK(value_on<2>(ContrastivePairs{}, codes, rows_of_two(apart)) == 0);           // the margin is 4
  CHECK(value_on<2>(ContrastivePairs{6}, codes, rows_of_two(apart)) == Approx(1));  // (12 - 10)/2
}
TEST_CASE("Softmax cross entropy by hand", "[cmh][values]") {
  const Values logits{0, std::log(3.0), 1000, 0}, one_each{0, 1, 1, 0}, both{0, 1, 1, 1}, no_class{0, 1, 0, 0};
  CHECK(value_on<2>(SoftmaxCrossEntropy{}, logits, rows_of_two(one_each)) == Approx(-std::log(0.75) / 2));
  CHECK(value_on<2>(SoftmaxCrossEntropy{}, logits, rows_of_two(both)) == Approx((-std::log(0.75) + 500) / 2));
  CHECK(value_on<2>(SoftmaxCrossEntropy{}, logits, rows_of_two(no_class)) == Approx(-std::log(0.75) / 2));
  const Values padded{0, std::log(3.0), 9, 1000, 0, -9};
  CHECK(value_on<3>(SoftmaxCrossEntropy{2}, padded, rows_of_two(both)) == Approx((-std::log(0.75) + 500) / 2));
}
TEST_CASE("TransHash's loss is the sum over its heads", "[cmh][values]") {
  // the global head has eight bits, two local heads four each
  Values codes(32);
  randomise(codes, 4);
  const auto columns = [&](Size first, Size count) {
    Values part;
    for (Size r = 0; r < 2; ++r) {
      for (Size c = 0; c < count; ++c) part.push_back(codes[static_cast<std::size_t>(16 * r + first + c)]);
    }
    return part;
  };
  const auto hot = rows_of_two(apart);
  const double pairs = value_on<8>(CauchyPairs{}, columns(0, 8), hot) + value_on<4>(CauchyPairs{}, columns(8, 4), hot) +
                       value_on<4>(CauchyPairs{}, columns(12, 4), hot);
  const double quantisation = value_on<8>(CauchyQuantisation{}, columns(0, 8)) +
                              value_on<4>(CauchyQuantisation{}, columns(8, 4)) +
                              value_on<4>(CauchyQuantisation{}, columns(12, 4));
  const Values got = numbers_of<16>(TransHashLoss<16>{}, codes, hot);
  CHECK(got[0] == Approx(pairs + 0.1 * quantisation));
  CHECK(got[1] == Approx(pairs));
  CHECK(got[2] == Approx(quantisation));
  const double scaled = value_on<8>(CauchyPairs{3}, columns(0, 8), hot) +
                        value_on<4>(CauchyPairs{1.5}, columns(8, 4), hot) +
                        value_on<4>(CauchyPairs{1.5}, columns(12, 4), hot);
  CHECK(numbers_of<16>(TransHashLoss<16>::with_gamma(6), codes, hot)[1] == Approx(scaled));
  CHECK(TransHashLoss<16>::names[0] == "cauchy");
  CHECK(TransHashLoss<16>::names[1] == "cauchy_quantisation");
}
TEST_CASE("In a batch without similar or without other pairs every pair counts once", "[cmh][values]") {
  // D = 1 - cos for two bits; here cos = 0 and γ = 1
  const Values codes{1, 0, 0, 1};
  CHECK(value_on<2>(CauchyPairs{1}, codes, rows_of_two(together)) == Approx(std::log(2.0)));
  CHECK(value_on<2>(CauchyPairs{1}, codes, rows_of_two(apart)) == Approx(std::log(2.0)));
  // three samples, of which two are similar: of six ordered pairs two, which count 6/2, and four, which count 6/4
  const Values three{1, 0, 0, 1, 1, 0}, hot{1, 0, 1, 0, 0, 1};  // cos: 0 (similar), 1 clamped to 0.99, 0
  const double far = std::log(2.0), near = std::log(1 + 1 / 0.01);
  CHECK(value_on<2>(CauchyPairs{1}, three, rows_of_two(hot)) == Approx((2 * 3 * far + 1.5 * (2 * near + 2 * far)) / 6));
}
TEST_CASE("The losses of DCH, HashNet, DPSH and DSH by hand", "[cmh][values]") {
  const Values codes{0.5, 1, -1, 0.5};  // inner product 0, |difference|² = 2.25 + 0.25
  const auto hot = rows_of_two(apart);
  CHECK(numbers_of<2>(DchLoss{0.2, 3}, codes, hot)[1] == value_on<2>(CauchyPairs{3}, codes, hot));
  CHECK(value_on<2>(DchLoss{0.2, 3}, codes, hot) ==
        Approx(std::log(1 + 3 / 1.0) + 0.2 * value_on<2>(CauchyQuantisation{3}, codes)));
  const Values close{0.5, 1, 1, 0.5};  // inner product 1
  CHECK(value_on<2>(HashNetLoss{2}, close, rows_of_two(together)) == Approx(log_one_plus_exp(5) - 5));  // α = 10/2
  CHECK(value_on<2>(DpshLoss{}, close, rows_of_two(together)) == Approx(log_one_plus_exp(0.5) - 0.5 + 0.1 * 0.5 / 4));
  // (4 - 2.5)/2, and 0.01 (0.5 + 0.5) for the pair's two codes
  CHECK(value_on<2>(DshLoss{2}, codes, hot) == Approx(0.75 + 0.01));
}
TEST_CASE("DPSH's pairs are not balanced", "[cmh][values]") {
  const Values three{1, 0, 0, 1, 1, 0}, hot{1, 0, 1, 0, 0, 1};  // θ: 0 (similar), 1/2, 0
  CHECK(value_on<2>(LogisticPairs{0.5, false}, three, rows_of_two(hot)) ==
        Approx((2 * std::log(2.0) + 2 * log_one_plus_exp(0.5) + 2 * std::log(2.0)) / 6));
}
TEST_CASE("Central similarity by hand: one label, several with a tie, none", "[cmh][values]") {
  const HashCentres<double> centres{3, 2, {1, 1, -1, 1, 1, -1}};
  const CentralSimilarity loss{centres.mat()};
  const auto with = [&](const Values& codes, const Values& hot) {
    return value_on<2>(loss, codes, Mat<const double>(matrix(hot.data(), static_cast<Size>(hot.size()) / 3, 3)));
  };
  const auto term = [](double t, double h) { return -std::log((1 + t * h) / 2); };
  CHECK(with({0.5, 0.2}, {0, 1, 0}) == Approx((term(-1, 0.5) + term(1, 0.2)) / 2));
  // labels 0 and 1: the first bits are tied, so that label 0 decides
  CHECK(with({0.5, 0.2}, {1, 1, 0}) == Approx((term(1, 0.5) + term(1, 0.2)) / 2));
  // labels 1 and 2: tied in both bits
  CHECK(with({0.5, 0.2}, {0, 1, 1}) == Approx((term(-1, 0.5) + term(1, 0.2)) / 2));
  CHECK(with({0.5, 0.2}, {1, 1, 1}) == Approx((term(1, 0.5) + term(1, 0.2)) / 2));
  // a sample without labels does not count
  CHECK(with({0.9, 0.9, 0.5, 0.2}, {0, 0, 0, 1, 0, 0}) == Approx((term(1, 0.5) + term(1, 0.2)) / 2));
  CHECK(with({0.9, 0.9}, {0, 0, 0}) == 0);
  CHECK(with({-1, 0.2}, {1, 0, 0}) == Approx((-std::log(1e-6) + term(1, 0.2)) / 2));  // not infinite
  CHECK(value_on<2>(CsqLoss{centres, 0.5}, {0.5, 0.2}, Mat<const double>(matrix(labels_of_second.data(), 1, 3))) ==
        Approx((term(-1, 0.5) + term(1, 0.2)) / 2 + 0.5 * (0.25 + 0.64) / 2));
}
TEST_CASE("GreedyHash's loss by hand", "[cmh][values]") {
  const Values one{0, 1};
  CHECK(value_on<4>(GreedyHashLoss<2, 2>{}, {0.5, -2, 0, std::log(3.0)}, rows_of_two(one)) ==
        Approx(-std::log(0.75) + 0.1 * (0.125 + 1) / 2));
}
TEST_CASE("Centres from Hadamard matrices differ in half of their bits, or in all", "[cmh][values]") {
  for (const Size bits : {2, 4, 8, 12, 16, 20, 24, 32, 48, 64, 96, 128}) {
    INFO(bits << " bits");
    const auto all = hash_centres<double>(2 * bits, bits);
    const auto centres = all.mat();
    for (Size i = 0; i < centres.rows; ++i) {
      for (Size j = 0; j < i; ++j) {
        Size apart = 0;
        for (Size c = 0; c < bits; ++c) apart += centres(i, c) != centres(j, c);
        if (apart != (i == j + bits ? bits : bits / 2)) FAIL("centres " << j << " and " << i << ": " << apart);
      }
    }
    CHECK(std::all_of(centres.data, centres.data + centres.size(), [](double v) { return std::abs(v) == 1; }));
  }
}
TEST_CASE("Centres of random bits lie far apart, and depend on the seed alone", "[cmh][values]") {
  for (const auto& [classes, bits] : {std::pair<Size, Size>{10, 30}, {50, 16}, {20, 92}}) {
    INFO(classes << " classes, " << bits << " bits");
    const auto centres = hash_centres<double>(classes, bits, 3);
    Size nearest = bits, sum = 0;
    for (Size i = 0; i < classes; ++i) {
      for (Size j = 0; j < i; ++j) {
        Size apart = 0;
        for (Size c = 0; c < bits; ++c) apart += centres.mat()(i, c) != centres.mat()(j, c);
        nearest = std::min(nearest, apart);
        sum += apart;
      }
    }
    CHECK(nearest >= bits / 4);
    CHECK(static_cast<double>(sum) / static_cast<double>(classes * (classes - 1) / 2) ==
          Approx(static_cast<double>(bits) / 2).epsilon(0.1));
    CHECK(hash_centres<double>(classes, bits, 3).values == centres.values);
    CHECK(hash_centres<double>(classes, bits, 4).values != centres.values);
  }
}
TEST_CASE("HashNet's β grows from stage to stage", "[optim][values]") {
  const TanhContinuation beta;
  CHECK(beta(0) == 1);
  CHECK(beta(199) == 1);
  CHECK(beta(200) == Approx(std::sqrt(2.0)));
  CHECK(beta(799) == Approx(2));
  CHECK((TanhContinuation{10, 1, 2}(25)) == Approx(21 * 21));
}

TEST_CASE("Central similarity and centres refuse what does not fit", "[cmh][errors]") {
  B be{1};
  Batch<Vectors<4>> h{{2}};
  const auto centres = hash_centres<double>(3, 4), short_ones = hash_centres<double>(3, 2);
  const Values hot(12, 1);
  const auto with = [&](View<B, Vectors<4>> codes, Mat<const double> c, Size rows, Size cols) {
    CentralSimilarity{c}(be, codes, Mat<const double>(matrix(hot.data(), rows, cols)));
  };
  check_error([&] { with({nullptr, 0}, centres.mat(), 0, 3); }, {"CentralSimilarity", "codes in the batch", "got 0"});
  check_error([&] { with(h.view(), centres.mat(), 3, 3); },
              {"CentralSimilarity", "rows of labels", "expected 2", "got 3"});
  check_error([&] { with(h.view(), centres.mat(), 2, 2); },
              {"classes of the labels", "expected 3 (one a centre), got 2"});
  check_error([&] { with(h.view(), short_ones.mat(), 2, 3); }, {"bits of the centres", "expected 4, got 2"});
  check_error([] { hash_centres<double>(0, 4); }, {"hash_centres", "classes", "at least 1, got 0"});
  check_error([] { hash_centres<double>(3, 1); }, {"hash_centres", "bits", "at least 2, got 1"});
  check_error([] { TanhContinuation{0}(3); }, {"TanhContinuation", "steps of a stage", "at least 1, got 0"});
  for (const Size classes : {-1, 5}) {
    check_error([&] { SoftmaxCrossEntropy{classes}(be, h.view(), Mat<const double>(matrix(hot.data(), 2, 4))); },
                {"SoftmaxCrossEntropy", "classes", "1 to 4, got"});
  }
  check_error([&] { Quantisation{0.5}(be, h.view()); }, {"Quantisation", "power", "at least 1, got 0.5"});
}
