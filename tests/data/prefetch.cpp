#include <atomic>
#include <catch2/catch.hpp>
#include <chrono>
#include <hashweave/data/prefetch.hpp>
#include <memory>
#include <stdexcept>
#include <support/check_error.hpp>
#include <thread>
#include <vector>

using namespace hashweave;
using namespace hashweave::test;

namespace {

/// Threads and results ahead that are tried.
const std::vector<PrefetchDepth> depths{{0, 1}, {1, 1}, {1, 4}, {2, 3}, {4, 2}, {8, 64}};

/// Work whose length differs from place to place.
Size slow_square(Size i) {
  std::this_thread::sleep_for(std::chrono::microseconds{i * 7919 % 300});
  return i * i;
}

}  // namespace

TEST_CASE("Results come in order, whatever the threads", "[data][prefetch][threads]") {
  for (const PrefetchDepth depth : depths) {
    CAPTURE(depth.threads, depth.ahead);
    Prefetcher squares{200, depth, slow_square};
    for (Size i = 0; i < 200; ++i) {
      const auto result = squares.next();
      REQUIRE(result.has_value());
      CHECK(*result == i * i);
    }
    CHECK_FALSE(squares.next());
    CHECK_FALSE(squares.next());
    CHECK(squares.taken() == 200);
  }
}

TEST_CASE("No more is made ahead than was asked for", "[data][prefetch][threads]") {
  std::atomic<Size> begun{0};
  Prefetcher counting{1000, {3, 5}, [&](Size i) {
                        ++begun;
                        return i;
                      }};
  for (Size i = 0; i < 100; ++i) {
    CHECK(counting.next().value() == i);
    CHECK(begun <= i + 1 + 5);
  }
  std::this_thread::sleep_for(std::chrono::milliseconds{20});
  CHECK(begun <= 105);
}

TEST_CASE("What is thrown arrives in order, and the results behind it too", "[data][prefetch][threads]") {
  for (const PrefetchDepth depth : depths) {
    CAPTURE(depth.threads, depth.ahead);
    Prefetcher some{50, depth, [](Size i) {
                      if (i % 7 == 3) throw Error{"broken " + std::to_string(i)};
                      return slow_square(i);
                    }};
    for (Size i = 0; i < 50; ++i) {
      if (i % 7 == 3)
        CHECK_THROWS_WITH(some.next(), "broken " + std::to_string(i));
      else
        CHECK(some.next().value() == i * i);
    }
    CHECK_FALSE(some.next());
  }
}

TEST_CASE("A prefetcher that is given up stops cleanly", "[data][prefetch][threads]") {
  const auto alive = std::make_shared<int>(0);
  for (const PrefetchDepth depth : depths)
    for (const Size taken : {Size{0}, Size{1}, Size{17}}) {
      Prefetcher squares{1'000'000, depth, [alive](Size i) {
                           if (i == 18) throw std::runtime_error{"never taken"};
                           return std::make_shared<Size>(slow_square(i));
                         }};
      for (Size i = 0; i < taken; ++i) CHECK(**squares.next() == i * i);
    }
  CHECK(alive.use_count() == 1);
}

TEST_CASE("Results that can only be moved are handed over", "[data][prefetch][threads]") {
  Prefetcher boxes{10, {2, 2}, [](Size i) { return std::make_unique<Size>(i); }};
  for (Size i = 0; i < 10; ++i) CHECK(**boxes.next() == i);
  Prefetcher nothing{0, {2, 2}, slow_square};
  CHECK_FALSE(nothing.next());
}

TEST_CASE("Prefetchers that make no sense are refused", "[data][prefetch]") {
  check_error([] { Prefetcher(-1, {}, slow_square); }, {"Prefetcher", "count"});
  check_error([] { Prefetcher(1, {-1, 1}, slow_square); }, {"threads", "at least 0", "-1"});
  check_error([] { Prefetcher(1, {1, 0}, slow_square); }, {"results ahead", "at least 1", "0"});
}
