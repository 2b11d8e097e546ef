// A whole step of training ViT2CMH with ViT-B/16 and BERT-base, all parameters trained: forward, losses, backward, Adam
// with a clipped gradient; as it is, and with forward, losses and backward replayed as one CUDA graph. Items: pairs.
// The pixels lie on the device; peer_vit2cmh copies them there for each step.
#include <hashweave/cmh/cross_modal.hpp>
#include <hashweave/cmh/hash_head.hpp>
#include <hashweave/cmh/losses.hpp>
#include <hashweave/cmh/shared_cross_encoder.hpp>
#include <hashweave/cmh/towers.hpp>
#include <hashweave/cmh/weighted_sum.hpp>
#include <hashweave/core/replay.hpp>
#include <hashweave/optim/adam.hpp>

#include "support/cuda.hpp"
#include "support/model_work.hpp"

namespace cuda_step_bench {
using namespace hashweave;
using B = Cuda<float>;

constexpr Size width = 768, blocks = 12, trunk_width = 1024, trunk_hidden = 2048, vocabulary = 30522, bits = 64;
using Images = Pixels<3, 224, 224>;
using ImageTower = Chain<VitTower<224, 16, width, blocks, 12, 4 * width>, Named<"proj", Linear<width, trunk_width>>>;
using TextTower =
    Chain<BertTower<vocabulary, 512, width, blocks, 12, 4 * width>, Named<"proj", Linear<width, trunk_width>>>;
using Trunk = Chain<Named<"shared", SharedCrossEncoder<trunk_width, 2, 4, trunk_hidden>>,
                    Named<"hash", HashHead<trunk_width, bits>>>;
using Net = CrossModal<ImageTower, TextTower, Trunk>;

/// The model with its optimiser: 3.2 GB with gradients and moments, made once a process and never closed.
struct Training {
  Model<B, Net, Images, TokenIds> model;
  Adam<B, Net> adam;

  Training() : adam{{.rate = 1e-5, .clip_norm = 2}} { model.params.initialise(2022); }
  static Training& instance() {
    static Training& one = *new Training;
    return one;
  }
};

template <Precision P, bool Replayed>
void step(bench::State& state) {
  const bench::InPrecision scope{P};
  const Size pairs = state.range(0);
  B& be = bench::cuda_backend();
  Training& t = Training::instance();
  bench::Batch<Images, B> images{pairs};
  const std::vector<Size> lengths = bench::caption_lengths(pairs), offsets = bench::offsets_of(lengths);
  Buffer<Size, CudaSharedMemory> shared_offsets{std::ssize(offsets)};
  std::ranges::copy(offsets, shared_offsets.data());
  Buffer<std::int32_t, CudaSharedMemory> ids{offsets.back()};
  const RandomStream stream{2022, 0, 9};
  for (Size i = 0; i < ids.size(); ++i)
    ids.data()[i] = static_cast<std::int32_t>(stream.bits(static_cast<std::uint64_t>(i)) % vocabulary);
  const View<B, TokenIds> texts{ids.data(), {shared_offsets.data(), pairs}};
  const WeightedSum<HardestTriplet, Angular> loss{{HardestTriplet{0.2}, Angular{45}}, {1, 0.1}};

  const std::vector<Size> patches(static_cast<std::size_t>(pairs), 197);
  const double flop = bench::tower_flop(lengths, width, blocks) + bench::tower_flop(patches, width, blocks) +
                      bench::upper_flop(lengths, width, trunk_width, trunk_hidden) +
                      bench::upper_flop(patches, width, trunk_width, trunk_hidden);
  const auto judge = [&] {
    const auto [codes, saved] = t.model.forward(be, images.view(), texts);
    const auto result = loss(be, codes.image, codes.text);
    t.model.backward(be, saved, result.gradient);
    return result;
  };
  const ReplayKey key{images.view().data, pairs, texts.ids, texts.segments};
  const auto train = [&] {
    be.tape().rewind();
    t.model.grads.zero();
    const auto result = Replayed ? replayed(be, key, judge) : judge();
    benchmark::DoNotOptimize(to_host(be, result.value));
    t.adam.step(be, t.model.params, t.model.grads);
  };
  for (int time = 0; Replayed && time < 3; ++time) train();  // until it is recorded
  bench::measure_on_device(state, {.items = bench::number(pairs), .flop = 3 * flop}, train);
  if (!Replayed) state.counters["tape_MiB"] = bench::number(be.tape().step_peak()) / (1 << 20);
}

[[maybe_unused]] const bool added = [] {
  for (const Size pairs : {30, 256}) {
    bench::on_device("vit2cmh_step/cuda_f32", step<Precision::full, false>, {"pairs"})->Args({pairs});
    bench::on_device("vit2cmh_step/cuda_bf16", step<Precision::bf16, false>, {"pairs"})->Args({pairs});
    bench::on_device("vit2cmh_step_replayed/cuda_f32", step<Precision::full, true>, {"pairs"})->Args({pairs});
    bench::on_device("vit2cmh_step_replayed/cuda_bf16", step<Precision::bf16, true>, {"pairs"})->Args({pairs});
  }
  return true;
}();

}  // namespace cuda_step_bench
