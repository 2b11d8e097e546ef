#include <hashweave/cmh/dcmh.hpp>

#include "support/by_hand.hpp"
#include "support/check_error.hpp"
#include "support/check_gradient.hpp"
#include "support/tiny_satah.hpp"

// SATAH's parts on examples small enough to compute by hand, what they refuse, and whole steps.
using namespace hashweave;
using namespace hashweave::test;

namespace {

/// D = Σ of what it sees: one value and a condition of two.
using Judge = ConditionalAdversary<1, 2, Linear<3, 1>>;

struct JudgeExample {
  B be{1};
  Parameters<B, Judge> params, grads;
  Values real{1, -2}, generated{0.5, 3}, condition{0.1, 0.2, -0.3, 0.4}, weights{0.5, 1.5};

  JudgeExample() { params.assign("weight", Values{1, 1, 1}); }
  View<B, Vectors<1>> real_view() { return {real.data(), 2}; }
  View<B, Vectors<1>> generated_view() { return {generated.data(), 2}; }
};

}  // namespace

TEST_CASE("Sample weights by hand", "[cmh][values]") {
  // label 0 three times, label 1 twice, label 2 never, of four samples
  const Values labels{1, 1, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0};
  const LabelCounts counts{table(labels, 3)};
  const Values factors = balance_factors<double>(counts);
  const double a = 4.0 / 3 / 3, b = 4.0 / 3 / 2;
  CHECK(factors[0] == Approx(a));
  CHECK(factors[1] == Approx(b));
  CHECK(factors[2] == 0);
  B be{1};
  const Mat<double> w = sample_weights(be, table(labels, 3), table(factors, 3));
  const double both = (a + b) / 2, mean = (both + a + 1 + both) / 4;  // the third sample has no labels
  CHECK(w(0, 0) == Approx(both / mean));
  CHECK(w(1, 0) == Approx(a / mean));
  CHECK(w(2, 0) == Approx(1 / mean));
  CHECK(w(3, 0) == Approx(both / mean));
  const Values unseen{0, 0, 1, 1, 0, 0};  // a label that training never saw counts for nothing
  const Mat<double> v = sample_weights(be, table(unseen, 3), table(factors, 3));
  CHECK(v(0, 0) == Approx(1 / ((1 + a) / 2)));
}
TEST_CASE("A conditional adversary by hand", "[cmh][values]") {
  JudgeExample e;
  const double condition[2] = {0.3, 0.1};
  const auto judged = Judge{}.judge(e.be, *e.params, e.real_view(), e.generated_view(), table(e.condition, 2),
                                    table(e.weights, 1), *e.grads);
  CHECK(judged(0, 0) ==
        Approx((0.5 * log_one_plus_exp(-(1 + condition[0])) + 1.5 * log_one_plus_exp(-(-2 + condition[1]))) / 2 +
               (0.5 * log_one_plus_exp(0.5 + condition[0]) + 1.5 * log_one_plus_exp(3 + condition[1])) / 2));
  const auto fooled =
      Judge{}.fool(e.be, *e.params, e.generated_view(), table(e.condition, 2), table(e.weights, 1), *e.grads);
  CHECK(fooled.value(0, 0) ==
        Approx((0.5 * log_one_plus_exp(-(0.5 + condition[0])) + 1.5 * log_one_plus_exp(-(3 + condition[1]))) / 2));
  CHECK(fooled.gradient.data[0] == Approx(-0.5 / 2 / (1 + std::exp(0.5 + condition[0]))));
}
TEST_CASE("A conditional adversary refuses unequal numbers", "[cmh][errors]") {
  JudgeExample e;
  const auto judge = [&](View<B, Vectors<1>> real, Mat<const double> condition, Mat<const double> weights) {
    return [&e, real, condition, weights] {
      Judge{}.judge(e.be, *e.params, real, e.generated_view(), condition, weights, *e.grads);
    };
  };
  const auto condition = table(e.condition, 2), weights = table(e.weights, 1);
  check_error(judge({nullptr, 0}, condition, weights), {"ConditionalAdversary", "samples in the batch", "got 0"});
  check_error(judge({e.real.data(), 1}, condition, weights), {"generated samples", "expected 1", "got 2"});
  check_error(judge(e.real_view(), rows_of(condition, 0, 1), weights), {"rows of the condition", "expected 2, got 1"});
  check_error(judge(e.real_view(), cols_of(condition, 0, 1), weights),
              {"columns of the condition", "expected 2, got 1"});
  check_error(judge(e.real_view(), condition, rows_of(weights, 0, 1)), {"weights", "expected 2 (one a sample), got 1"});
  const Values labels(6);
  check_error(
      [&] {
        sample_weights(e.be, Mat<const double>{labels.data(), 0, 3, 3}, table(labels, 3));
      },
      {"sample_weights", "samples in the batch", "at least 1, got 0"});
  check_error([&] { sample_weights(e.be, table(labels, 3), table(labels, 6)); },
              {"sample_weights", "factors", "expected 3 (one a label), got 6"});
}
TEST_CASE("Label sets are each held once", "[cmh][labels]") {
  // {0, 2}, {}, {0, 2}, {1}
  const Values labels{1, 0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0};
  const LabelSets sets{table(labels, 3)};
  CHECK(sets.count() == 3);
  CHECK(sets.samples() == 4);
  CHECK(sets.of(0) == 0);
  CHECK(sets.of(2) == 0);
  CHECK(sets.of(3) == 2);
  const auto all = sets.view<B>();
  CHECK(std::vector<std::int32_t>(all.ids, all.ids + all.segments.rows()) ==
        std::vector<std::int32_t>{0, 1, 3, 0, 0, 2});
  B be{1};
  const std::vector<Size> chosen{3, 2, 3, 0};
  const LabelBatch<B> batch = sets.batch(be, chosen);
  REQUIRE(batch.sets.segments.count == 2);
  CHECK(std::vector<std::int32_t>(batch.sets.ids, batch.sets.ids + 5) == std::vector<std::int32_t>{0, 2, 0, 1, 3});
  CHECK(std::vector<std::int32_t>(batch.of, batch.of + 4) == std::vector<std::int32_t>{0, 1, 0, 1});
  const Values of_sets{10, 20};
  Values of_samples(4), sums(2);
  batch.gather(be, matrix(of_samples.data(), 4, 1), table(of_sets, 1));
  CHECK(of_samples == Values{10, 20, 10, 20});
  batch.add_to_sets(be, matrix(sums.data(), 2, 1), table({1, 2, 3, 4}, 1));
  CHECK(sums == Values{4, 6});
}
TEST_CASE("Label sets and priors refuse what is not theirs", "[cmh][errors]") {
  const Values labels{1, 0, 1, 0};
  const LabelSets sets{table(labels, 2)};
  B be{1};
  check_error([&] { sets.batch(be, std::vector<Size>{}); }, {"LabelSets", "samples of the batch", "at least 1, got 0"});
  check_error([&] { sets.batch(be, std::vector<Size>{0, 2}); }, {"LabelSets", "sample", "expected 0 to 1, got 2"});
  check_error([&] { LabelSets{Mat<const double>{nullptr, 0, 2, 2}}; }, {"LabelSets", "samples", "at least 1, got 0"});
  check_error([&] { LabelSets{Mat<const double>{nullptr, 2, 0, 0}}; }, {"LabelSets", "classes", "at least 1, got 0"});
  check_error([&] { log_prior<double>(LabelCounts{table(labels, 2)}, 1); },
              {"log_prior", "labels", "at most 1, got 2"});
}
TEST_CASE("The prior is the logarithm of P(j | i)", "[cmh][values]") {
  const Values labels{1, 1, 1, 0};  // label 0 twice, once with label 1
  const Values prior = log_prior<double>(LabelCounts{table(labels, 2)}, 3, 1e-3);
  REQUIRE(prior.size() == 16);
  CHECK(prior[0] == 0);  // the summary token
  CHECK(prior[1 * 4 + 1] == Approx(std::log(1.001)));
  CHECK(prior[1 * 4 + 2] == Approx(std::log(0.501)));  // P(1 | 0)
  CHECK(prior[2 * 4 + 1] == Approx(std::log(1.001)));  // P(0 | 1)
  CHECK(prior[3 * 4 + 3] == 0);                        // no such label
}
TEST_CASE("The label network's loss is that of its samples, each set computed once", "[cmh][values]") {
  TinySatah<B> tiny{7};
  auto& net = tiny.label_network;
  B be{1};
  const Mat<const double> labels = matrix(tiny.labels.data(), 7, tiny_labels);
  const auto batch = tiny.sets.batch<B>(be, tiny.rows);
  REQUIRE(batch.sets.segments.count < 7);
  const auto own = net.arch.infer(be, *net.params, batch.sets);
  const auto logits = infer(be, net.arch.classifier, net.params->classifier, own.features);
  auto f = make<Vectors<tiny_width>>(be, 7);
  auto h = make<Vectors<tiny_bits>>(be, 7);
  batch.gather(be, f.mat(), own.features.mat());
  batch.gather(be, h.mat(), own.codes.mat());
  double entropy = 0;
  for (Size i = 0; i < 7; ++i) {
    for (Size c = 0; c < tiny_labels; ++c) {
      const double x = logits.mat()(batch.of[i], c);
      entropy += (log_one_plus_exp(x) - labels(i, c) * x) / (7 * tiny_labels);
    }
  }
  const double aligned = CosineTargets{}(be, h, semantic_target(be, labels, f.mat())).value(0, 0);
  const double quantised = Quantisation{}(be, h).value(0, 0);
  const auto value = [&](double a, double b, double c) {
    auto arch = net.arch;
    arch.classification = a, arch.alignment = b, arch.quantisation = c;
    return arch.train(be, *net.params, batch, labels, *net.grads)(0, 0);
  };
  CHECK(value(1, 0, 0) == Approx(entropy));
  CHECK(value(2, 0, 0) == Approx(2 * entropy));
  CHECK(value(0, 1, 0) == Approx(aligned));
  CHECK(value(0, 0, 1) == Approx(quantised));
  CHECK(value(1, 0.5, 0.1) == Approx(entropy + 0.5 * aligned + 0.1 * quantised));
}
TEST_CASE("The label network refuses labels of another length", "[cmh][errors]") {
  TinySatah<B> tiny{7};
  auto& net = tiny.label_network;
  B be{1};
  const Values labels(60);
  const auto with = [&](Size rows, Size cols) {
    return [&, rows, cols] {
      net.arch.train(be, *net.params, tiny.sets.batch<B>(be, tiny.rows),
                     Mat<const double>{labels.data(), rows, cols, cols}, *net.grads);
    };
  };
  check_error(with(6, 5), {"LabelNetwork", "rows of labels", "expected 7, got 6"});
  check_error(with(7, 6), {"LabelNetwork", "labels", "expected at most 5, got 6"});
}
TEST_CASE("SatahLoss is the weighted sum of its parts, and what weighs 0 is not computed", "[cmh][values]") {
  TinySatah<B> tiny{5};
  B be{1};
  Batch<Vectors<tiny_width>> f_image{{5}}, f_text{{5}}, f_label{{5}};
  Batch<Vectors<tiny_bits>> h_image{{5}}, h_text{{5}}, h_label{{5}};
  std::uint64_t seed = 1;
  for (auto* batch : {&f_image, &f_text, &f_label}) randomise(batch->values, ++seed);
  for (auto* batch : {&h_image, &h_text, &h_label}) randomise(batch->values, ++seed);
  const Mat<const double> labels = matrix(tiny.labels.data(), 5, tiny_labels);
  const Values ones(5, 1);
  const SemanticContext<B> context{labels, f_label.view().mat(), h_label.view().mat(), table(ones, 1)};
  const FeaturesAndCodes<B, tiny_width, tiny_bits> image{f_image.view(), h_image.view()},
      text{f_text.view(), h_text.view()};
  auto& judges = tiny.adversaries;
  const auto run = [&](const SatahLoss& loss) {
    return loss(be, image, text, context, judges.arch, *judges.params, *judges.grads);
  };
  const double triplet = LabelTriplet{}(be, image.codes, text.codes, labels).value(0, 0);
  const double alignment =
      SemanticAlignment{}(be, image.codes, text.codes, semantic_target(be, labels, context.label_features))
          .value(0, 0) +
      MeanSquaredError{}(be, image.codes, context.label_codes).value(0, 0) +
      MeanSquaredError{}(be, text.codes, context.label_codes).value(0, 0);
  const double quantisation = OnBoth<Quantisation>{}(be, image.codes, text.codes).value(0, 0);
  const double adversarial = judges.arch.fool(be, *judges.params, text, context, *judges.grads).value(0, 0);
  const auto all = run({});
  CHECK(all.value(0, 0) == Approx(10 * triplet + alignment + 0.1 * quantisation + 0.1 * adversarial));
  const Values terms{triplet, alignment, quantisation, adversarial};
  for (Size k = 0; k < 4; ++k) CHECK(all.terms(0, k) == Approx(terms[static_cast<std::size_t>(k)]));
  CHECK(terms[0] > 0);
  const auto quiet = run({0, 0, 0.1, 0});
  CHECK(quiet.value(0, 0) == Approx(0.1 * quantisation));
  for (const Size k : {0, 1, 3}) CHECK(quiet.terms(0, k) == 0);
  for (Size i = 0; i < quiet.text.features.mat().size(); ++i) CHECK(quiet.text.features.data[i] == 0);
}
TEST_CASE("Players take turns, each with its own optimiser", "[cmh][values]") {
  TinySatah<B> tiny{8};
  B be{1};
  const double first_label = tiny.label_step(be);
  double label = first_label;
  const Values untouched = tiny.image.params.values("fc1.weight");
  for (int i = 0; i < 60; ++i) label = tiny.label_step(be);
  CHECK(label < 0.5 * first_label);
  CHECK(tiny.image.params.values("fc1.weight") == untouched);

  const Values label_weight = tiny.label_network.params.values("head.linear.weight");
  const Values u = tiny.adversaries.params.values("code.fc1.u");
  const auto [judged, first] = tiny.step(be);
  double last = first;
  for (int i = 0; i < 100; ++i) last = tiny.step(be).second;
  CHECK(last < 0.7 * first);
  CHECK(judged > 0);
  CHECK(tiny.label_network.params.values("head.linear.weight") == label_weight);  // detached
  CHECK(tiny.image.params.values("fc1.weight") != untouched);
  CHECK(tiny.adversaries.params.values("code.fc1.u") != u);
  CHECK(tiny.adversaries.optimizer.steps() == 101);
}
TEST_CASE("A gradient that is not finite changes neither parameters nor statistics", "[optim]") {
  TinySatah<B> tiny{4};
  B be{1};
  auto& judges = tiny.adversaries;
  const Values before(judges.params.flat().data, judges.params.flat().data + judges.params.flat().size());
  judges.grads.flat().data[0] = std::numeric_limits<double>::infinity();
  CHECK(judges.step(be).skipped);
  CHECK(Values(judges.params.flat().data, judges.params.flat().data + judges.params.flat().size()) == before);
}
TEST_CASE("A batch without any labels trains by quantisation and the adversaries alone", "[cmh][values]") {
  TinySatah<B> tiny{4};
  std::fill(tiny.labels.begin(), tiny.labels.end(), 0);
  B be{1};
  const auto [judged, value] = tiny.step(be);
  CHECK(std::isfinite(judged));
  CHECK(std::isfinite(value));
}
TEST_CASE("DCMH's loss by hand", "[cmh][values]") {
  B be{1};
  Values images{0.5, -0.25}, texts{-0.75, -0.5};
  const View<B, Vectors<2>> i{images.data(), 1}, c{texts.data(), 1};
  // h + g = (-0.25, -0.75): both are drawn to (-1, -1)
  const double drawn = (1.5 * 1.5 + 0.75 * 0.75) / 2 + (0.25 * 0.25 + 0.5 * 0.5) / 2;
  CHECK(SharedQuantisation{}(be, i, c).value(0, 0) == Approx(drawn));
  const double theta = 0.5 * (0.5 * -0.75 + 0.25 * 0.5);
  const double balance = 0.25 + 0.0625 + 0.5625 + 0.25;
  const Values label{1};
  CHECK(DcmhLoss{0.3, 0.2}(be, i, c, table(label, 1)).value(0, 0) ==
        Approx(log_one_plus_exp(theta) - theta + 0.3 * drawn + 0.2 * balance));
}
TEST_CASE("Training SATAH is the same bits on any number of threads", "[cmh][threads]") {
  const auto trained = [](Size threads) {
    Cpu<float> be{threads};
    TinySatah<Cpu<float>> tiny{150};
    for (int i = 0; i < 3; ++i) tiny.label_step(be);
    for (int i = 0; i < 3; ++i) tiny.step(be);
    return tiny.parameters();
  };
  const auto one = trained(1);
  CHECK((one == trained(2)));
  CHECK((one == trained(4)));
}
