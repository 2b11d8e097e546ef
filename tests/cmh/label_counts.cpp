#include <hashweave/cmh/label_counts.hpp>

#include "support/check_error.hpp"

using namespace hashweave;
using namespace hashweave::test;

TEST_CASE("Labels are counted alone and together", "[cmh][labels]") {
  // four samples, three labels: {0, 1}, {0}, {}, {0, 1}; label 2 never occurs
  const std::vector<float> labels{1, 1, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0};
  const LabelCounts counts{matrix(labels.data(), 4, 3)};
  CHECK(counts.samples() == 4);
  CHECK(counts.classes() == 3);
  CHECK(counts.unlabelled() == 1);
  CHECK(counts.count(0) == 3);
  CHECK(counts.count(1) == 2);
  CHECK(counts.count(2) == 0);
  CHECK(counts.together(0, 1) == 2);
  CHECK(counts.together(1, 0) == 2);
  CHECK(counts.given(1, 0) == Approx(2.0 / 3));  // P(1 | 0)
  CHECK(counts.given(0, 1) == 1);
  CHECK(counts.given(0, 2) == 0);  // never seen
  CHECK(counts.given(2, 0) == 0);
  const std::vector<double> r = counts.cooccurrence<double>();
  CHECK(r == std::vector<double>{1, 0.5, 0, 0.5, 1, 0, 0, 0, 1});
}
TEST_CASE("Counting labels refuses empty sets and what is neither 0 nor 1", "[cmh][labels][errors]") {
  const std::vector<float> half{0, 0.5F};
  check_error(
      [] {
        LabelCounts{Mat<const float>{nullptr, 0, 3, 3}};
      },
      {"LabelCounts", "samples", "expected at least 1, got 0"});
  check_error(
      [] {
        LabelCounts{Mat<const float>{nullptr, 3, 0, 0}};
      },
      {"LabelCounts", "classes", "expected at least 1, got 0"});
  check_error([&] { LabelCounts{matrix(half.data(), 1, 2)}; },
              {"LabelCounts", "label 1 of sample 0", "expected 0 or 1, got 0.5"});
}
