#include <hashweave/cmh/label_losses.hpp>
#include <hashweave/cmh/weighted_sum.hpp>

#include "support/check_loss.hpp"

using namespace hashweave;
using namespace hashweave::test;

TEST_CASE("HardestTriplet gradient agrees with central differences", "[cmh][gradient]") {
  check_pair_loss(HardestTriplet{});
  check_pair_loss(HardestTriplet{0.5, Reduction::mean});
}
TEST_CASE("Angular gradient agrees with central differences", "[cmh][gradient]") {
  check_pair_loss(Angular{});
  check_pair_loss(Angular{30, Reduction::mean});
}
TEST_CASE("InfoNce gradient agrees with central differences", "[cmh][gradient]") {
  check_pair_loss(InfoNce{});
  check_pair_loss(InfoNce{0.5});
}
TEST_CASE("OnBoth gradient agrees with central differences", "[cmh][gradient]") {
  check_pair_loss(OnBoth<Quantisation>{});
}
TEST_CASE("WeightedSum gradient agrees with central differences", "[cmh][gradient]") {
  check_pair_loss(WeightedSum<InfoNce, Angular>{{InfoNce{0.5}, Angular{}}, {0.7, -0.3}});
  check_pair_loss(TripletAngularLoss<>{0.4, 0.2});
  check_pair_loss(TripletAngularLoss<>{});  // without quantisation
}

TEST_CASE("Quantisation gradients agree with central differences", "[cmh][gradient]") {
  for (const Size codes : {1, 5}) {
    Batch<Vectors<6>> h{{codes}};
    randomise(h.values, 31);
    for (const double power : {1.0, 1.5, 2.0, 3.0}) expect_gradient(loss_gradient_error(Quantisation{power}, h));
    expect_gradient(loss_gradient_error(CauchyQuantisation{}, h));
    expect_gradient(loss_gradient_error(CauchyQuantisation{2, 0.7}, h));  // some are clamped
  }
}
TEST_CASE("Gradients of losses on labels agree with central differences", "[cmh][gradient]") {
  const std::vector<double> shared{1, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1}, none(15, 0), all(15, 1);
  for (const Size codes : {2, 5}) {
    Batch<Vectors<6>> h{{codes}};
    randomise(h.values, 32);
    for (const auto& labels : {shared, none, all}) {
      const Mat<const double> hot = matrix(labels.data(), codes, 3);
      expect_gradient(loss_gradient_error(CauchyPairs{}, h, hot));
      expect_gradient(loss_gradient_error(CauchyPairs{3, 0.2}, h, hot));  // some are clamped
      expect_gradient(loss_gradient_error(LogisticPairs{1.5}, h, hot));
      expect_gradient(loss_gradient_error(LogisticPairs{0.5, false}, h, hot));
      expect_gradient(loss_gradient_error(ContrastivePairs{}, h, hot));
      expect_gradient(loss_gradient_error(ContrastivePairs{0.3}, h, hot));  // some are beyond the margin
    }
  }
}
TEST_CASE("Gradients of losses on targets agree with central differences", "[cmh][gradient]") {
  for (const Size rows : {1, 4}) {
    Batch<Vectors<3>> x{{rows}};
    randomise(x.values, 33, 2);
    std::vector<double> target(x.values.size());
    for (std::size_t i = 0; i < target.size(); ++i) target[i] = static_cast<double>(i % 3) / 2;
    const Mat<const double> t = matrix(target.data(), rows, 3);
    expect_gradient(loss_gradient_error(BinaryCrossEntropy{}, x, t));
    expect_gradient(loss_gradient_error(SoftmaxCrossEntropy{}, x, t));
    expect_gradient(loss_gradient_error(MeanSquaredError{}, x, t));
  }
}
