#include <cmath>
#include <golden/check_layer.hpp>
#include <hashweave/cmh/label_losses.hpp>
#include <hashweave/cmh/losses.hpp>
#include <hashweave/cmh/pair_losses.hpp>
#include <hashweave/cmh/semantic_losses.hpp>
#include <hashweave/cmh/weighted_sum.hpp>
#include <numeric>

using namespace hashweave;
using namespace hashweave::golden;

namespace {

/// Value and both gradients of a loss on 32-bit codes of pairs.
template <class T, class L>
void check_pair_loss(Check<T>& check, const L& loss) {
  check.expect("similarity", "cosine");
  check.expect("reduction", "sum");
  Tested<T> be;
  Batch<T, Vectors<32>> image{check.tensor("in.image")}, text{check.tensor("in.text")};
  const auto step = loss(be, image.view(), text.view());
  check.output("out.loss", {to_host(be, step.value)});
  check.gradient("grad.in.image", values_of(step.gradient.image));
  check.gradient("grad.in.text", values_of(step.gradient.text));
}

/// Lengths of the rows, and the rows at length 1.
struct UnitRows {
  Size width;
  std::vector<double> length, value;

  explicit UnitRows(const Tensor& t) : width{t.shape.at(1)}, value{t.values} {
    for (Size r = 0; r < t.shape[0]; ++r) {
      double* row = value.data() + r * width;
      length.push_back(std::sqrt(std::inner_product(row, row + width, row, 0.0)));
      for (Size c = 0; c < width; ++c) row[c] /= length.back();
    }
  }
  const double* row(Size r) const { return value.data() + r * width; }
  Size rows() const { return std::ssize(length); }
};

/// The gradient with respect to `a`'s rows before they were scaled, for ds(i, j) on the cosines of rows i of a and j of
/// b: Σ_j ds(i, j) (b_j - cos(i, j) a_i) / |a_i|
template <class F>
std::vector<double> cosine_gradient(const UnitRows& a, const UnitRows& b, F ds) {
  std::vector<double> gradient(a.value.size());
  for (Size i = 0; i < a.rows(); ++i) {
    for (Size j = 0; j < b.rows(); ++j) {
      const double cosine = std::inner_product(a.row(i), a.row(i) + a.width, b.row(j), 0.0);
      for (Size c = 0; c < a.width; ++c) {
        gradient.data()[i * a.width + c] += ds(i, j) * (b.row(j)[c] - cosine * a.row(i)[c]) / a.length.data()[i];
      }
    }
  }
  return gradient;
}

/// At the case's margin no pair violates it and all is zero. A margin of 3 makes every hinge act, so that the case's
/// hardest negatives determine loss and gradient: Σ_i 2 m - 2 s(i, i) + s(i, text_i) + s(image_i, i).
template <class T>
void check_hardest(Check<T>& check) {
  const UnitRows image{check.tensor("in.image")}, text{check.tensor("in.text")};
  const std::vector<double> texts = check.tensor("out.hardest_text").values;
  const std::vector<double> images = check.tensor("out.hardest_image").values;
  const auto ds = [&](Size i, Size j) {
    return (i == j ? -2.0 : 0.0) + (texts.data()[i] == static_cast<double>(j) ? 1.0 : 0.0) +
           (images.data()[j] == static_cast<double>(i) ? 1.0 : 0.0);
  };
  double loss = 0;
  for (Size i = 0; i < image.rows(); ++i) {
    loss += 2 * 3.0;
    for (Size j = 0; j < text.rows(); ++j) {
      loss += ds(i, j) * std::inner_product(image.row(i), image.row(i) + image.width, text.row(j), 0.0);
    }
  }
  Tested<T> be;
  Batch<T, Vectors<32>> i{check.tensor("in.image")}, c{check.tensor("in.text")};
  const auto step = HardestTriplet{3}(be, i.view(), c.view());
  check.output("loss of the hardest at margin 3", {to_host(be, step.value)}, {loss});
  check.output("gradient of the hardest, images", values_of(step.gradient.image), cosine_gradient(image, text, ds));
  check.output("gradient of the hardest, texts", values_of(step.gradient.text),
               cosine_gradient(text, image, [&](Size j, Size k) { return ds(k, j); }));
}

const Golden triplet{"triplet_hardest", [](auto& check) {
                       check.expect("loss", "triplet");
                       check_pair_loss(check, HardestTriplet{check.number("margin")});
                       check_hardest(check);
                     }};

const Golden angular{"angular", [](auto& check) {
                       check.expect("loss", "angular");
                       // The loss does not say which negatives it chose, but another choice has another gradient.
                       check.leave_out("out.hardest_text");
                       check.leave_out("out.hardest_image");
                       check_pair_loss(check, Angular{check.number("alpha_degrees")});
                     }};

const Golden triplet_angular{"triplet_angular", [](auto& check) {
                               check.expect("loss", "L_triplet + eta L_angular");
                               const HardestTriplet first{check.number("margin")};
                               const Angular second{check.number("alpha_degrees")};
                               check_pair_loss(check, TripletAngularLoss<>{check.number("eta"), 0, first, second});
                             }};

const Golden cauchy{
    "transhash_cauchy", []<class T>(Check<T>& check) {
      check.expect("loss", "Cauchy pairwise + 0.1 quantisation");
      check.expect("pairs", "i != j, |S| counts the same pairs");
      const double gamma = check.number("gamma"), clamp = check.number("cosine_clamp");
      const double weight = check.number("quantisation_weight");
      Tested<T> be;
      Batch<T, Vectors<16>> h{check.tensor("in.h")};
      const auto labels = held(check.values("in.labels"));
      const auto& shape = check.tensor("in.labels").shape;
      const auto pairs = CauchyPairs{gamma, clamp}(be, h.view(), matrix(labels.data(), shape.at(0), shape.at(1)));
      const auto quantisation = CauchyQuantisation{gamma, clamp}(be, h.view());
      const double a = to_host(be, pairs.value), q = to_host(be, quantisation.value);
      check.output("out.pairwise", {a});
      check.output("out.quantisation", {q});
      check.output("out.loss", {a + weight * q});
      add_scaled(be, pairs.gradient.mat(), quantisation.gradient.mat(), weight);
      check.gradient("grad.in.h", values_of(pairs.gradient));
    }};

const Golden semi_hard{
    "satah_semihard", []<class T>(Check<T>& check) {
      check.expect("loss", "weighted semi-hard cosine triplet, both directions summed");
      check.expect("weight", "(2^r_ap - 2^r_an)/Z_a with r_an = 0; Z_a = sum_k (2^r_(k) - 1)/log2(k+1), k from 1");
      check.expect("anchors_without_labels", "no positives, no terms");
      Tested<T> be;
      Batch<T, Vectors<16>> image{check.tensor("in.image")}, text{check.tensor("in.text")};
      const auto labels = held(check.values("in.labels"));
      const auto& shape = check.tensor("in.labels").shape;
      const LabelTriplet loss{{.margin = check.number("margin")}};
      const auto step = loss(be, image.view(), text.view(), matrix(labels.data(), shape.at(0), shape.at(1)));
      check.output("out.loss", {to_host(be, step.value)});
      check.gradient("grad.in.image", values_of(step.gradient.image));
      check.gradient("grad.in.text", values_of(step.gradient.text));
    }};

}  // namespace
