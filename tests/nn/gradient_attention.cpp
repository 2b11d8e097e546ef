#include <hashweave/nn/self_attention.hpp>

#include "support/check_gradient.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

template <class Attention>
Attention with_dropout(double rate) {
  Attention layer;
  layer.dropout = rate;
  return layer;
}
const std::vector<Lengths> shapes{{1}, {4}, {5, 1, 3}, {1, 1}};
// longer than the 128 query rows that are worked on at a time
const std::vector<Lengths> beyond_a_tile{{131, 1}, {2, 260}};

}  // namespace

TEST_CASE("SelfAttention gradient agrees with central differences for several numbers of heads", "[nn][gradient]") {
  check_layer<Tokens<6>>(SelfAttention<6, 1>{}, shapes);
  check_layer<Tokens<6>>(SelfAttention<6, 3>{}, shapes);
  check_layer<Tokens<6>>(SelfAttention<6, 6>{}, shapes);
}
TEST_CASE("SelfAttention gradient agrees with central differences with a causal view", "[nn][gradient]") {
  check_layer<Tokens<6>>(SelfAttention<6, 2, Causal>{}, shapes);
}
TEST_CASE("SelfAttention gradient agrees with central differences with a learned logit bias", "[nn][gradient]") {
  check_layer<Tokens<6>>(SelfAttention<6, 2, Full, LearnedLogitBias<5>>{}, shapes);
  check_layer<Tokens<6>>(SelfAttention<6, 2, Causal, LearnedLogitBias<7>>{}, shapes);
}
TEST_CASE("SelfAttention gradient agrees with central differences with dropout", "[nn][gradient]") {
  check_gradient<Tokens<6>>(with_dropout<SelfAttention<6, 3>>(0.3), shapes);
  check_gradient<Tokens<6>>(with_dropout<SelfAttention<6, 2, Causal>>(0.5), shapes);
  check_gradient<Tokens<6>>(with_dropout<SelfAttention<6, 2, Full, LearnedLogitBias<5>>>(0.5), shapes);
}
TEST_CASE("SelfAttention gradient agrees with central differences beyond one tile of query rows", "[nn][gradient]") {
  const Probing some{.most = 24};
  check_gradient<Tokens<6>>(SelfAttention<6, 3>{}, beyond_a_tile, some);
  check_gradient<Tokens<6>>(with_dropout<SelfAttention<6, 2, Causal>>(0.2), beyond_a_tile, some);
  check_gradient<Tokens<6>>(SelfAttention<6, 2, Full, LearnedLogitBias<260>>{}, beyond_a_tile, some);
}
