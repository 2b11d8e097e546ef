#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <hashweave/data/sampler.hpp>
#include <numeric>
#include <set>
#include <support/check_error.hpp>
#include <vector>

using namespace hashweave;
using namespace hashweave::test;

namespace {

std::uint64_t digest(const std::vector<Size>& numbers) {
  std::uint64_t h = 0xcbf29ce484222325;
  for (const Size number : numbers) h = (h ^ static_cast<std::uint64_t>(number)) * 0x100000001b3;
  return h;
}
std::vector<Size> epoch_of(const Sampler& sampler, std::uint32_t epoch) {
  std::vector<Size> order;
  for (Size b = 0; b < sampler.batches(); ++b)
    for (const Size i : sampler.global_batch(epoch, b)) order.push_back(i);
  return order;
}

}  // namespace

TEST_CASE("A permutation takes every place once", "[data][sampler]") {
  for (Size count = 1; count <= 300; ++count) {
    const Permutation permutation{count, {42, 0, static_cast<std::uint32_t>(count)}};
    std::vector<Size> seen;
    for (Size i = 0; i < count; ++i) seen.push_back(permutation(i));
    std::sort(seen.begin(), seen.end());
    for (Size i = 0; i < count; ++i)
      if (seen[static_cast<std::size_t>(i)] != i) FAIL("of " << count << ", place " << i);
  }
}

TEST_CASE("A permutation of many places needs no memory", "[data][sampler]") {
  const Size count = (Size{1} << 40) + 3;
  const Permutation permutation{count, {1, 2, 3}};
  std::set<Size> seen;
  for (Size i = 0; i < 1000; ++i) {
    const Size at = permutation(i * 1'000'000'007);
    CHECK((at >= 0 && at < count));
    seen.insert(at);
  }
  CHECK(seen.size() == 1000);
}

TEST_CASE("Every place goes everywhere equally often", "[data][sampler]") {
  const Size count = GENERATE(2, 3, 5, 6, 8);
  constexpr int draws = 20'000;
  std::vector<double> hits(static_cast<std::size_t>(count * count));
  for (std::uint32_t epoch = 0; epoch < draws; ++epoch) {
    const Permutation permutation{count, {9, epoch, 0}};
    for (Size i = 0; i < count; ++i) hits[static_cast<std::size_t>(i * count + permutation(i))] += 1;
  }
  double chi = 0;
  const double expected = static_cast<double>(draws) / static_cast<double>(count);
  for (const double h : hits) chi += (h - expected) * (h - expected) / expected;
  const double freedom = static_cast<double>((count - 1) * (count - 1));
  CAPTURE(count, chi, freedom);
  CHECK(chi < freedom + 5 * std::sqrt(2 * freedom));
}

TEST_CASE("An epoch goes through all samples once, in an order of its own", "[data][sampler]") {
  const Sampler sampler{1000, 64, 1};
  CHECK(sampler.batches() == 16);
  std::vector<Size> all(1000);
  std::iota(all.begin(), all.end(), Size{0});
  std::set<std::uint64_t> orders;
  for (std::uint32_t epoch = 0; epoch < 10; ++epoch) {
    std::vector<Size> order = epoch_of(sampler, epoch);
    orders.insert(digest(order));
    CHECK(sampler.at(epoch, 70) == order[70]);
    std::sort(order.begin(), order.end());
    CHECK(order == all);
  }
  CHECK(orders.size() == 10);
  CHECK(epoch_of(Sampler{1000, 64, 2}, 0) != epoch_of(sampler, 0));
  CHECK(epoch_of(Sampler{1000, 10, 1}, 3) == epoch_of(sampler, 3));
}

TEST_CASE("A last batch that is not full is kept or dropped", "[data][sampler]") {
  const Sampler kept{10, 4, 1}, dropped{10, 4, 1, {}, LastBatch::drop};
  CHECK(kept.batches() == 3);
  CHECK(kept.global_batch(0, 2).size() == 2);
  CHECK(dropped.batches() == 2);
  CHECK(dropped.global_batch(5, 1) == kept.global_batch(5, 1));
}

TEST_CASE("The slices of all ranks make up the global batch, for any number of ranks", "[data][sampler]") {
  const Size ranks = GENERATE(1, 2, 3, 4, 7);
  const Sampler whole{1003, 30, 5};
  for (const Size batch : {Size{0}, Size{12}, whole.batches() - 1}) {
    std::vector<Size> together;
    std::size_t least = 1000, most = 0;
    for (Size r = 0; r < ranks; ++r) {
      const auto slice = Sampler{1003, 30, 5, {r, ranks}}.batch(2, batch);
      together.insert(together.end(), slice.begin(), slice.end());
      least = std::min(least, slice.size());
      most = std::max(most, slice.size());
    }
    CHECK(together == whole.global_batch(2, batch));
    CHECK(most - least <= 1);
  }
}

TEST_CASE("Every caption of an image comes once in as many epochs as there are captions", "[data][sampler]") {
  for (const Size count : {Size{1}, Size{5}, Size{7}})
    for (Size image = 0; image < 50; ++image)
      for (std::uint32_t round = 0; round < 3; ++round) {
        std::set<Size> seen;
        for (Size e = 0; e < count; ++e)
          seen.insert(caption_choice(3, static_cast<std::uint32_t>(round * count + e), image, count));
        CHECK(seen.size() == static_cast<std::size_t>(count));
      }
  std::array<int, 5> hits{};
  for (Size image = 0; image < 5000; ++image) ++hits[static_cast<std::size_t>(caption_choice(3, 0, image, 5))];
  for (const int h : hits) CHECK(std::abs(h - 1000) < 150);
}

TEST_CASE("The order of samples stays the same for ever", "[data][sampler]") {
  CHECK(digest(epoch_of(Sampler{1000, 30, 1}, 0)) == 0x6a351beac88253db);
  CHECK(digest(epoch_of(Sampler{1000, 30, 1}, 7)) == 0x30e1e8f1a66cef8d);
  CHECK(digest(epoch_of(Sampler{82783, 128, 20250101}, 1)) == 0x246be59412048008);
  std::vector<Size> captions;
  for (Size image = 0; image < 100; ++image) captions.push_back(caption_choice(1, 3, image, 5));
  CHECK(digest(captions) == 0xe59b1aa5694c8e07);
}

TEST_CASE("Samplers that make no sense are refused", "[data][sampler]") {
  check_error([] { Sampler(0, 1, 1); }, {"Sampler", "samples", "at least 1", "0"});
  check_error([] { Sampler(1, 0, 1); }, {"samples of a batch"});
  check_error([] { Sampler(5, 1, 1, {2, 2}); }, {"rank", "0 to 1", "2"});
  check_error([] { Sampler(5, 6, 1, {}, LastBatch::drop); }, {"at most 5", "6"});
  check_error([] { Sampler(5, 2, 1).batch(0, 3); }, {"number of the batch", "0 to 2", "3"});
  check_error([] { Permutation(4, {})(4); }, {"place", "0 to 3", "4"});
  check_error([] { caption_choice(1, 0, 0, 0); }, {"captions of the image"});
}
