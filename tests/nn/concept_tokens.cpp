#include <hashweave/nn/as_tokens.hpp>
#include <hashweave/nn/sinusoidal_positions.hpp>

#include "support/check_error.hpp"
#include "support/check_gradient.hpp"

// Vectors as sequences of tokens, and sinusoidal positions.
using namespace hashweave;
using namespace hashweave::test;

TEST_CASE("SinusoidalPositions gradient agrees with central differences", "[nn][gradient]") {
  check_layer<Tokens<6>>(SinusoidalPositions<6>{});
  check_layer<Tokens<3>>(SinusoidalPositions<3>{}, {{1, 2}});
}
TEST_CASE("AsTokens and AsVectors gradients agree with central differences", "[nn][gradient]") {
  check_layer<Vectors<6>>(AsTokens<3, 2>{}, {{1}, {4}});
  check_layer<Tokens<2>>(AsVectors<3, 2>{}, {{3}, {3, 3, 3}});
  check_layer<Tokens<5>>(AsVectors<1, 5>{}, {{1, 1}});
}

TEST_CASE("SinusoidalPositions by hand: sine and cosine of each position of its own sequence", "[nn][values]") {
  B be{1};
  Batch<Tokens<5>> x{{3, 1}};
  randomise(x.values, 3);
  const auto y = SinusoidalPositions<5>{}.forward(be, {}, x.view()).y;
  const Size positions[] = {0, 1, 2, 0};
  for (Size t = 0; t < 4; ++t) {
    for (Size c = 0; c < 5; ++c) {
      const double angle = static_cast<double>(positions[t]) / std::pow(10000.0, static_cast<double>(c / 2 * 2) / 5);
      const double expected = c % 2 == 0 ? std::sin(angle) : std::cos(angle);
      CHECK(y.mat()(t, c) - x.view().mat()(t, c) == Approx(expected).margin(1e-12));
    }
  }
}
TEST_CASE("SinusoidalPositions far into a sequence are as exact as at its beginning", "[nn][values]") {
  B be{1};
  Batch<Tokens<2>> x{{4000}};
  const auto y = SinusoidalPositions<2>{}.forward(be, {}, x.view()).y;
  CHECK(y.mat()(3999, 0) == Approx(std::sin(3999.0)).margin(1e-10));
  CHECK(y.mat()(3999, 1) == Approx(std::cos(3999.0)).margin(1e-10));
}
TEST_CASE("AsTokens and AsVectors copy nothing", "[nn][values]") {
  B be{1};
  Batch<Vectors<6>> x{{2}};
  const auto tokens = AsTokens<3, 2>{}.forward(be, {}, x.view());
  CHECK(tokens.y.data == x.values.data());
  REQUIRE(tokens.y.segments.count == 2);
  CHECK(tokens.y.segments.length(0) == 3);
  CHECK(tokens.y.segments.length(1) == 3);
  const auto back = AsVectors<3, 2>{}.forward(be, {}, tokens.y);
  CHECK(back.y.data == x.values.data());
  CHECK(back.y.rows == 2);
  Empty none;
  CHECK(AsVectors<3, 2>{}.backward(be, {}, back.saved, back.y, none).segments.offsets == tokens.y.segments.offsets);
  CHECK(AsTokens<3, 2>{}.backward(be, {}, tokens.saved, tokens.y, none).rows == 2);
}
TEST_CASE("AsVectors refuses sequences of another length", "[nn][errors]") {
  B be{1};
  Batch<Tokens<2>> x{{3, 2}};
  check_error([&] { AsVectors<3, 2>{}.forward(be, {}, x.view()); },
              {"AsVectors", "length of sequence 1", "expected 3, got 2"});
}
