#include <hashweave/cmh/label_losses.hpp>
#include <hashweave/cmh/supervised_hashing.hpp>
#include <hashweave/cmh/weighted_sum.hpp>

#include "support/check_error.hpp"
#include "support/check_gradient.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

using S = Vectors<2>;
using Owned = std::vector<std::int64_t>;

template <class L>
void check_pairs_refused(const L& loss, const char* name) {
  B be{1};
  Batch<S> three{{3}}, two{{2}};
  const View<B, S> none{nullptr, 0};
  const Owned owners{1, 2};
  check_error([&] { loss(be, none, none); }, {name, "pairs in the batch", "expected at least 1, got 0"});
  check_error([&] { loss(be, three.view(), two.view()); }, {name, "texts", "expected 3 (one an image), got 2"});
  check_error([&] { loss(be, three.view(), three.view(), Owners{owners}); },
              {name, "owners", "expected 3 (one a pair), got 2"});
}
template <class L>
void check_labels_refused(const L& loss, const char* name) {
  B be{1};
  Batch<S> three{{3}}, one{{1}};
  const std::vector<double> labels(6);
  const auto with = [&](Batch<S>& codes, Size rows, Size cols) {
    loss(be, codes.view(), Mat<const double>(matrix(labels.data(), rows, cols)));
  };
  check_error([&] { with(one, 1, 2); }, {name, "samples in the batch", "expected at least 2, got 1"});
  check_error([&] { with(three, 2, 2); }, {name, "rows of labels", "expected 3 (one a sample), got 2"});
  check_error([&] { with(three, 3, 0); }, {name, "labels", "expected at least 1, got 0"});
}
template <class L>
void check_target_refused(const L& loss, const char* name) {
  B be{1};
  Batch<S> three{{3}};
  const std::vector<double> target(9);
  const auto with = [&](View<B, S> x, Size rows, Size cols) {
    loss(be, x, Mat<const double>(matrix(target.data(), rows, cols)));
  };
  check_error([&] { with({nullptr, 0}, 0, 2); }, {name, "rows in the batch", "expected at least 1, got 0"});
  check_error([&] { with(three.view(), 2, 2); }, {name, "rows of the target", "expected 3, got 2"});
  check_error([&] { with(three.view(), 3, 3); }, {name, "columns of the target", "expected 2, got 3"});
}

}  // namespace

TEST_CASE("Losses on pairs refuse empty batches, unequal numbers and wrong owners", "[cmh][errors]") {
  check_pairs_refused(HardestTriplet{}, "HardestTriplet");
  check_pairs_refused(Angular{}, "Angular");
  check_pairs_refused(InfoNce{}, "InfoNce");
  check_pairs_refused(TripletAngularLoss<>{}, "WeightedSum");
}
TEST_CASE("Losses on labels refuse single samples and labels of another shape", "[cmh][errors]") {
  check_labels_refused(CauchyPairs{}, "CauchyPairs");
  check_labels_refused(LogisticPairs{}, "LogisticPairs");
  check_labels_refused(ContrastivePairs{}, "ContrastivePairs");
  check_labels_refused(DchLoss{}, "CauchyPairs");
  check_labels_refused(PerHead<CauchyPairs, 1, 1>{}, "CauchyPairs");
}
TEST_CASE("Losses on targets refuse empty batches and targets of another shape", "[cmh][errors]") {
  check_target_refused(BinaryCrossEntropy{}, "BinaryCrossEntropy");
  check_target_refused(MeanSquaredError{}, "MeanSquaredError");
  check_target_refused(SoftmaxCrossEntropy{}, "SoftmaxCrossEntropy");
}
TEST_CASE("Quantisation losses refuse empty batches", "[cmh][errors]") {
  B be{1};
  const View<B, S> none{nullptr, 0};
  check_error([&] { Quantisation{}(be, none); }, {"Quantisation", "codes in the batch", "at least 1, got 0"});
  check_error([&] { CauchyQuantisation{}(be, none); }, {"CauchyQuantisation", "codes in the batch", "got 0"});
}
TEST_CASE("Angles and temperatures out of range are refused", "[cmh][errors]") {
  B be{1};
  Batch<S> x{{2}};
  for (const double alpha : {0.0, 90.0, -45.0}) {
    check_error([&] { Angular{alpha}(be, x.view(), x.view()); },
                {"Angular", "alpha", "between 0 and 90 degrees, got "});
  }
  check_error([&] { InfoNce{0}(be, x.view(), x.view()); }, {"InfoNce", "temperature", "more than 0, got 0"});
}
