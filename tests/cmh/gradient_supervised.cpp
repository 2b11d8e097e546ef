#include <hashweave/cmh/supervised_hashing.hpp>
#include <hashweave/nn/scaled_tanh.hpp>
#include <hashweave/optim/schedule.hpp>

#include "support/check_loss.hpp"

// The methods of supervised hashing: heads and losses as they are composed.
using namespace hashweave;
using namespace hashweave::test;

namespace {

const std::vector<double> labels{1, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1}, none(15, 0), all(15, 1);

/// In batches of two and five codes of `Bits` values, with similar and other pairs and with one kind alone.
template <Size Bits, class L>
void check_label_loss(const L& loss, double deviation = 0.6) {
  for (const Size codes : {2, 5}) {
    Batch<Vectors<Bits>> h{{codes}};
    randomise(h.values, 32, deviation);
    for (const auto* hot : {&labels, &none, &all}) {
      expect_gradient(loss_gradient_error(loss, h, Mat<const double>(matrix(hot->data(), codes, 3))));
    }
  }
}

}  // namespace

TEST_CASE("TransHash's loss has the gradient of central differences", "[cmh][gradient]") {
  check_label_loss<16>(TransHashLoss<16>{});
  check_label_loss<24>(TransHashLoss<24, 3>{0.5});
  check_label_loss<16>(TransHashLoss<16>::with_gamma(3));
  using Logistic = TransHashLoss<16, 2, LogisticPairs>;
  check_label_loss<16>(Logistic{0, Logistic::Pairwise{LogisticPairs{0.7}}});
}
TEST_CASE("The losses of DCH, HashNet, DPSH and DSH have the gradients of central differences", "[cmh][gradient]") {
  check_label_loss<6>(DchLoss{});
  check_label_loss<6>(HashNetLoss{6});
  check_label_loss<6>(DpshLoss{});
  check_label_loss<6>(DshLoss{6});
}
TEST_CASE("CSQ's loss has the gradient of central differences", "[cmh][gradient]") {
  const auto centres = hash_centres<double>(3, 6);
  check_label_loss<6>(CsqLoss{centres, 0.3}, 0.2);
  check_label_loss<6>(CentralSimilarity{centres.mat()}, 0.2);
}
TEST_CASE("GreedyHash's loss has the gradient of central differences", "[cmh][gradient]") {
  check_label_loss<9>(GreedyHashLoss<6, 3>{});
  check_label_loss<11>(GreedyHashLoss<6, 5>{0.1, 3});  // two of five logits are padding
}
TEST_CASE("Losses on columns and heads have the gradients of central differences", "[cmh][gradient]") {
  check_label_loss<6>(OnColumns<CauchyPairs, 1, 4>{});
  check_label_loss<6>(OnColumns<LogisticPairs, 0, 6>{});
  check_label_loss<6>(PerHead<LogisticPairs, 3, 1, 2>{});
  check_label_loss<6>(PerHead<LogisticPairs, 2, 4>{[](Size k) { return LogisticPairs{3.0 / static_cast<double>(k)}; }});
  check_label_loss<6>(WeightedSum<PerHead<CauchyPairs, 2, 4>, Quantisation>{{{}, {}}, {0.3, -2}});
  Batch<Vectors<6>> h{{4}};
  randomise(h.values, 3);
  expect_gradient(loss_gradient_error(PerHead<CauchyQuantisation, 4, 2>{}, h));  // no labels
}

TEST_CASE("The heads of DCH and HashNet have the gradients of central differences", "[cmh][gradient]") {
  check_layer<Vectors<4>>(DchHead<4, 6>{});
  HashNetHead<4, 6> head;
  for_each_layer(head, [](auto& layer) {
    if constexpr (requires { layer.beta; }) layer.beta = 2.5;
  });
  check_layer<Vectors<4>>(head);
  check_layer<Tokens<3>>(ScaledTanh{0.5});
}
TEST_CASE("GreedyHash's head: the classifier sees signs, and its gradient reaches the code as if it saw the code",
          "[cmh][gradient]") {
  using L = GreedyHashHead<4, 3, 2>;
  B be{1};
  Parameters<B, L> params, grads;
  randomise(params, 3);
  Batch<Vectors<4>> x{{5}};
  randomise(x.values, 4);
  const auto step = L{}.forward(be, *params, x.view());
  const std::vector<double> w = params.values("classifier.weight");  // (2, 3); no bias
  auto dy = make<Vectors<5>>(be, 5);
  for (Size i = 0; i < 25; ++i) dy.data[i] = 0.1 * static_cast<double>(i);
  L{}.backward(be, *params, step.saved, dy, *grads);
  std::vector<double> d_bias(3, 0), d_classifier(6, 0);
  const auto y = step.y.mat();
  for (Size r = 0; r < 5; ++r) {
    for (Size k = 0; k < 2; ++k) {
      double logit = 0;
      for (Size b = 0; b < 3; ++b) {
        const double sign = y(r, b) > 0 ? 1 : -1, weight = w[static_cast<std::size_t>(3 * k + b)];
        logit += sign * weight;
        d_bias[static_cast<std::size_t>(b)] += dy.mat()(r, 3 + k) * weight;
        d_classifier[static_cast<std::size_t>(3 * k + b)] += dy.mat()(r, 3 + k) * sign;
      }
      CHECK(y(r, 3 + k) == Approx(logit));
    }
    for (Size b = 0; b < 3; ++b) d_bias[static_cast<std::size_t>(b)] += dy.mat()(r, b);
  }
  for (std::size_t b = 0; b < 3; ++b) CHECK(grads.values("linear.bias")[b] == Approx(d_bias[b]));
  for (std::size_t i = 0; i < 6; ++i) CHECK(grads.values("classifier.weight")[i] == Approx(d_classifier[i]));
}
