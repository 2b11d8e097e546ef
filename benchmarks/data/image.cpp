// From an image file to a model's input, part by part. Items are images; a photograph of 640 x 480 is made here, so
// that nothing has to be downloaded: only its decoding needs a file, of which HASHWEAVE_JPEG names one.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <fstream>
#include <hashweave/core/random.hpp>
#include <hashweave/data/decode.hpp>
#include <hashweave/data/preprocess.hpp>
#include <iterator>
#include <string>
#include <vector>

namespace image_bench {
using namespace hashweave;

Image photo(Size height, Size width) {
  const RandomStream random{1, 0, 0};
  Image image{height, width};
  for (Size i = 0; i < static_cast<Size>(image.bytes()); ++i) {
    const auto grain = random.bits(static_cast<std::uint64_t>(i)) & 15;
    image.data()[i] = static_cast<std::uint8_t>((i / 7 + i / (3 * width)) % 240 + grain);
  }
  return image;
}

void count(benchmark::State& state, const Image& image) {
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(image.bytes()));
}

void decode(benchmark::State& state) {
  const char* path = std::getenv("HASHWEAVE_JPEG");
  if (path == nullptr) return state.SkipWithError("HASHWEAVE_JPEG names no file");
  std::ifstream in{path, std::ios::binary};
  const std::vector<char> file{std::istreambuf_iterator<char>{in}, {}};
  Image image;
  for (auto _ : state) image = decode_image(std::as_bytes(std::span{file}));
  count(state, image);
}
BENCHMARK(decode)->Name("decode_image/jpeg")->ThreadRange(1, 2)->UseRealTime();

void scale(benchmark::State& state, Filter filter) {
  const Image image = photo(480, 640);
  for (auto _ : state) benchmark::DoNotOptimize(resample(image, 256, 341, filter));
  count(state, image);
}
BENCHMARK_CAPTURE(scale, bilinear, Filter::bilinear)->Name("resample/bilinear/480x640/256x341");
BENCHMARK_CAPTURE(scale, bicubic, Filter::bicubic)->Name("resample/bicubic/480x640/256x341");
BENCHMARK_CAPTURE(scale, lanczos, Filter::lanczos)->Name("resample/lanczos/480x640/256x341");

void prepare(benchmark::State& state, Preset preset) {
  const Image image = photo(480, 640);
  std::vector<float> out(3 * 224 * 224);
  for (auto _ : state) {
    preprocess<224>(image, preset, std::span{out});
    benchmark::ClobberMemory();
  }
  count(state, image);
}
BENCHMARK_CAPTURE(prepare, vit_hf, presets::vit_hf)->Name("preprocess/vit_hf/480x640/224");
BENCHMARK_CAPTURE(prepare, vit_timm, presets::vit_timm)->Name("preprocess/vit_timm/480x640/224");
BENCHMARK_CAPTURE(prepare, dinov2, presets::dinov2)
    ->Name("preprocess/dinov2/480x640/224")
    ->ThreadRange(1, 2)
    ->UseRealTime();
BENCHMARK_CAPTURE(prepare, clip, presets::clip)->Name("preprocess/clip/480x640/224");

void augment(benchmark::State& state) {
  const Image image = photo(480, 640);
  std::vector<float> out(3 * 224 * 224);
  std::uint32_t position = 0;
  for (auto _ : state) {
    preprocess<224>(image, presets::clip, Augmentation{}, augmentation_stream(1, 0, position++), std::span{out});
    benchmark::ClobberMemory();
  }
  count(state, image);
}
BENCHMARK(augment)->Name("preprocess/resized_crop/480x640/224");

}  // namespace image_bench
