// Attention: the kernel of the heads alone, the layer with its projections, and captions packed end to end beside the
// same captions padded to the longest.
#include <hashweave/nn/self_attention.hpp>

#include "support/layers.hpp"

namespace self_attention_bench {
using namespace hashweave;

constexpr Size width = 768, heads = 12;
using Attention = SelfAttention<width, heads>;
using Sample = Tokens<width>;

double heads_flop(const Segments& segments) {
  double flop = 0;
  for (Size i = 0; i < segments.count; ++i)
    flop += 4.0 * bench::number(segments.length(i) * segments.length(i) * width);
  return flop;
}
double layer_flop(const Segments& segments) {
  return heads_flop(segments) + 2.0 * bench::number(segments.rows() * 4 * width * width);
}

/// The kernel on its own: q, k and v are there already.
class Heads {
 public:
  Heads(Size batch, Size tokens)
      : qkv_{batch, tokens},
        d_o_{batch, tokens},
        o_(size(1)),
        lse_(static_cast<std::size_t>(rows() * heads)),
        d_qkv_(size(3)),
        shape_{qkv_.view().segments, heads, false, 0, {}} {}

  void forward() { attention<float>(be_, o(), lse(), qkv_.view().mat(), {}, shape_); }
  void backward() {
    attention_backward<float>(be_, matrix(d_qkv_.data(), rows(), 3 * width), {}, d_o_.view().mat(), qkv_.view().mat(),
                              o(), lse(), {}, shape_);
  }
  bench::Work work(double factor) const {
    return {.items = bench::number(shape_.segments.rows()), .flop = factor * heads_flop(shape_.segments)};
  }

 private:
  Size rows() { return qkv_.view().segments.rows(); }
  std::size_t size(Size parts) { return static_cast<std::size_t>(rows() * parts * width); }
  Mat<float> o() { return matrix(o_.data(), rows(), width); }
  Mat<float> lse() { return matrix(lse_.data(), rows(), heads); }

  Cpu<float>& be_ = bench::backend<float>();
  bench::Batch<Tokens<3 * width>> qkv_;
  bench::Batch<Tokens<width>> d_o_;
  std::vector<float> o_, lse_, d_qkv_;
  AttentionShape shape_;
};

void kernel_forward(bench::State& state) {
  Heads h{state.range(0), state.range(1)};
  bench::measure<float>(state, h.work(1), [&] { h.forward(); });
}
void kernel_backward(bench::State& state) {
  Heads h{state.range(0), state.range(1)};
  h.forward();
  bench::measure<float>(state, h.work(2), [&] { h.backward(); });
}

void layer_forward(bench::State& state) {
  bench::Batch<Sample> x{state.range(0), state.range(1)};
  bench::Bench<Attention, Sample> layer{x.view()};
  const Segments s = x.view().segments;
  bench::measure<float>(state, {.items = bench::number(s.rows()), .flop = layer_flop(s)}, [&] { layer.forward(); });
}
void layer_backward(bench::State& state) {
  bench::Batch<Sample> x{state.range(0), state.range(1)};
  bench::Bench<Attention, Sample> layer{x.view()};
  const Segments s = x.view().segments;
  layer.measure_backward(state, {.items = bench::number(s.rows()), .flop = 2 * layer_flop(s)});
}

template <class Verb>
void packed(bench::State& state, Verb verb) {
  const std::vector<Size> lengths = bench::caption_lengths(state.range(0));
  bench::Batch<Sample> x{lengths}, filled{state.range(0), *std::ranges::max_element(lengths)};
  bench::Bench<Attention, Sample> layer{x.view()}, padded{filled.view()};
  state.counters["tokens"] = bench::number(x.view().segments.rows());
  state.counters["tokens_padded"] = bench::number(filled.view().segments.rows());
  bench::measure_beside<float>(
      state, {.items = bench::number(state.range(0)), .flop = layer_flop(x.view().segments)}, [&] { verb(layer); },
      "padded_over_packed", [&] { verb(padded); });
}
void packed_forward(bench::State& state) {
  packed(state, [](auto& layer) { layer.forward(); });
}
void packed_training(bench::State& state) {
  packed(state, [](auto& layer) { layer.training(); });
}

const bench::Names axes{"batch", "tokens", "heads", "width"};

BENCHMARK(kernel_forward)
    ->Name("attention_heads/cpu_f32")
    ->ArgNames(axes)
    ->Args({8, 197, heads, 64})
    ->Args({32, 197, heads, 64})
    ->Args({8, 577, heads, 64})
    ->Args({64, 20, heads, 64})
    ->UseRealTime();
BENCHMARK(kernel_backward)
    ->Name("attention_heads_backward/cpu_f32")
    ->ArgNames(axes)
    ->Args({8, 197, heads, 64})
    ->Args({8, 577, heads, 64})
    ->Args({64, 20, heads, 64})
    ->UseRealTime();
BENCHMARK(layer_forward)->Name("self_attention/cpu_f32")->ArgNames(axes)->Args({8, 197, heads, 64})->UseRealTime();
BENCHMARK(layer_backward)
    ->Name("self_attention_backward/cpu_f32")
    ->ArgNames(axes)
    ->Args({8, 197, heads, 64})
    ->UseRealTime();
BENCHMARK(packed_forward)->Name("self_attention_packed/cpu_f32")->ArgNames({"captions"})->Args({64})->UseManualTime();
BENCHMARK(packed_training)
    ->Name("self_attention_packed_forward_backward/cpu_f32")
    ->ArgNames({"captions"})
    ->Args({64})
    ->UseManualTime();

}  // namespace self_attention_bench
