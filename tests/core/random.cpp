#include <hashweave/core/random.hpp>

#include <catch2/catch.hpp>

using namespace hashweave;

TEST_CASE("Philox gives the published answers", "[core][random]") {
  // Random123's kat_vectors: philox4x32, 10 rounds
  using Four = std::array<std::uint32_t, 4>;
  CHECK(philox({0, 0, 0, 0}, 0) == Four{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox({~0U, ~0U, ~0U, ~0U}, ~std::uint64_t{0}) == Four{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0x299f31d0'a4093822) ==
        Four{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}
TEST_CASE("Numbers of a stream are those of its blocks", "[core][random]") {
  const RandomStream stream{7, 8, 9};
  for (std::uint64_t i = 0; i < 12; ++i) CHECK(stream.bits(i) == stream.block(i / 4)[i % 4]);
  CHECK(stream.block(std::uint64_t{1} << 32) != stream.block(0));  // the upper half of the counter counts
}
TEST_CASE("Streams of another seed, step or place are others", "[core][random]") {
  const auto first = RandomStream{1, 2, 3}.block(0);
  CHECK(first == RandomStream{1, 2, 3}.block(0));
  CHECK(first != RandomStream{2, 2, 3}.block(0));
  CHECK(first != RandomStream{1, 3, 3}.block(0));
  CHECK(first != RandomStream{1, 2, 4}.block(0));
  CHECK(first != RandomStream{std::uint64_t{1} << 32 | 1, 2, 3}.block(0));
}
TEST_CASE("Each draw of a step takes the next place, and a new step begins at the first", "[core][random]") {
  RandomState state{5, 0, 0};
  CHECK(state.next().place == 0);
  CHECK(state.next().place == 1);
  state.begin_step(9);
  const RandomStream stream = state.next();
  CHECK(stream.seed == 5);
  CHECK(stream.step == 9);
  CHECK(stream.place == 0);
}
TEST_CASE("Uniform numbers lie strictly between 0 and 1", "[core][random]") {
  CHECK(uniform(0) == 0x1p-24F);
  CHECK(uniform(~0U) == 1 - 0x1p-24F);
  CHECK(uniform(0x80000000) == Approx(0.5));
}
TEST_CASE("Normal numbers have mean 0, variance 1 and the kurtosis 3", "[core][random]") {
  const RandomStream stream{1, 2, 3};
  constexpr int n = 100'000;
  double sum = 0, squares = 0, fourth = 0;
  for (int i = 0; i < n; ++i) {
    const double x = stream.normal(static_cast<std::uint64_t>(i));
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
  }
  CHECK(std::abs(sum / n) < 0.015);
  CHECK(squares / n == Approx(1).epsilon(0.02));
  CHECK(fourth / n == Approx(3).epsilon(0.05));
}
TEST_CASE("Names have the hashes of FNV-1a", "[core][random]") {
  CHECK(name_hash("") == 0xcbf29ce484222325);
  CHECK(name_hash("a") == 0xaf63dc4c8601ec8c);
  CHECK(name_hash("foobar") == 0x85944171f73967e8);
}

TEST_CASE("A group of 64 numbers is the stream's", "[core][random]") {
  const RandomStream stream{0x123456789abcdef0, 7, 3};
  for (const std::uint64_t group :
       {std::uint64_t{0}, std::uint64_t{5}, std::uint64_t{0x10000001}, std::uint64_t{1} << 40}) {
    const auto numbers = stream.group(group);
    int wrong = 0;
    for (std::uint64_t i = 0; i < 64; ++i) wrong += numbers[i] != stream.bits(64 * group + i);
    CHECK(wrong == 0);
  }
}
