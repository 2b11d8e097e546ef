#include <golden/check_layer.hpp>
#include <hashweave/cmh/label_losses.hpp>
#include <hashweave/cmh/losses.hpp>
#include <hashweave/cmh/pair_losses.hpp>
#include <hashweave/cmh/weighted_sum.hpp>

using namespace hashweave;
using namespace hashweave::golden;

namespace {

/// Value and both gradients of a loss on 32-bit codes of pairs.
template <class T, class L>
void check_pair_loss(Check<T>& check, const L& loss) {
  check.expect("similarity", "cosine");
  check.expect("reduction", "sum");
  Cpu<T> be;
  Batch<T, Vectors<32>> image{check.tensor("in.image")}, text{check.tensor("in.text")};
  const auto step = loss(be, image.view(), text.view());
  check.output("out.loss", std::vector<double>{to_host(be, step.value)});
  check.gradient("grad.in.image", values_of(step.gradient.image));
  check.gradient("grad.in.text", values_of(step.gradient.text));
}

const Golden triplet{"triplet_hardest", [](auto& check) {
                       check.expect("loss", "triplet");
                       // Losses say nothing of the negatives they chose, but another choice has another gradient.
                       check.leave_out("out.hardest_text");
                       check.leave_out("out.hardest_image");
                       check_pair_loss(check, HardestTriplet{check.number("margin")});
                     }};

const Golden angular{"angular", [](auto& check) {
                       check.expect("loss", "angular");
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

const Golden cauchy{"transhash_cauchy", []<class T>(Check<T>& check) {
                      check.expect("loss", "Cauchy pairwise + 0.1 quantisation");
                      check.expect("pairs", "i != j, |S| counts the same pairs");
                      const double gamma = check.number("gamma"), clamp = check.number("cosine_clamp");
                      const double weight = check.number("quantisation_weight");
                      Cpu<T> be;
                      Batch<T, Vectors<16>> h{check.tensor("in.h")};
                      const auto labels = check.values("in.labels");
                      const auto& shape = check.tensor("in.labels").shape;
                      const auto pairs =
                          CauchyPairs{gamma, clamp}(be, h.view(), matrix(labels.data(), shape.at(0), shape.at(1)));
                      const auto quantisation = CauchyQuantisation{gamma, clamp}(be, h.view());
                      const double a = to_host(be, pairs.value), q = to_host(be, quantisation.value);
                      check.output("out.pairwise", std::vector<double>{a});
                      check.output("out.quantisation", std::vector<double>{q});
                      check.output("out.loss", std::vector<double>{a + weight * q});
                      add_scaled(be, pairs.gradient.mat(), quantisation.gradient.mat(), weight);
                      check.gradient("grad.in.h", values_of(pairs.gradient));
                    }};

}  // namespace
