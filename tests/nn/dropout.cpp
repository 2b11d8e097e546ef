#include <hashweave/nn/dropout.hpp>

#include <hashweave/nn/self_attention.hpp>

#include "support/check_error.hpp"
#include "support/check_gradient.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

using F = Cpu<float>;
/// What dropout makes of ones: the mask, scaled.
std::vector<float> mask(F& be, double rate, Size rows = 100) {
  std::vector<float> ones(static_cast<std::size_t>(rows) * 50, 1);
  Empty none;
  const auto y = Dropout{rate}.forward(be, none, View<F, Vectors<50>>{ones.data(), rows}).y;
  return {y.data, y.data + y.mat().size()};
}
std::vector<float> mask_at(std::uint64_t seed, std::uint32_t step, std::uint32_t place, Size threads = 1) {
  F be{threads, seed};
  be.random().begin_step(step);
  be.random().place = place;
  return mask(be, 0.5, 1500);  // enough for several pieces
}

}  // namespace

TEST_CASE("Dropout zeroes the share it is told and keeps the expectation", "[nn][dropout]") {
  F be{1, 4};
  for (const double rate : {0.1, 0.5, 0.9}) {
    const std::vector<float> y = mask(be, rate, 2000);
    double sum = 0, zeros = 0;
    for (const float v : y) {
      sum += v;
      zeros += v == 0 ? 1 : 0;
      if (v != 0 && v != static_cast<float>(1 / (1 - rate)))
        FAIL_CHECK("a value that is neither kept nor dropped: " << v);
    }
    CHECK(zeros / 100'000 == Approx(rate).margin(0.01));
    CHECK(sum / 100'000 == Approx(1).margin(0.03));
  }
}
TEST_CASE("Dropout without a rate, and any dropout in use, is the identity", "[nn][dropout]") {
  F be{1, 4};
  CHECK(mask(be, 0) == std::vector<float>(5000, 1));
  CHECK(be.random().place == 0);  // no numbers drawn
  std::vector<float> values{1, 2, 3};
  Empty none;
  const View<F, Vectors<3>> x{values.data(), 1};
  CHECK(infer(be, Dropout{0.7}, none, x).data == values.data());
}
TEST_CASE("Dropout draws the same numbers on any number of threads", "[nn][dropout]") {
  const std::vector<float> one = mask_at(1, 2, 3);
  CHECK((one == mask_at(1, 2, 3, 2)));
  CHECK((one == mask_at(1, 2, 3, 4)));
}
TEST_CASE("Dropout draws others for another seed, step or place", "[nn][dropout]") {
  const std::vector<float> one = mask_at(1, 2, 3);
  CHECK((one == mask_at(1, 2, 3)));
  CHECK((one != mask_at(2, 2, 3)));
  CHECK((one != mask_at(1, 3, 3)));
  CHECK((one != mask_at(1, 2, 4)));
}
TEST_CASE("Two dropouts of one step draw different numbers", "[nn][dropout]") {
  F be{1, 4};
  const std::vector<float> first = mask(be, 0.5);
  CHECK((first != mask(be, 0.5)));
  be.random().begin_step(0);
  CHECK((first == mask(be, 0.5)));
}
TEST_CASE("Rates outside [0, 1) are refused", "[nn][dropout][errors]") {
  F be{1};
  for (const double rate : {-0.1, 1.0, 2.0, std::numeric_limits<double>::quiet_NaN()}) {
    check_error([&] { mask(be, rate); }, {"Dropout", "rate", "expected at least 0 and less than 1, got "});
    SelfAttention<4, 2> attention;
    attention.dropout = rate;
    std::vector<double> values(8);
    B b{1};
    Parameters<B, SelfAttention<4, 2>> params;
    const std::vector<Size> offsets{0, 2};
    const View<B, Tokens<4>> x{values.data(), checked_segments(offsets, 2)};
    check_error([&] { attention.forward(b, *params, x); }, {"SelfAttention", "dropout", "expected at least 0", "got "});
  }
}
TEST_CASE("Attention in use has no dropout", "[nn][dropout]") {
  using L = SelfAttention<4, 2>;
  B b{1};
  Parameters<B, L> params;
  randomise(params, 3);
  Batch<Tokens<4>> x{{5, 2}};
  randomise(x.values, 4);
  L with;
  with.dropout = 0.5;
  const auto used = infer(b, with, *params, x.view()), plain = infer(b, L{}, *params, x.view());
  const auto trained = with.forward(b, *params, x.view()).y;
  const auto values = [](auto v) { return std::vector<double>(v.data, v.data + v.mat().size()); };
  CHECK(values(used) == values(plain));
  CHECK(values(used) != values(trained));
}
