// LabelAttention as in SATAH's label network: few labels a sample, a bias for each pair of them.
#include <hashweave/nn/label_attention.hpp>

#include "support/layers.hpp"

namespace label_attention_bench {
using namespace hashweave;

constexpr Size width = 128, heads = 4, labels = 256;
using Attention = LabelAttention<width, heads, labels>;
using Sample = LabelTokens<width>;

/// The tokens of samples that have `length` - 1 labels each.
class LabelBatch {
 public:
  LabelBatch(Size samples, Size length)
      : tokens_{samples, length}, ids_(static_cast<std::size_t>(samples * length), 0) {
    for (std::size_t i = 0; i < ids_.size(); ++i)
      if (const auto place = static_cast<Size>(i) % length; place > 0)
        ids_[i] = static_cast<std::int32_t>(1 + (static_cast<Size>(i) * 7 + place) % labels);
  }
  View<Cpu<float>, Sample> view() {
    const auto tokens = tokens_.view();
    return {tokens.data, {tokens.segments, ids_.data()}};
  }

 private:
  bench::Batch<Tokens<width>> tokens_;
  std::vector<std::int32_t> ids_;
};

bench::Work work(bench::State& state, double factor) {
  const Size rows = state.range(0) * state.range(1);
  const double flop = bench::number(rows) * 2.0 * bench::number(4 * width * width + 2 * state.range(1) * width);
  return {.items = bench::number(rows), .flop = factor * flop};
}
void forward(bench::State& state) {
  LabelBatch x{state.range(0), state.range(1)};
  bench::Bench<Attention, Sample> layer{x.view()};
  bench::measure<float>(state, work(state, 1), [&] { layer.forward(); });
}
void backward(bench::State& state) {
  LabelBatch x{state.range(0), state.range(1)};
  bench::Bench<Attention, Sample> layer{x.view()};
  layer.measure_backward(state, work(state, 2));
}

const bench::Names axes{"samples", "tokens"};

BENCHMARK(forward)->Name("label_attention/cpu_f32")->ArgNames(axes)->Args({128, 2})->Args({128, 6})->UseRealTime();
BENCHMARK(backward)
    ->Name("label_attention_backward/cpu_f32")
    ->ArgNames(axes)
    ->Args({128, 2})
    ->Args({128, 6})
    ->UseRealTime();

}  // namespace label_attention_bench
