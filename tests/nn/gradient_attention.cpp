#include <hashweave/nn/self_attention.hpp>

#include "support/attention.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

// longer than the 224 query rows that are worked on at a time
const std::vector<Lengths> beyond_a_tile{{226, 1}, {2, 260}};

}  // namespace

TEST_CASE("SelfAttention gradient agrees with central differences for several numbers of heads", "[nn][gradient]") {
  check_layer<Tokens<6>>(SelfAttention<6, 1>{}, attention_shapes);
  check_layer<Tokens<6>>(SelfAttention<6, 3>{}, attention_shapes);
  check_layer<Tokens<6>>(SelfAttention<6, 6>{}, attention_shapes);
}
TEST_CASE("SelfAttention gradient agrees with central differences with a causal view", "[nn][gradient]") {
  check_layer<Tokens<6>>(SelfAttention<6, 2, Causal>{}, attention_shapes);
}
TEST_CASE("SelfAttention gradient agrees with central differences with a learned logit bias", "[nn][gradient]") {
  check_layer<Tokens<6>>(SelfAttention<6, 2, Full, LearnedLogitBias<5>>{}, attention_shapes);
  check_layer<Tokens<6>>(SelfAttention<6, 2, Causal, LearnedLogitBias<7>>{}, attention_shapes);
}
TEST_CASE("SelfAttention gradient agrees with central differences with dropout", "[nn][gradient]") {
  check_gradient<Tokens<6>>(with_dropout<SelfAttention<6, 3>>(0.3), attention_shapes);
  check_gradient<Tokens<6>>(with_dropout<SelfAttention<6, 2, Causal>>(0.5), attention_shapes);
  check_gradient<Tokens<6>>(with_dropout<SelfAttention<6, 2, Full, LearnedLogitBias<5>>>(0.5), attention_shapes);
}
TEST_CASE("SelfAttention gradient agrees with central differences beyond one tile of query rows", "[nn][gradient]") {
  const Probing some{.most = 24};
  check_gradient<Tokens<6>>(SelfAttention<6, 3>{}, beyond_a_tile, some);
  check_gradient<Tokens<6>>(with_dropout<SelfAttention<6, 2, Causal>>(0.2), beyond_a_tile, some);
  check_gradient<Tokens<6>>(SelfAttention<6, 2, Full, LearnedLogitBias<260>>{}, beyond_a_tile, some);
}
