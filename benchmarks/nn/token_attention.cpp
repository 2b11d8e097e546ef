// Attention of the class token alone, beside attention of all tokens.
#include <hashweave/nn/token_attention.hpp>

#include "support/layers.hpp"

namespace token_attention_bench {
using namespace hashweave;

constexpr Size width = 1024, heads = 4;
using Sample = Tokens<width>;

template <class Layer>
void forward(bench::State& state) {
  bench::Batch<Sample> x{state.range(0), state.range(1)};
  bench::Bench<Layer, Sample> layer{x.view()};
  bench::measure<float>(state, {.items = bench::number(x.view().segments.rows())}, [&] { layer.forward(); });
}
template <class Layer>
void backward(bench::State& state) {
  bench::Batch<Sample> x{state.range(0), state.range(1)};
  bench::Bench<Layer, Sample> layer{x.view()};
  layer.measure_backward(state, {.items = bench::number(x.view().segments.rows())});
}

const bench::Names axes{"batch", "tokens"};
using One = TokenAttention<TokenAt::first, width, heads>;
using All = SelfAttention<width, heads>;

BENCHMARK(forward<One>)->Name("token_attention/cpu_f32")->ArgNames(axes)->Args({30, 257})->UseRealTime();
BENCHMARK(forward<All>)->Name("all_tokens_attention/cpu_f32")->ArgNames(axes)->Args({30, 257})->UseRealTime();
BENCHMARK(backward<One>)->Name("token_attention_backward/cpu_f32")->ArgNames(axes)->Args({30, 257})->UseRealTime();
BENCHMARK(backward<All>)->Name("all_tokens_attention_backward/cpu_f32")->ArgNames(axes)->Args({30, 257})->UseRealTime();

}  // namespace token_attention_bench
