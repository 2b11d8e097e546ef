// BERT's embedding: captions of unequal lengths, words drawn from the whole vocabulary.
#include <hashweave/nn/embedding.hpp>

#include "support/layers.hpp"

namespace embedding_bench {
using namespace hashweave;
using B = Cpu<float>;

constexpr Size vocabulary = 30522, width = 768;
using Embed = TokenEmbed<vocabulary, 512, width, 2>;

struct Captions {
  std::vector<Size> offsets;
  std::vector<std::int32_t> ids;

  explicit Captions(Size count) : offsets{bench::offsets_of(bench::caption_lengths(count))} {
    const RandomStream stream{1, 0, 0};
    for (Size t = 0; t < offsets.back(); ++t) {
      ids.push_back(static_cast<std::int32_t>(stream.bits(static_cast<std::uint64_t>(t)) % vocabulary));
    }
  }
  View<B, TokenIds> view() const { return {ids.data(), {offsets.data(), static_cast<Size>(offsets.size()) - 1}}; }
};

void forward(bench::State& state) {
  const Captions x{state.range(0)};
  bench::Bench<Embed, TokenIds> layer{x.view()};
  const Size tokens = x.offsets.back();
  bench::measure<float>(state, {.items = bench::number(tokens), .bytes = bench::float_bytes(2, tokens * width)},
                        [&] { layer.forward(); });
}
void backward(bench::State& state) {
  const Captions x{state.range(0)};
  bench::Bench<Embed, TokenIds> layer{x.view()};
  const Size tokens = x.offsets.back();
  layer.measure_backward(state, {.items = bench::number(tokens), .bytes = bench::float_bytes(3, tokens * width)});
}

BENCHMARK(forward)->Name("token_embed/cpu_f32")->ArgNames({"captions"})->Args({64})->UseRealTime();
BENCHMARK(backward)->Name("token_embed_backward/cpu_f32")->ArgNames({"captions"})->Args({64})->UseRealTime();

}  // namespace embedding_bench
