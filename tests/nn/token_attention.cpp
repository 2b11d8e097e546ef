#include <hashweave/nn/token_attention.hpp>

#include "support/attention.hpp"
#include "support/check_error.hpp"

using namespace hashweave;
using namespace hashweave::test;

TEST_CASE("TokenAttention gradient agrees with central differences for several numbers of heads", "[nn][gradient]") {
  check_layer<Tokens<6>>(TokenAttention<TokenAt::first, 6, 1>{}, attention_shapes);
  check_layer<Tokens<6>>(TokenAttention<TokenAt::first, 6, 3>{}, attention_shapes);
  check_layer<Tokens<6>>(TokenAttention<TokenAt::last, 6, 6>{}, attention_shapes);
}
TEST_CASE("TokenAttention gradient agrees with central differences with a causal view", "[nn][gradient]") {
  check_layer<Tokens<6>>(TokenAttention<TokenAt::first, 6, 2, Causal>{}, attention_shapes);
  check_layer<Tokens<6>>(TokenAttention<TokenAt::last, 6, 2, Causal>{}, attention_shapes);
}
TEST_CASE("TokenAttention gradient agrees with central differences with dropout", "[nn][gradient]") {
  check_gradient<Tokens<6>>(with_dropout<TokenAttention<TokenAt::first, 6, 3>>(0.3), attention_shapes);
  check_gradient<Tokens<6>>(with_dropout<TokenAttention<TokenAt::last, 6, 2, Causal>>(0.5), attention_shapes);
}
TEST_CASE("TokenAttention refuses a dropout rate outside of [0, 1)", "[nn][error]") {
  Cpu<double> be;
  Batch<Tokens<6>> x{{2}};
  Parameters<Cpu<double>, TokenAttention<TokenAt::first, 6, 2>> params;
  const auto layer = with_dropout<TokenAttention<TokenAt::first, 6, 2>>(1);
  CHECK_THROWS_WITH(layer.forward(be, *params, x.view()),
                    "TokenAttention: dropout: expected at least 0 and less than 1, got 1");
}
