#include <hashweave/cmh/bsth.hpp>
#include <hashweave/cmh/label_counts.hpp>
#include <hashweave/core/model.hpp>

#include "support/check_error.hpp"
#include "support/check_gradient.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

using Tiny = Bsth<3, 3, 4, 5, 4, 3, 3>;

template <Size D>
View<B, Vectors<D>> first_rows(Batch<Vectors<D>>& batch, Size rows) {
  return {batch.values.data(), rows};
}

}  // namespace

TEST_CASE("BSTH refuses a training batch of one sample and unequal numbers of images and texts", "[cmh][errors]") {
  B be{1};
  Model<B, Tiny, Vectors<3>, Vectors<3>> model;
  Batch<Vectors<3>> x{{3}};
  check_error([&] { model.forward(be, first_rows(x, 1), first_rows(x, 1)); },
              {"BatchNorm", "rows of a training batch", "expected at least 2, got 1"});
  check_error([&] { model.forward(be, first_rows(x, 3), first_rows(x, 2)); },
              {"Fused", "texts", "expected 3 (one an image), got 2"});
  check_error([&] { model.infer(be, first_rows(x, 2), first_rows(x, 3)); },
              {"Fused", "texts", "expected 2 (one an image), got 3"});
  CHECK_NOTHROW(model.infer(be, first_rows(x, 1), first_rows(x, 1)));
}
TEST_CASE("Fused refuses sequences of other lengths", "[cmh][errors]") {
  B be{1};
  Model<B, Fused<Linear<2, 2>, Linear<2, 2>, MeanPool<2>>, Tokens<2>, Tokens<2>> model;
  Batch<Tokens<2>> images{{2, 3}}, texts{{3, 3}};
  check_error([&] { model.forward(be, images.view(), texts.view()); },
              {"Fused", "tokens of the texts", "expected 5, as of the images, got 6"});
}
TEST_CASE("PrototypeHashLoss refuses labels and codes of another shape", "[cmh][errors]") {
  B be{1};
  Batch<Vectors<4>> h{{3}};
  Batch<Vectors<5>> predictions{{3}};
  const std::vector<double> numbers(30);
  const auto with = [&](Size n, Size label_rows, Size label_cols, Size code_rows, Size code_cols) {
    const CodesAndPredictions y{first_rows(h, n), first_rows(predictions, n)};
    PrototypeHashLoss{}(be, y, matrix(numbers.data(), label_rows, label_cols),
                        matrix(numbers.data(), code_rows, code_cols));
  };
  CHECK_NOTHROW(with(3, 3, 5, 3, 4));
  check_error([&] { with(1, 1, 5, 1, 4); }, {"PrototypeHashLoss", "samples in the batch", "at least 2, got 1"});
  check_error([&] { with(3, 2, 5, 3, 4); }, {"PrototypeHashLoss", "rows of labels", "3 (one a sample), got 2"});
  check_error([&] { with(3, 3, 0, 3, 4); }, {"PrototypeHashLoss", "labels", "1 to 5, got 0"});
  check_error([&] { with(3, 3, 6, 3, 4); }, {"PrototypeHashLoss", "labels", "1 to 5, got 6"});
  check_error([&] { with(3, 3, 5, 2, 4); }, {"PrototypeHashLoss", "prototype codes", "3 (one a sample), got 2"});
  check_error([&] { with(3, 3, 5, 3, 5); }, {"PrototypeHashLoss", "bits of the prototype codes", "4, got 5"});
}
TEST_CASE("PrototypeLoss refuses labels and co-occurrences of another shape", "[cmh][errors]") {
  B be{1};
  Batch<Vectors<4>> p{{3}}, h{{2}};
  Batch<Vectors<3>> predictions{{2}};
  const std::vector<double> numbers(30);
  const auto with = [&](Size samples, Size rows, Size cols, Size r_rows, Size r_cols) {
    const PrototypeCodes<B, 3, 4> y{p.view(), first_rows(h, samples), first_rows(predictions, samples)};
    PrototypeLoss{}(be, y, matrix(numbers.data(), rows, cols), matrix(numbers.data(), r_rows, r_cols));
  };
  CHECK_NOTHROW(with(2, 2, 3, 3, 3));
  check_error([&] { with(2, 1, 3, 3, 3); }, {"PrototypeLoss", "rows of labels", "2 (one a sample), got 1"});
  check_error([&] { with(2, 2, 2, 3, 3); }, {"PrototypeLoss", "labels", "3 (one a prototype), got 2"});
  check_error([&] { with(2, 2, 4, 3, 3); }, {"PrototypeLoss", "labels", "1 to 3, got 4"});
  check_error([&] { with(2, 2, 3, 2, 3); }, {"CosineTargets", "rows of the target", "3, got 2"});
  check_error([&] { with(2, 2, 3, 3, 4); }, {"CosineTargets", "columns of the target", "3, got 4"});
  check_error([&] { with(0, 0, 3, 3, 3); }, {"Quantisation", "codes in the batch", "at least 1, got 0"});
}
TEST_CASE("Losses on codes alone refuse empty batches, and similarity single samples", "[cmh][errors]") {
  B be{1};
  const View<B, Vectors<4>> none{nullptr, 0};
  check_error([&] { CodeBalance{}(be, none); }, {"CodeBalance", "codes in the batch", "at least 1, got 0"});
  check_error([&] { CosineTargets{}(be, none, Mat<const double>{}); },
              {"CosineTargets", "codes in the batch", "got 0"});
  const std::vector<double> labels(4);
  check_error([&] { shared_label_similarity(be, matrix(labels.data(), 1, 4), 1); },
              {"shared_label_similarity", "samples in the batch", "at least 2, got 1"});
  check_error([&] { shared_label_similarity(be, matrix(labels.data(), 2, 2), 3); },
              {"shared_label_similarity", "rows of labels", "3 (one a sample), got 2"});
}
TEST_CASE("LabelPrototypes refuses empty batches and numbers of classes it has no room for", "[cmh][errors]") {
  B be{1};
  Model<B, LabelPrototypes<3, 4>, Vectors<3>> model;
  Batch<Vectors<3>> labels{{2}};
  check_error([&] { model.forward(be, first_rows(labels, 0)); },
              {"LabelPrototypes", "samples in the batch", "at least 1, got 0"});
  for (const Size classes : {0, 4}) {
    model.arch.classes = classes;
    check_error([&] { model.forward(be, labels.view()); }, {"LabelPrototypes", "classes", "expected 1 to 3, got"});
    check_error([&] { model.infer(be, labels.view()); }, {"LabelPrototypes", "classes", "expected 1 to 3, got"});
    check_error([&] { model.arch.prototypes(be, *model.params); }, {"LabelPrototypes", "classes", "1 to 3, got"});
  }
}
TEST_CASE("LabelCounts refuses what are no labels", "[cmh][errors]") {
  const std::vector<double> labels{1, 0, 0.5, 1};
  const auto count = [&](Size rows, Size cols) { LabelCounts{matrix(labels.data(), rows, cols)}; };
  check_error([&] { count(0, 2); }, {"LabelCounts", "samples", "at least 1, got 0"});
  check_error([&] { count(2, 0); }, {"LabelCounts", "classes", "at least 1, got 0"});
  check_error([&] { count(2, 2); }, {"LabelCounts", "label 0 of sample 1", "expected 0 or 1, got 0.5"});
}
