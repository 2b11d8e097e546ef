#include <hashweave/compose/beside.hpp>
#include <hashweave/compose/identity.hpp>
#include <hashweave/compose/named.hpp>
#include <hashweave/compose/recompute.hpp>
#include <hashweave/compose/repeat.hpp>
#include <hashweave/compose/residual.hpp>
#include <hashweave/nn/activation.hpp>
#include <hashweave/nn/dropout.hpp>
#include <hashweave/nn/layer_norm.hpp>
#include <hashweave/nn/linear.hpp>
#include <hashweave/nn/softmax.hpp>

#include "support/check_gradient.hpp"

using namespace hashweave;
using namespace hashweave::test;

TEST_CASE("Chain gradient agrees with central differences", "[compose][gradient]") {
  check_layer<Tokens<3>>(Chain<Linear<3, 5>, Tanh, Linear<5, 2>>{});
  check_layer<Tokens<3>>(Chain<Chain<Tanh, Linear<3, 4>>, Chain<Softmax, Chain<Linear<4, 3>>>>{});
  check_layer<Vectors<3>>(Chain<Dropout, Dropout, Tanh>{});  // without a rate, dropout hands its input on
}
TEST_CASE("Residual gradient agrees with central differences", "[compose][gradient]") {
  check_layer<Tokens<3>>(Residual<Linear<3, 5>, Tanh, Linear<5, 3>>{});
  check_layer<Tokens<3>>(Residual<Softmax>{});  // the branch saves what it gives
  check_layer<Tokens<3>>(Residual<Dropout>{});  // the branch gives its input
  check_layer<Vectors<3>>(Residual<Residual<Tanh>, Residual<Softmax, Residual<Linear<3, 3>>>>{});
}
TEST_CASE("Repeat gradient agrees with central differences", "[compose][gradient]") {
  check_layer<Tokens<3>>(Repeat<1, Linear<3, 3>>{});
  check_layer<Tokens<3>>(Repeat<3, Chain<Linear<3, 3>, Tanh>>{});
  check_layer<Vectors<3>>(Repeat<2, Repeat<2, Residual<Linear<3, 3>>>>{});
  check_layer<Tokens<3>>(Repeat<3, Dropout>{});
}
TEST_CASE("Recompute gradient agrees with central differences", "[compose][gradient]") {
  check_layer<Tokens<3>>(Recompute<Linear<3, 5>, Tanh>{});
  check_layer<Tokens<3>>(Recompute<Dropout>{});
  check_layer<Vectors<3>>(Repeat<3, Recompute<Residual<LayerNorm<3>, Linear<3, 3>, Tanh>>>{});
  check_layer<Tokens<3>>(Recompute<Repeat<2, Recompute<Linear<3, 3>, Tanh>>, Linear<3, 2>>{});
}
TEST_CASE("Named gradient agrees with central differences", "[compose][gradient]") {
  check_layer<Tokens<3>>(Named<"a", Chain<Named<"b", Linear<3, 4>>, Tanh, Named<"c", Linear<4, 3>>>>{});
  check_layer<Vectors<3>>(Residual<Named<"a", Linear<3, 3>>, Named<"b", Tanh>>{});
}
TEST_CASE("Identity gradient agrees with central differences", "[compose][gradient]") {
  check_layer<Tokens<3>>(Identity{});
  check_layer<Vectors<3>>(Chain<Linear<3, 2>, Identity, Tanh>{});
  check_layer<Tokens<3>>(Residual<Identity>{});
}
TEST_CASE("Beside gradient agrees with central differences", "[compose][gradient]") {
  check_layer<Tokens<3>>(Beside<Linear<3, 4>, Chain<Linear<3, 2>, Tanh>>{});
  check_layer<Vectors<3>>(Beside<Identity, Tanh>{});
  check_layer<Vectors<3>>(Beside<Identity, Identity>{});  // both give their dy back
  check_layer<Vectors<3>>(Chain<Linear<3, 4>, Beside<Beside<Softmax, Linear<4, 1>>, Linear<4, 2>>, Linear<7, 2>>{});
}
