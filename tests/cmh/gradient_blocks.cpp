#include <hashweave/cmh/shared_cross_encoder.hpp>
#include <hashweave/cmh/transformer_block.hpp>

#include "support/check_gradient.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

template <class L>
L with_dropout(double rate) {
  L layer;
  for_each_layer(layer, [rate](auto& part) {
    if constexpr (requires { part.rate; }) part.rate = rate;
    if constexpr (requires { part.dropout; }) part.dropout = rate;
  });
  return layer;
}

}  // namespace

TEST_CASE("TransformerBlock gradient agrees with central differences", "[cmh][gradient]") {
  check_layer<Tokens<8>>(TransformerBlock<8, 2, 12>{});
  check_layer<Tokens<8>>(TransformerBlock<8, 2, 12, QuickGelu, Causal>{});
  check_layer<Tokens<8>>(TransformerBlock<8, 4, 12, Relu, Full, LearnedLogitBias<6>>{});
}
TEST_CASE("TransformerBlock gradient agrees with central differences with dropout", "[cmh][gradient]") {
  check_gradient<Tokens<8>>(with_dropout<TransformerBlock<8, 2, 12>>(0.3));
}
TEST_CASE("PostNormBlock gradient agrees with central differences", "[cmh][gradient]") {
  check_layer<Tokens<8>>(PostNormBlock<8, 2, 12>{});
  check_gradient<Tokens<8>>(with_dropout<PostNormBlock<8, 2, 12>>(0.3));
}
TEST_CASE("ScaledBlock gradient agrees with central differences", "[cmh][gradient]") {
  check_layer<Tokens<8>>(ScaledBlock<8, 2, 12>{});
}
TEST_CASE("SharedCrossEncoder gradient agrees with central differences", "[cmh][gradient]") {
  check_layer<Tokens<8>>(SharedCrossEncoder<8, 2, 4, 12>{});
  check_layer<Tokens<8>>(SharedCrossEncoder<8, 1, 4, 12>{});
  check_layer<Tokens<8>>(SharedCrossEncoder<8, 2, 4, 12, AllTokens>{});
}
