// transhash_logistic: what a softmax regression on the tower's class tokens knows of the labels, without hashing. The
// line below which no trained hash should fall.
//
//   transhash_logistic --data D [--model tiny] [--tokens FOLDER] [--json FILE]
#include "architectures.hpp"
#include "trans_hash_method.hpp"

#include <algorithm>
#include <cmath>
#include <common/program.hpp>
#include <cstdio>
#include <hashweave/cmh/losses.hpp>
#include <hashweave/core/model.hpp>
#include <hashweave/cpu.hpp>
#include <hashweave/data/sampler.hpp>
#include <hashweave/eval/distance_table.hpp>
#include <hashweave/eval/mean_average_precision.hpp>
#include <hashweave/nn/linear.hpp>
#include <hashweave/optim/adam.hpp>

namespace {
using namespace transhash;

struct LogisticOptions {
  DataChoice choice;
  std::string model = "dinov2-s", weights, tokens, precision = "f32";
  Size epochs = 100, batch = 64, seed = 1;
  double rate = 1e-3, decay = 1e-2;
};

/// Columns with mean 0 and deviation 1 on the rows that it was made of.
class Standard {
 public:
  Standard(const std::vector<float>& x, Size width) : mean_(static_cast<std::size_t>(width)), deviation_(mean_) {
    const auto n = static_cast<double>(x.size()) / static_cast<double>(width);
    for (std::size_t i = 0; i < x.size(); ++i) mean_[i % mean_.size()] += static_cast<double>(x[i]) / n;
    for (std::size_t i = 0; i < x.size(); ++i)
      deviation_[i % mean_.size()] += std::pow(static_cast<double>(x[i]) - mean_[i % mean_.size()], 2) / n;
    for (double& d : deviation_) d = std::sqrt(d) + 1e-6;
  }
  std::vector<float> operator()(std::vector<float> x) const {
    for (std::size_t i = 0; i < x.size(); ++i)
      x[i] = static_cast<float>((static_cast<double>(x[i]) - mean_[i % mean_.size()]) / deviation_[i % mean_.size()]);
    return x;
  }

 private:
  std::vector<double> mean_, deviation_;
};

/// Class probabilities (rows, classes) of the query and the database rows.
struct Posteriors {
  std::vector<float> query, database;
};

template <Size Width>
Posteriors regress(const LogisticOptions& o, const LabelledData& data, TransHashMethod& tower, Size threads) {
  using B = Cpu<float>;
  constexpr Size most = ClassifierTop::most_classes;
  using Net = Linear<Width, most>;
  const Size classes = data.classes();
  require(classes <= most, o.choice.data.string(), "classes", Phrase{"at most ", most}, classes);
  std::vector<float> train = tower.features(data, data.train());
  const Standard standard{train, Width};
  train = standard(std::move(train));

  B be{threads};
  Model<B, Net, Vectors<Width>> model;  // begins with zeros: the loss is convex
  Adam<B, Net> adam{{.rate = o.rate}};
  const Size batch = std::min(o.batch, std::ssize(data.train()));
  const Sampler sampler{std::ssize(data.train()), batch, static_cast<std::uint64_t>(o.seed), Rank{}, LastBatch::drop};
  const Size total = sampler.batches() * o.epochs;
  std::vector<float> x, labels;
  std::vector<Size> rows;
  for (Size step = 0; step < total; ++step) {
    x.clear();
    rows.clear();
    for (const Size i : sampler.batch(static_cast<std::uint32_t>(step / sampler.batches()), step % sampler.batches())) {
      x.insert(x.end(), train.begin() + i * Width, train.begin() + (i + 1) * Width);
      rows.push_back(data.train()[static_cast<std::size_t>(i)]);
    }
    be.tape().rewind();
    model.grads.zero();
    const auto [y, saved] = model.forward(be, {x.data(), batch});
    const auto loss = SoftmaxCrossEntropy{classes}(be, y, data.labels(rows, labels));
    model.backward(be, saved, loss.gradient);
    add_scaled(be, model.grads.flat(), model.params.flat(), o.decay);
    adam.step(be, model.params, model.grads,
              {.rate_factor = 1 - static_cast<double>(step) / static_cast<double>(total)});
  }
  const auto posteriors = [&](std::span<const Size> of) {
    std::vector<float> f = standard(tower.features(data, of)), out;
    be.tape().rewind();
    const auto y = model.infer(be, {f.data(), std::ssize(of)}).mat();
    const auto p = make_matrix(be, std::ssize(of), classes);
    softmax(be, p, cols_of(y, 0, classes));
    out.assign(p.data, p.data + p.size());
    return out;
  };
  return {posteriors(data.query()), posteriors(data.database())};
}

nlohmann::ordered_json evaluate(const LabelledData& data, const Posteriors& p) {
  const Size classes = data.classes();
  std::vector<float> a, b;
  const auto wanted = data.labels(data.query(), a), stored = data.labels(data.database(), b);
  const auto query = matrix(p.query.data(), wanted.rows, classes),
             items = matrix(p.database.data(), stored.rows, classes);
  double right = 0;
  for (Size q = 0; q < wanted.rows; ++q)
    right += static_cast<double>(wanted(q, std::max_element(query.row(q), query.row(q) + classes) - query.row(q)));
  const double accuracy = right / static_cast<double>(wanted.rows);
  const MeanAveragePrecision map = map_all(inner_product_table(query, items), SharedLabels{wanted, stored});
  std::printf("logistic regression: accuracy %.4f, mAP@all %.4f\n", accuracy, map.value);
  return {{"classes", classes}, {"logistic", {{"accuracy", accuracy}, {"map_all", map.value}}}};
}

nlohmann::ordered_json run(const LogisticOptions& o, Size threads) {
  const LabelledData data{o.choice};
  Settings settings{method_settings()};
  settings.set({"method", "itq", ""});
  settings.set({"model", o.model, ""});
  settings.set({"weights", o.weights, ""});
  settings.set({"tokens", o.tokens, ""});
  settings.set({"freeze-common", "yes", ""});
  settings.set({"precision", o.precision, ""});
  settings.set({"bits", Size{16}, ""});
  settings.set({"epochs", Size{0}, ""});
  settings.set({"seed", o.seed, ""});
  TransHashMethod tower{settings, {data.classes(), 0, 0}, threads};
  return evaluate(data, tower.facts().width == Tiny::width ? regress<Tiny::width>(o, data, tower, threads)
                                                           : regress<Dinov2S::width>(o, data, tower, threads));
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"softmax regression on a tower's class tokens", "transhash_logistic"};
  Common common;
  common.add(app);
  LogisticOptions o;
  app.add_option("--data", o.choice.data, "data set with labels and images (docs/datasets.md)")->required();
  app.add_option("--images", o.choice.images, "folder that the data set's image paths start from");
  app.add_option("--model", o.model, "dinov2-s or tiny")->capture_default_str();
  app.add_option("--weights", o.weights, "checkpoint of the tower; empty: the fetched one");
  app.add_option("--tokens", o.tokens, "folder for the frozen blocks' tokens, as that of transhash");
  app.add_option("--epochs", o.epochs, "epochs")->check(CLI::Range(Size{1}, Size{100000}))->capture_default_str();
  app.add_option("--batch", o.batch, "items of a batch")
      ->check(CLI::Range(Size{1}, Size{100000}))
      ->capture_default_str();
  app.add_option("--lr", o.rate, "learning rate of Adam, falling in a straight line")->capture_default_str();
  app.add_option("--weight-decay", o.decay, "on the gradient")->capture_default_str();
  app.add_option("--seed", o.seed, "of the order of the data")->capture_default_str();
  add_precision(app, o.precision);
  return run_command(
      app, argc, argv, common, [&] { return run(o, common.threads); }, "a smaller --batch needs less");
}
