#include <golden/check.hpp>
#include <hashweave/cpu/optimise.hpp>
#include <hashweave/eval/cross_modal_recall.hpp>
#include <hashweave/eval/mean_average_precision.hpp>
#include <hashweave/index/code.hpp>
#include <hashweave/nn/linear.hpp>
#include <hashweave/optim/adam.hpp>
#include <hashweave/optim/sgd.hpp>
#include <span>

using namespace hashweave;
using namespace hashweave::golden;

namespace {

const Golden recall_of_captions{
    "recall_5captions", [](auto& check) {
      check.expect("metric", "R@1,5,10 in percent");
      const auto images = static_cast<std::int64_t>(check.number("images"));
      const auto each = static_cast<std::int64_t>(check.number("captions_per_image"));
      std::vector<std::int64_t> image_owner, caption_owner;
      for (std::int64_t i = 0; i < images; ++i) {
        image_owner.push_back(i);
        caption_owner.insert(caption_owner.end(), static_cast<std::size_t>(each), i);
      }
      const auto scores = check.values("in.scores");
      const auto table = score_table(matrix(scores.data(), images, images * each));
      const CrossModalRecall got = cross_modal_recall(table, image_owner, caption_owner, {1, 5, 10});
      check.output("out.image_to_text", got.image_to_text.recall);
      check.output("out.text_to_image", got.text_to_image.recall);
      check.output("out.median_rank", {got.image_to_text.median_rank, got.text_to_image.median_rank});
    }};

/// Queries and database of the two cases: codes of 16 bits and multi-hot labels.
template <class T>
struct Retrieval {
  std::vector<Code<16>> queries, items;
  std::vector<T> query_labels, item_labels;
  Size classes;

  explicit Retrieval(Check<T>& check)
      : queries{codes(check.tensor("in.query_codes"))},
        items{codes(check.tensor("in.database_codes"))},
        query_labels{check.values("in.query_labels")},
        item_labels{check.values("in.database_labels")},
        classes{check.tensor("in.query_labels").shape.at(1)} {}
  auto table() const { return hamming_table(queries, items); }
  SharedLabels relevant() const {
    return {matrix(query_labels.data(), std::ssize(queries), classes),
            matrix(item_labels.data(), std::ssize(items), classes)};
  }
  static std::vector<Code<16>> codes(const Tensor& bits) {
    require(bits.shape.at(1) == 16, "golden", "bits of the codes", 16, bits.shape[1]);
    std::vector<Code<16>> all(static_cast<std::size_t>(bits.shape[0]));
    for (Size i = 0; i < bits.size(); ++i) all.data()[i / 16].set(i % 16, bits.values.data()[i] != 0);
    return all;
  }
};

const Golden average_precision_case{
    "mean_average_precision", []<class T>(Check<T>& check) {
      check.expect("metric",
                   "mAP, ties in database order, relevant if any label is shared, AP divided by the relevant found in "
                   "the top K");
      const auto k = static_cast<Size>(check.number("k"));
      check.expect("k", 50.0);
      const Retrieval<T> r{check};
      // both over all queries: one with nothing relevant counts zero, as in mAP@K of the whole database
      check.output("out.map_all", {map_at_k(r.table(), r.relevant(), std::ssize(r.items)).value});
      check.output("out.map_at_50", {map_at_k(r.table(), r.relevant(), k).value});
    }};

const Golden protocols{
    "map_protocols", []<class T>(Check<T>& check) {
      check.expect("metric",
                   "map_all, map_at_k, map_cmh_k, number of queries with nothing relevant; ties in database order");
      const auto k = static_cast<Size>(check.number("k"));
      const Retrieval<T> r{check};
      const auto all = map_all(r.table(), r.relevant());
      const std::vector<double> wanted = check.tensor("out.all_atk_cmh_none").values;
      const std::vector<double> got{all.value, map_at_k(r.table(), r.relevant(), k).value,
                                    map_cmh_k(r.table(), r.relevant(), k).value,
                                    static_cast<double>(all.without_relevant)};
      require(wanted.size() == got.size(), "map_protocols", "values", got.size(), wanted.size());
      for (std::size_t i = 0; i < got.size(); ++i) {  // one by one: the count would outweigh the precisions
        check.output("out.all_atk_cmh_none, " + std::to_string(i), {got[i]}, {wanted[i]});
      }
    }};

/// The one parameter of the cases: (5, 7).
using Weight = Linear<7, 5, NoBias>;

/// The weight after each step.
template <class T, class O>
void check_optimiser(Check<T>& check, O optimiser) {
  Cpu<T> be;
  Parameters<Cpu<T>, Weight> params, grads;
  params.assign("weight", check.values("in.w"));
  const std::vector<T> gradients = check.values("in.grads");
  std::span<const T> rest{gradients};
  std::vector<double> path;
  for (; rest.size() >= 35; rest = rest.subspan(35)) {
    grads.assign("weight", rest.first(35));
    optimiser.step(be, params, grads);
    for (const T w : params.values("weight")) path.push_back(w);
  }
  check.output("out.w", path);
}

const Golden adam{"optim_adam", []<class T>(Check<T>& check) {
                    check.expect("optimizer", "adam");
                    check.expect("weight_decay", 0.0);
                    check.number("momentum");  // every case's configuration has it; SGD alone uses it
                    check_optimiser(check, Adam<Cpu<T>, Weight>{{.rate = check.number("lr")}});
                  }};
const Golden adamw{"optim_adamw", []<class T>(Check<T>& check) {
                     check.expect("optimizer", "adamw");
                     check.number("momentum");
                     check_optimiser(check, AdamW<Cpu<T>, Weight>{
                                                {.rate = check.number("lr"), .decay = check.number("weight_decay")}});
                   }};
const Golden sgd{"optim_sgd_momentum", []<class T>(Check<T>& check) {
                   check.expect("optimizer", "sgd_momentum");
                   check.expect("weight_decay", 0.0);
                   check_optimiser(
                       check, Sgd<Cpu<T>, Weight>{{.rate = check.number("lr"), .momentum = check.number("momentum")}});
                 }};

}  // namespace
