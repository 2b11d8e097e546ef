#include <hashweave/nn/activation.hpp>

#include "support/check_gradient.hpp"

using namespace hashweave;
using namespace hashweave::test;

TEST_CASE("Gelu gradient agrees with central differences", "[nn][gradient]") { check_layer<Tokens<6>>(Gelu{}); }
TEST_CASE("GeluTanh gradient agrees with central differences", "[nn][gradient]") { check_layer<Tokens<6>>(GeluTanh{}); }
TEST_CASE("QuickGelu gradient agrees with central differences", "[nn][gradient]") {
  check_layer<Tokens<6>>(QuickGelu{});
}
TEST_CASE("Tanh gradient agrees with central differences", "[nn][gradient]") { check_layer<Tokens<6>>(Tanh{}); }
TEST_CASE("Sigmoid gradient agrees with central differences", "[nn][gradient]") { check_layer<Tokens<6>>(Sigmoid{}); }

TEST_CASE("Relu gradient agrees with central differences away from 0", "[nn][gradient]") {
  for (const Lengths& lengths : usual_shapes) {
    Batch<Tokens<6>> input{lengths};
    randomise(input.values, 3, 0.8);
    for (double& x : input.values) x += x < 0 ? -0.1 : 0.1;
    expect_gradient(gradient_error(Relu{}, input, {.keep_input = true}));
  }
}
TEST_CASE("Relu passes nothing back at 0", "[nn][gradient]") {
  B be{1};
  double zero = 0, one = 1;
  Empty none;
  const View<B, Vectors<1>> x{&zero, 1}, dy{&one, 1};
  const auto step = Relu{}.forward(be, none, x);
  CHECK(step.y.data[0] == 0);
  CHECK(Relu{}.backward(be, none, step.saved, dy, none).data[0] == 0);
}
