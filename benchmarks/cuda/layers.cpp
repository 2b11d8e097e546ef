// The kernels and layers of ViT-B/16 besides its products, a whole block, and Adam.
#include <hashweave/cmh/transformer_block.hpp>
#include <hashweave/nn/layer_norm.hpp>
#include <hashweave/nn/linear.hpp>
#include <hashweave/optim/adam.hpp>

#include "support/cuda.hpp"

namespace cuda_layers_bench {
using namespace hashweave;
using B = Cuda<float>;

constexpr Size width = 768, heads = 12, hidden = 3072;

/// The kernel of the heads on its own: q, k and v are there already.
template <bool Backward>
void attention_heads(bench::State& state) {
  const bench::BlockWork work{state.range(0), state.range(1), width, hidden};
  bench::Batch<Tokens<3 * width>, B> qkv{work.sequences, work.tokens};
  bench::Batch<Tokens<width>, B> d_o{work.sequences, work.tokens};
  Buffer<float, CudaMemory> values{work.rows() * (5 * width + heads)};
  const Mat<float> o = matrix(values.data(), work.rows(), width);
  const Mat<float> lse = matrix(values.data() + work.rows() * width, work.rows(), heads);
  const Mat<float> d_qkv = matrix(values.data() + work.rows() * (width + heads), work.rows(), 3 * width);
  const AttentionShape shape{qkv.view().segments, heads, false, 0, {}, nullptr};
  B& be = bench::cuda_backend();
  const auto forward = [&] {
    const TapeScope tape{be};
    attention<float>(be, o, lse, qkv.view().mat(), {}, shape);
  };
  forward();
  // backward needs five products where forward has two; ours computes two of them twice
  const bench::Work whole{.items = bench::number(work.sequences), .flop = work.attention() * (Backward ? 2.5 : 1)};
  if (!Backward) {
    bench::measure_on_device(state, whole, forward);
  } else {
    bench::measure_on_device(state, whole, [&] {
      const TapeScope tape{be};
      attention_backward<float>(be, d_qkv, {}, d_o.view().mat(), qkv.view().mat(), o, lse, {}, shape);
    });
  }
}

template <bool Backward>
void layer_norm(bench::State& state) {
  const Size rows = state.range(0);
  bench::Batch<Vectors<width>, B> x{rows};
  bench::Bench<LayerNorm<width>, Vectors<width>, B> layer{x.view()};
  const bench::Work work{.items = bench::number(rows), .bytes = bench::float_bytes(Backward ? 3 : 2, rows * width)};
  if (Backward)
    layer.measure_backward(state, work);
  else
    bench::measure_on_device(state, work, [&] { layer.forward(); });
}

template <Precision P, bool Training>
void block(bench::State& state) {
  const bench::InPrecision scope{P};
  const bench::BlockWork work{state.range(0), state.range(1), width, hidden};
  bench::Batch<Tokens<width>, B> x{work.sequences, work.tokens};
  bench::Bench<TransformerBlock<width, heads, hidden>, Tokens<width>, B> layer{x.view()};
  bench::measure_on_device(
      state, {.items = bench::number(work.sequences), .flop = Training ? work.training() : work.forward()},
      [&] { Training ? layer.training() : layer.infer(); });
  layer.be.tape().rewind();
  Training ? layer.training() : layer.infer();
  state.counters["tape_MiB"] = bench::number(layer.be.tape().step_peak()) / (1 << 20);
}

/// With the gradient's norm: 32 bytes a parameter, as on the CPU.
template <Size In, Size Out>
void adam(bench::State& state) {
  using Arch = Linear<In, Out, NoBias>;
  Model<B, Arch, Vectors<In>> model;
  Adam<B, Arch> optimiser{{.rate = 1e-3, .clip_norm = 1}};
  const Mat<float> g = model.grads.flat();
  const auto gradient = bench::device_numbers(g.cols);
  copy<float>(bench::cuda_backend(), g, matrix(gradient.data(), 1, g.cols));
  bench::measure_on_device(state, {.items = bench::number(In * Out), .bytes = bench::float_bytes(8, In * Out)},
                           [&] { optimiser.step(bench::cuda_backend(), model.params, model.grads); });
}

[[maybe_unused]] const bool added = [] {
  const bench::Names attended{"batch", "tokens", "heads", "width"}, rows{"rows", "width"};
  for (const Size batch : {8, 64, 256}) {
    bench::on_device("attention_heads/cuda_f32", attention_heads<false>, attended)->Args({batch, 197, heads, 64});
    bench::on_device("attention_heads_backward/cuda_f32", attention_heads<true>, attended)
        ->Args({batch, 197, heads, 64});
    bench::on_device("layer_norm/cuda_f32", layer_norm<false>, rows)->Args({batch * 197, width});
    bench::on_device("layer_norm_backward/cuda_f32", layer_norm<true>, rows)->Args({batch * 197, width});
    const auto one = [&](const char* name, void (*f)(bench::State&)) {
      bench::on_device(name, f, {"batch", "tokens", "width", "heads", "hidden"})
          ->Args({batch, 197, width, heads, hidden});
    };
    one("transformer_block_infer/cuda_f32", block<Precision::full, false>);
    one("transformer_block_infer/cuda_bf16", block<Precision::bf16, false>);
    one("transformer_block_forward_backward/cuda_f32", block<Precision::full, true>);
    one("transformer_block_forward_backward/cuda_bf16", block<Precision::bf16, true>);
  }
  bench::on_device("adam/cuda_f32", adam<2500, 4000>, {"parameters"})->Args({10'000'000});
  bench::on_device("adam/cuda_f32", adam<10000, 10000>, {"parameters"})->Args({100'000'000});
  return true;
}();

}  // namespace cuda_layers_bench
