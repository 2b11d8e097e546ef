// ViT-B/16's embedding of images of 224 x 224; backward with and without the gradient of the image.
#include <hashweave/nn/patch_embed.hpp>

#include "support/layers.hpp"

namespace patch_embed_bench {
using namespace hashweave;

using Embed = PatchEmbed<3, 224, 224, 16, 768>;
using Images = Pixels<3, 224, 224>;

bench::Work work(Size images, double products) {
  return {.items = bench::number(images), .flop = products * 2.0 * bench::number(images * Embed::patches * 768 * 768)};
}

void forward(bench::State& state) {
  bench::Batch<Images> x{state.range(0)};
  bench::Bench<Embed, Images> layer{x.view()};
  bench::measure<float>(state, work(state.range(0), 1), [&] { layer.forward(); });
}
void backward(bench::State& state) {
  bench::Batch<Images> x{state.range(0)};
  bench::Bench<Embed, Images> layer{x.view()};
  layer.measure_backward(state, work(state.range(0), 2));
}
void backward_parameters(bench::State& state) {
  bench::Batch<Images> x{state.range(0)};
  bench::Bench<Embed, Images> layer{x.view(), {.image_gradient = ImageGradient::skipped}};
  layer.measure_backward(state, work(state.range(0), 1));
}

BENCHMARK(forward)->Name("patch_embed/cpu_f32")->ArgNames({"images"})->Args({8})->Args({32})->UseRealTime();
BENCHMARK(backward)->Name("patch_embed_backward/cpu_f32")->ArgNames({"images"})->Args({8})->UseRealTime();
BENCHMARK(backward_parameters)
    ->Name("patch_embed_backward_parameters/cpu_f32")
    ->ArgNames({"images"})
    ->Args({8})
    ->UseRealTime();

}  // namespace patch_embed_bench
