#include <hashweave/cmh/shared_cross_encoder.hpp>
#include <hashweave/cmh/towers.hpp>

#include "support/check_gradient.hpp"

// Compositions that give one token a sequence: they agree with the whole ones followed by FirstToken or LastToken.
using namespace hashweave;
using namespace hashweave::test;

namespace {

const std::vector<Lengths> shapes{{1}, {4}, {5, 1, 3}, {1, 1, 140, 2}};

template <class L>
L with_attention_dropout(double rate) {
  L layer;
  for_each_layer(layer, [rate](auto& part) {
    if constexpr (requires { part.dropout; }) part.dropout = rate;
  });
  return layer;
}

template <class T>
struct Numbers {
  std::vector<std::string> names;
  std::vector<T> output, input_gradient, gradients;
};

/// Output, gradient of the input and of all parameters, for random parameters, input and dy.
template <class T, class L, class S>
Numbers<T> numbers_of(const L& layer, const Lengths& lengths, Size threads) {
  using B = Cpu<T>;
  B be{threads, 5};
  Parameters<B, L> params, grads;
  Numbers<T> all;
  for (const ParameterEntry& e : params.entries()) {
    all.names.push_back(e.name);
    const RandomStream stream{name_hash(e.name), 1, 1};
    for (Size i = 0; i < e.size(); ++i)
      params.at(e).data[i] = static_cast<T>(e.init.mean + 0.3 * stream.normal(static_cast<std::uint64_t>(i)));
  }
  std::vector<Size> offsets{0};
  for (const Size n : lengths) offsets.push_back(offsets.back() + n);
  const auto input = make<S>(be, checked_segments(offsets, offsets.back()));
  const RandomStream stream{3, 1, 1};
  const auto x = input.mat();
  for (Size i = 0; i < x.size(); ++i) x.data[i] = static_cast<T>(stream.normal(static_cast<std::uint64_t>(i)));
  be.random().begin_step(4);
  const auto step = layer.forward(be, *params, input);
  const auto y = step.y.mat();
  all.output.assign(y.data, y.data + y.size());
  auto dy = make<typename decltype(step.y)::Sample>(be, step.y.layout());
  for (Size i = 0; i < y.size(); ++i) dy.data[i] = static_cast<T>(stream.normal(static_cast<std::uint64_t>(i) + 9999));
  const auto dx = layer.backward(be, *params, step.saved, dy, *grads).mat();
  all.input_gradient.assign(dx.data, dx.data + dx.size());
  const auto flat = grads.flat();
  all.gradients.assign(flat.data, flat.data + flat.size());
  return all;
}

template <class T>
double difference(const std::vector<T>& a, const std::vector<T>& b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
  double worst = 0, largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(static_cast<double>(a[i])));
    const double e = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    if (!(e <= worst)) worst = e;
  }
  return worst / largest;
}

template <class T, class S, class Whole, class Part>
void check_agreement(const Whole& whole, const Part& part, double limit) {
  for (const Lengths& lengths : shapes) {
    INFO("lengths " << Catch::Detail::stringify(lengths));
    const auto expected = numbers_of<T, Whole, S>(whole, lengths, 1);
    const auto got = numbers_of<T, Part, S>(part, lengths, 1);
    CHECK(expected.names == got.names);
    CHECK(difference(expected.output, got.output) < limit);
    CHECK(difference(expected.input_gradient, got.input_gradient) < limit);
    CHECK(difference(expected.gradients, got.gradients) < limit);
    const auto on_two = numbers_of<T, Part, S>(part, lengths, 2);
    CHECK((got.output == on_two.output && got.input_gradient == on_two.input_gradient));
    CHECK((got.gradients == on_two.gradients));
  }
}

/// Blocks, in the place of which `Named` keeps the names of the parameters the same.
template <class Block, class Pick>
using WholeBlock = Chain<Named<"block", Block>, Pick>;
template <class Block, class Pick>
using PartBlock = Chain<Named<"block", typename Block::template Giving<Pick>>>;

template <class Block, class Pick>
void check_block() {
  constexpr Size width = 8;
  check_agreement<double, Tokens<width>>(WholeBlock<Block, Pick>{}, PartBlock<Block, Pick>{}, 1e-12);
  check_agreement<float, Tokens<width>>(WholeBlock<Block, Pick>{}, PartBlock<Block, Pick>{}, 1e-5);
}

}  // namespace

TEST_CASE("A block that gives the first token agrees with the whole block", "[cmh][giving][threads]") {
  check_block<TransformerBlock<8, 2, 12, Relu>, FirstToken<8>>();
  check_block<PostNormBlock<8, 4, 12>, FirstToken<8>>();
  check_block<ScaledBlock<8, 1, 12>, FirstToken<8>>();
}
TEST_CASE("A block that gives the last token agrees with the whole block", "[cmh][giving]") {
  check_block<TransformerBlock<8, 2, 12, QuickGelu, Causal>, LastToken<8>>();
  check_block<TransformerBlock<8, 2, 12, QuickGelu, Causal>, FirstToken<8>>();
  check_block<PostNormBlock<8, 2, 12>, LastToken<8>>();
}
TEST_CASE("A block that gives the first token drops the attention weights that the whole block drops",
          "[cmh][giving]") {
  using Block = TransformerBlock<8, 2, 12>;
  check_agreement<double, Tokens<8>>(with_attention_dropout<WholeBlock<Block, FirstToken<8>>>(0.4),
                                     with_attention_dropout<PartBlock<Block, FirstToken<8>>>(0.4), 1e-12);
}
TEST_CASE("SharedCrossEncoder gives the first tokens of what it gives of all", "[cmh][giving]") {
  using Part = Chain<Named<"shared", SharedCrossEncoder<8, 2, 4, 12>>>;
  using Whole = Chain<Named<"shared", SharedCrossEncoder<8, 2, 4, 12, AllTokens>>, FirstToken<8>>;
  check_agreement<double, Tokens<8>>(Whole{}, Part{}, 1e-12);
  check_agreement<float, Tokens<8>>(Whole{}, Part{}, 1e-5);
  using One = Chain<Named<"shared", SharedCrossEncoder<8, 1, 4, 12>>>;
  using WholeOne = Chain<Named<"shared", SharedCrossEncoder<8, 1, 4, 12, AllTokens>>, FirstToken<8>>;
  check_agreement<double, Tokens<8>>(WholeOne{}, One{}, 1e-12);
  using Post = PostNormBlock<8, 4, 12, Relu>;
  using PartPost = Chain<Named<"shared", SharedCrossEncoder<8, 3, 4, 12, FirstToken<8>, Post>>>;
  using WholePost = Chain<Named<"shared", SharedCrossEncoder<8, 3, 4, 12, AllTokens, Post>>, FirstToken<8>>;
  check_agreement<double, Tokens<8>>(WholePost{}, PartPost{}, 1e-12);
}

TEST_CASE("Blocks that give one token: gradients agree with central differences", "[cmh][gradient]") {
  using First = FirstToken<8>;
  check_layer<Tokens<8>>(TransformerBlock<8, 2, 12>::Giving<First>{});
  check_layer<Tokens<8>>(PostNormBlock<8, 2, 12>::Giving<LastToken<8>>{});
  check_layer<Tokens<8>>(ScaledBlock<8, 2, 12>::Giving<First>{});
  auto with_dropout = TransformerBlock<8, 2, 12>::Giving<First>{};
  for_each_layer(with_dropout, [](auto& part) {
    if constexpr (requires { part.rate; }) part.rate = 0.3;
    if constexpr (requires { part.dropout; }) part.dropout = 0.3;
  });
  check_gradient<Tokens<8>>(with_dropout);
}
TEST_CASE("Towers that give the first token: gradients agree with central differences", "[cmh][gradient]") {
  check_layer<Pixels<3, 4, 4>>(VitTower<4, 2, 6, 2, 2, 8>::Giving<FirstToken<6>>{}, {{1}, {2}});
  check_layer<Pixels<3, 4, 4>>(Dinov2Tower<4, 2, 6, 1, 2, 8>::Giving<FirstToken<6>>{}, {{1}, {2}});
  for (const Lengths& lengths : usual_shapes) {
    check_gradient_on_ids(BertTower<7, 6, 6, 2, 2, 8>::Giving<FirstToken<6>>{}, some_tokens(lengths, 7, 2));
  }
}
