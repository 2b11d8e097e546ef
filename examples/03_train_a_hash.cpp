// Trains a hash function with labels: vectors of eight noisy classes become 32-bit codes, and retrieval by Hamming
// distance is measured before and after.
#include <cstdio>
#include <hashweave/eval/mean_average_precision.hpp>
#include <hashweave/hashweave.hpp>
#include <hashweave/index/pack.hpp>
#include <vector>

using namespace hashweave;
using B = Cpu<float>;

constexpr Size classes = 8, width = 48, bits = 32, batch = 128;

/// Samples around one centre a class, with labels as rows of zeros and a one.
struct Data {
  std::vector<float> x, labels;
  Size rows;

  Data(Size n, std::uint32_t part)
      : x(static_cast<std::size_t>(n * width)), labels(static_cast<std::size_t>(n * classes)), rows{n} {
    const RandomStream centres{1, 0, 0}, noise{1, 1, part};
    for (Size i = 0; i < n; ++i) {
      const Size label = i % classes;
      labels[static_cast<std::size_t>(i * classes + label)] = 1;
      for (Size c = 0; c < width; ++c) {
        const double centre = centres.normal(static_cast<std::uint64_t>(label * width + c));
        x[static_cast<std::size_t>(i * width + c)] =
            static_cast<float>(centre + 2.5 * noise.normal(static_cast<std::uint64_t>(i * width + c)));
      }
    }
  }
  View<B, Vectors<width>> view() { return {x.data(), rows}; }
};

struct Hash
    : Chain<Named<"fc1", Linear<width, 128>>, Gelu, Named<"norm", LayerNorm<128>>, Named<"head", HashHead<128, bits>>> {
};
using HashModel = Model<B, Hash, Vectors<width>>;

/// mAP of all ranked: test samples ask, training samples answer.
double retrieval(B& be, HashModel& model, Data& query, Data& database) {
  be.tape().rewind();
  const auto q = pack<bits>(model.infer(be, query.view()).mat());
  const auto d = pack<bits>(model.infer(be, database.view()).mat());
  const auto relevant = [&](Size i, Size j) { return i % classes == j % classes; };
  return map_all(hamming_table(q, d), relevant).value;
}

int main() {
  B be;
  HashModel model;
  model.params.initialise(3);
  Data train{batch, 0}, database{1024, 1}, query{256, 2};

  const CauchyPairs pairs;
  const Quantisation quantisation;
  Adam<B, Hash> adam{{.rate = 3e-3, .clip_norm = 5}};
  const double before = retrieval(be, model, query, database);
  for (std::uint32_t step = 0; step < 150; ++step) {
    Data part{batch, 100 + step};
    be.tape().rewind();
    be.random().begin_step(step);
    model.grads.zero();
    const auto [codes, saved] = model.forward(be, part.view());
    const auto loss = pairs(be, codes, matrix<const float>(part.labels.data(), part.rows, classes));
    const auto off = quantisation(be, codes);
    add_scaled(be, loss.gradient.mat(), off.gradient.mat(), 0.1);
    model.backward(be, saved, loss.gradient);
    const StepReport report = adam.step(be, model.params, model.grads);
    if (step % 30 == 0) {
      std::printf("step %3u  pairwise %.3f  quantisation %.3f  gradient %.3f\n", step, to_host(be, loss.value),
                  to_host(be, off.value), report.grad_norm);
    }
  }
  const double after = retrieval(be, model, query, database);
  std::printf("mAP %.3f before training, %.3f after\n", before, after);
  std::printf("a step uses %.1f KiB of tape\n", static_cast<double>(be.tape().high_water()) / 1024);
  return after > before + 0.2 ? 0 : 1;
}
