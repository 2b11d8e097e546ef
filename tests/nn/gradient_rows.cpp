#include <hashweave/nn/activation.hpp>
#include <hashweave/nn/batch_norm.hpp>
#include <hashweave/nn/dropout.hpp>
#include <hashweave/nn/grouped_linear.hpp>
#include <hashweave/nn/layer_norm.hpp>
#include <hashweave/nn/layer_scale.hpp>
#include <hashweave/nn/linear.hpp>
#include <hashweave/nn/softmax.hpp>

#include "support/check_gradient.hpp"

using namespace hashweave;
using namespace hashweave::test;

TEST_CASE("Linear gradient agrees with central differences", "[nn][gradient]") {
  check_layer<Tokens<3>>(Linear<3, 4>{});
  check_layer<Vectors<3>>(Linear<3, 4>{});
}
TEST_CASE("Linear gradient without a bias agrees with central differences", "[nn][gradient]") {
  check_layer<Tokens<3>>(Linear<3, 4, NoBias>{});
  check_layer<Vectors<70>>(Linear<70, 1, NoBias>{}, {{1}, {2}});
}
TEST_CASE("Linear gradient agrees with central differences when the product is cut into pieces", "[nn][gradient]") {
  check_gradient<Vectors<200>>(Linear<200, 66>{}, {{400}}, {.most = 12});
}
TEST_CASE("GroupedLinear gradient agrees with central differences", "[nn][gradient]") {
  check_layer<Vectors<6>>(GroupedLinear<2, 3, 7>{});
  check_layer<Tokens<15>>(GroupedLinear<5, 3, 1>{});
  check_layer<Vectors<4>>(GroupedLinear<1, 4, 3>{});
  check_gradient<Vectors<6>>(GroupedLinear<3, 2, 8>{}, {{600}}, {.most = 12});  // the rows are cut into pieces
}
TEST_CASE("LayerNorm gradient agrees with central differences", "[nn][gradient]") {
  check_layer<Tokens<6>>(LayerNorm<6>{});
  check_layer<Vectors<6>>(LayerNorm<6>{0.5}, {{1}, {40}});
}
TEST_CASE("LayerScale gradient agrees with central differences", "[nn][gradient]") {
  check_layer<Tokens<5>>(LayerScale<5>{});
  check_layer<Tokens<70>>(LayerScale<70>{}, {{1, 2}});
}
TEST_CASE("BatchNorm gradient agrees with central differences", "[nn][gradient]") {
  check_gradient<Vectors<5>>(BatchNorm<5>{}, {{3}, {9}});
  check_gradient<Tokens<5>>(BatchNorm<5>{0.1, 0.5}, {{1, 1}, {2, 5, 1}});
}
TEST_CASE("Softmax gradient agrees with central differences", "[nn][gradient]") {
  check_layer<Tokens<6>>(Softmax{});
  check_layer<Vectors<1>>(Softmax{}, {{1}, {3}});
}
TEST_CASE("Dropout gradient agrees with central differences", "[nn][gradient]") {
  check_layer<Tokens<7>>(Dropout{});  // rate 0
  check_gradient<Tokens<7>>(Dropout{0.4});
  check_gradient<Vectors<7>>(Dropout{0.9}, {{1}, {30}});
}
