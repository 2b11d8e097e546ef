// Each layer of the app's models against the roofline of this machine: the time that its products need at the rate of
// the fastest large product, or its compulsory bytes at the memory's bandwidth, whichever is longer, over its own time.
//   peer_layers f32|bf16     a Markdown table
// HASHWEAVE_THREADS and HASHWEAVE_ENGINE as for the benchmarks.
#include <cstdio>
#include <functional>
#include <hashweave/cmh/hash_head.hpp>
#include <hashweave/cmh/shared_cross_encoder.hpp>
#include <hashweave/cmh/towers.hpp>
#include <hashweave/core/constants.hpp>
#include <string>
#include <vector>

#include "support/layers.hpp"
#include "support/machine.hpp"
#include "support/model_work.hpp"

namespace {

using namespace hashweave;
using Lengths = std::vector<Size>;

/// The best times of a layer and what it does at least; a step is forward and backward.
struct Row {
  std::string layer, batch;
  double flop = 0, bytes = 0, step_flop = 0, step_bytes = 0;  ///< of products and attention; of arrays, each once
  double codes = 0, step = 0;                                 ///< seconds
};

double rows_of(const Lengths& lengths) {
  double sum = 0;
  for (const Size n : lengths) sum += bench::number(n);
  return sum;
}
/// Both products of attention over these sequences.
double attention_flop(const Lengths& lengths, Size width) {
  double sum = 0;
  for (const Size n : lengths) sum += 4.0 * bench::number(n) * bench::number(n) * bench::number(width);
  return sum;
}
double block_flop(const Lengths& lengths, Size width, Size hidden) {
  double sum = 0;
  for (const Size n : lengths) sum += bench::BlockWork{1, n, width, hidden}.forward();
  return sum;
}

class Roofline {
 public:
  explicit Roofline(Precision precision) : precision_{precision} { be_.use(precision); }

  /// Measures L on `x`, whose last layer computes `flop` forward and `backward` times that on the way back.
  template <class L, class S>
  void measure(const std::string& name, const std::string& batch, bench::Batch<S> x, double flop, double backward = 2) {
    bench::Bench<L, S> layer{x.view()};
    Row row{.layer = name, .batch = batch, .flop = flop, .step_flop = flop * (1 + backward)};
    const double parameters = 4.0 * bench::number(layer.model.params.count());
    const double in = 4.0 * bench::number(View<Cpu<float>, S>::scalars(x.view().layout()));
    be_.tape().rewind();
    const auto y = layer.model.forward(be_, x.view()).y;
    const double out = 4.0 * bench::number(decltype(y)::scalars(y.layout()));
    // weights that are kept have been rounded before
    row.bytes = in + out + parameters * (precision_ == Precision::bf16 ? 0.5 : 1);
    // forward reads x and the parameters and writes y; backward reads x, dy and them, writes dx, adds to their
    // gradients
    row.step_bytes = 3 * in + 2 * out + 4 * parameters;
    {
      const ConstantScope scope{be_, layer.model.params.values()};
      row.codes = best([&] { layer.infer(); });
    }
    be_.constants().forget(layer.model.params.values());
    row.step = best([&] { layer.training(); });
    rows_.push_back(row);
  }

  void print() const {
    const bool bf16 = precision_ == Precision::bf16;
    std::printf(
        "The roof: %.0f GFLOP/s (%s, the best product of 2048 x 3072, depth 768, between the layers), %.1f GB/s.\n\n",
        peak_ * 1e-9, bf16 ? "bf16" : "f32", bandwidth_ * 1e-9);
    std::puts(
        "| layer | batch | FLOP a byte | codes: ms | GFLOP/s | GB/s | of the roof | step: ms | GFLOP/s | GB/s | of the "
        "roof |");
    std::puts("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
    for (const Row& r : rows_) {
      std::printf("| %s | %s | %.0f |", r.layer.c_str(), r.batch.c_str(), r.flop / r.bytes);
      print_part(r.flop, r.bytes, r.codes);
      print_part(r.step_flop, r.step_bytes, r.step);
      std::puts("");
    }
  }

 private:
  /// The best of at least a quarter of a second, and the machine's rates beside it.
  template <class F>
  double best(F&& f) {
    f();
    f();
    double least = bench::seconds(f);
    for (double sum = least; sum < 0.25;) {
      const double s = bench::seconds(f);
      least = std::min(least, s);
      sum += s;
    }
    peak_ = std::max(peak_, bench::product_rate(be_, 5));
    return least;
  }
  void print_part(double flop, double bytes, double seconds) const {
    const double roof = std::max(flop / peak_, bytes / bandwidth_);
    std::printf(" %.2f | %.0f | %.1f | %.0f%% |", seconds * 1e3, flop / seconds * 1e-9, bytes / seconds * 1e-9,
                100 * roof / seconds);
  }

  Precision precision_;
  Cpu<float>& be_ = bench::backend<float>();
  double peak_ = 0, bandwidth_ = bench::memory_bandwidth();
  std::vector<Row> rows_;
};

/// The layers of a tower's block, and the block.
template <Size D, Size Heads, Size Hidden, class Block>
void measure_block(Roofline& roofline, const std::string& tower, const std::string& batch, const Lengths& lengths) {
  using S = Tokens<D>;
  const double rows = rows_of(lengths), attention = attention_flop(lengths, D);
  const auto x = [&] { return bench::Batch<S>{lengths}; };
  roofline.measure<LayerNorm<D>, S>(tower + ": LayerNorm", batch, x(), 0);
  roofline.measure<SelfAttention<D, Heads>, S>(tower + ": attention with its projections", batch, x(),
                                               8 * rows * D * D + attention);
  roofline.measure<Mlp<D, Hidden>, S>(tower + ": MLP", batch, x(), 4 * rows * D * Hidden);
  roofline.measure<Block, S>(tower + ": block", batch, x(), block_flop(lengths, D, Hidden));
}

void measure_all(Precision precision) {
  Roofline roofline{precision};
  constexpr Size images = 8, captions = 64, width = 1024;
  const Lengths vit(images, 197), dino(images, 257), text = bench::caption_lengths(captions);
  const std::string of_images = std::to_string(images) + " images", of_text = std::to_string(captions) + " captions";

  using VitPatches = PatchEmbed<3, 224, 224, 16, 768>;
  using Image = Pixels<3, 224, 224>;
  roofline.measure<VitPatches, Image>("ViT-B/16: patch embedding", of_images, bench::Batch<Image>{images},
                                      2.0 * images * 196 * 768 * 768, 1);  // pixels take no gradient
  measure_block<768, 12, 3072, TransformerBlock<768, 12, 3072>>(roofline, "ViT-B/16", of_images, vit);
  measure_block<768, 12, 3072, PostNormBlock<768, 12, 3072>>(roofline, "BERT-base", of_text, text);
  measure_block<384, 6, 1536, ScaledBlock<384, 6, 1536>>(roofline, "DINOv2-S", of_images, dino);
  measure_block<384, 12, 1536, PostNormBlock<384, 12, 1536>>(roofline, "MiniLM", of_text, text);

  const auto upper = [&](const std::string& batch, const Lengths& lengths) {
    using S = Tokens<768>;
    roofline.measure<Linear<768, width>, S>("projection to the trunk", batch, bench::Batch<S>{lengths},
                                            2 * rows_of(lengths) * 768 * width);
    roofline.measure<SharedCrossEncoder<width, 2, 4, 2048>, Tokens<width>>(
        "trunk", batch, bench::Batch<Tokens<width>>{lengths}, bench::upper_flop(lengths, 0, width, 2048));
  };
  upper(of_images, vit);
  upper(of_text, text);
  roofline.measure<HashHead<width, 64>, Vectors<width>>(
      "hash head, 64 bits", of_text, bench::Batch<Vectors<width>>{captions}, 2.0 * captions * width * 64);
  roofline.print();
}

}  // namespace

int main(int argc, char** argv) {
  const std::string precision = argc == 2 ? argv[1] : "";
  if (precision != "f32" && precision != "bf16") {
    std::fputs("usage: peer_layers f32|bf16\n", stderr);
    return 2;
  }
  try {
    measure_all(precision == "bf16" ? Precision::bf16 : Precision::full);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "peer_layers: %s\n", error.what());
    return 1;
  }
  return 0;
}
