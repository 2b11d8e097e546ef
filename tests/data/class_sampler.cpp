#include <algorithm>
#include <catch2/catch.hpp>
#include <hashweave/data/class_sampler.hpp>
#include <map>
#include <set>
#include <support/check_error.hpp>
#include <vector>

using namespace hashweave;
using namespace hashweave::test;

namespace {

using Labels = std::vector<std::vector<std::int32_t>>;

/// Twelve classes, of which class c has 5 (c + 1) samples.
Labels uneven() {
  Labels labels;
  for (std::int32_t c = 0; c < 12; ++c)
    for (std::int32_t i = 0; i < 5 * (c + 1); ++i) labels.push_back({c});
  return labels;
}

}  // namespace

TEST_CASE("A batch holds equally many samples of each of its classes", "[data][sampler]") {
  const Labels labels = uneven();
  const ClassSampler sampler{labels, 4, 5, 1};
  CHECK(sampler.batch_size() == 20);
  CHECK(sampler.batches() == 390 / 20);
  std::map<std::int32_t, int> times;
  for (std::uint32_t epoch = 0; epoch < 3; ++epoch) {
    for (Size b = 0; b < sampler.batches(); ++b) {
      const std::vector<Size> batch = sampler.global_batch(epoch, b);
      REQUIRE(batch.size() == 20);
      std::set<std::int32_t> classes;
      for (std::size_t i = 0; i < 20; i += 5) {
        const std::int32_t c = labels[static_cast<std::size_t>(batch[i])][0];
        CHECK(classes.insert(c).second);
        ++times[c];
        std::set<Size> samples;
        for (std::size_t k = 0; k < 5; ++k) {
          CHECK(labels[static_cast<std::size_t>(batch[i + k])][0] == c);
          samples.insert(batch[i + k]);
          CHECK(sampler.at(epoch, b * 20 + static_cast<Size>(i + k)) == batch[i + k]);
        }
        CHECK(samples.size() == 5);  // 5 divides every class
      }
    }
  }
  // 4 divides 12: every round takes every class; an epoch of 19 batches ends after a third of its seventh round
  for (const auto& [c, n] : times) CHECK((n >= 18 && n <= 21));
  CHECK(times.size() == 12);
}

TEST_CASE("A class goes through all its samples before one comes again", "[data][sampler]") {
  const ClassSampler sampler{uneven(), 12, 2, 3};  // every batch is a round
  std::map<Size, int> times;
  std::uint32_t epoch = 0;
  const Size batches = sampler.batches();
  for (Size b = 0; b < 30; ++b) {  // 60 samples of each class, 60 being the largest
    if (b > 0 && b % batches == 0) ++epoch;
    for (const Size i : sampler.global_batch(epoch, b % batches)) ++times[i];
  }
  for (Size i = 0; i < 60; ++i) CHECK(times[330 + i] == 1);
  for (Size i = 0; i < 5; ++i) CHECK(times[i] == 12);
}

TEST_CASE("Balanced batches depend on seed and epoch, and not on ranks", "[data][sampler]") {
  const Labels labels = uneven();
  const ClassSampler one{labels, 5, 3, 1}, other{labels, 5, 3, 2};
  CHECK(one.global_batch(0, 0) != one.global_batch(1, 0));
  CHECK(one.global_batch(0, 0) != other.global_batch(0, 0));
  CHECK(one.global_batch(0, 0) == ClassSampler{labels, 5, 3, 1}.global_batch(0, 0));
  for (const Size ranks : {Size{1}, Size{2}, Size{7}}) {
    std::vector<Size> together;
    for (Size r = 0; r < ranks; ++r) {
      const auto slice = ClassSampler{labels, 5, 3, 1, {r, ranks}}.batch(2, 7);
      together.insert(together.end(), slice.begin(), slice.end());
    }
    CHECK(together == one.global_batch(2, 7));
  }
}

TEST_CASE("Samples may have several classes or none, and classes no samples", "[data][sampler]") {
  const Labels labels{{0, 7}, {}, {7}, {2}};
  const ClassSampler sampler{labels, 3, 2, 9};
  CHECK(sampler.batches() == 1);
  std::vector<Size> batch = sampler.global_batch(0, 0);
  std::sort(batch.begin(), batch.end());
  CHECK(batch == std::vector<Size>{0, 0, 0, 2, 3, 3});
}

TEST_CASE("Balanced batches that make no sense are refused", "[data][sampler]") {
  const Labels labels{{0}, {1}};
  check_error([&] { ClassSampler(labels, 3, 1, 1); }, {"ClassSampler", "classes of a batch", "1 to 2", "3"});
  check_error([&] { ClassSampler(labels, 0, 1, 1); }, {"classes of a batch"});
  check_error([&] { ClassSampler({}, 1, 1, 1); }, {"classes of a batch", "1 to 0"});
  check_error([&] { ClassSampler(labels, 1, 0, 1); }, {"samples of a class in a batch", "1 to 2147483648", "0"});
  check_error([&] { ClassSampler({{0}, {-1}}, 1, 1, 1); }, {"label of sample 1", "at least 0", "-1"});
  check_error([&] { ClassSampler(labels, 1, 1, 1, {1, 1}); }, {"rank", "0 to 0", "1"});
  check_error([&] { ClassSampler(labels, 1, 1, 1).global_batch(0, 2); }, {"number of the batch", "0 to 1", "2"});
  check_error([&] { ClassSampler(labels, 1, 1, 1).at(0, 2); }, {"place", "0 to 1", "2"});
}
