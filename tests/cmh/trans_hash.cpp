#include <hashweave/cmh/trans_hash.hpp>

#include "support/check_error.hpp"
#include "support/check_gradient.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

using Values = std::vector<double>;
using Block = TransformerBlock<8, 2, 12>;

template <class L>
Values numbers(const L& layer, Parameters<B, L>& params, Batch<Tokens<8>>& x) {
  B be{1};
  const auto y = layer.forward(be, *params, x.view()).y.mat();
  return Values(y.data, y.data + y.size());
}

}  // namespace

TEST_CASE("DualStream gradient agrees with central differences", "[cmh][gradient]") {
  check_layer<Tokens<8>>(DualStream<Block, 8, 16>{}, {{3}, {6, 3, 5}}, {.most = 40});
  check_layer<Tokens<8>>(DualStream<Block, 8, 24, 3>{}, {{4, 6}}, {.most = 40});
}
TEST_CASE("DualStream gradient agrees with central differences with the blocks and the last norm of DINOv2",
          "[cmh][gradient]") {
  check_layer<Tokens<8>>(DualStream<ScaledBlock<8, 2, 12>, 8, 16, 2, LayerNorm<8>>{}, {{5, 3}}, {.most = 40});
}
TEST_CASE("TransHash gradient agrees with central differences", "[cmh][gradient]") {
  check_layer<Pixels<3, 6, 6>>(TransHash<6, 2, 8, 2, 16, 2, Block>{}, {{1}, {2}}, {.most = 12});
}
TEST_CASE("GlobalStream gradient agrees with central differences", "[cmh][gradient]") {
  check_layer<Tokens<8>>(GlobalStream<Block, 8, 5>{}, usual_shapes, {.most = 40});
  check_layer<Tokens<8>>(GlobalStream<Block, 8, 5, LayerNorm<8>>{}, {{5, 3}}, {.most = 40});
}

TEST_CASE("DualStream's parameters carry the names of streams, blocks and heads", "[cmh]") {
  using L = DualStream<Block, 8, 16, 2, LayerNorm<8>>;
  const Parameters<B, L> params;
  for (const char* stream : {"global", "local"}) {
    for (const char* part :
         {"block.norm1.weight", "block.attn.qkv.bias", "block.mlp.fc2.weight", "norm.bias", "head.bias"}) {
      CHECK_NOTHROW(params.entry(std::string{stream} + "." + part));
    }
  }
  CHECK(params.entry("global.head.weight").rows == 8);
  CHECK(params.entry("local.head.weight").rows == 8);  // two heads of four bits
  CHECK(Parameters<B, DualStream<Block, 8, 16>>{}.entries().size() == params.entries().size() - 4);
}
TEST_CASE("A local head sees the class token and its own group alone, the global one sees all", "[cmh][values]") {
  using L = DualStream<Block, 8, 16>;
  const L layer;
  Parameters<B, L> params;
  randomise(params, 5);
  Batch<Tokens<8>> x{{6}};  // the class token, a group of three and a group of two
  randomise(x.values, 6);
  const Values before = numbers(layer, params, x);
  const auto changed = [&](Size token) {
    Batch<Tokens<8>> moved = x;
    moved.values[static_cast<std::size_t>(8 * token)] += 1;
    const Values after = numbers(layer, params, moved);
    std::vector<bool> of_head;
    for (const auto& [first, last] : {std::pair{0, 8}, std::pair{8, 12}, std::pair{12, 16}}) {
      of_head.push_back(!std::equal(before.begin() + first, before.begin() + last, after.begin() + first));
    }
    return of_head;
  };
  CHECK(changed(0) == std::vector<bool>{true, true, true});
  for (const Size token : {1, 2, 3}) CHECK(changed(token) == std::vector<bool>{true, true, false});
  for (const Size token : {4, 5}) CHECK(changed(token) == std::vector<bool>{true, false, true});
}
TEST_CASE("DualStream refuses sequences with fewer tokens than groups", "[cmh][errors]") {
  using L = DualStream<Block, 8, 16>;
  B be{1};
  const Parameters<B, L> params;
  Batch<Tokens<8>> x{{3, 2}};
  check_error([&] { L{}.forward(be, *params, x.view()); },
              {"SplitTokens", "tokens of a sequence", "expected at least 3, got 2"});
}
