// The losses with their gradients, on codes of 64 bits. Items: pairs or samples of the batch.
#include <hashweave/cmh/label_losses.hpp>
#include <hashweave/cmh/losses.hpp>
#include <hashweave/cmh/pair_losses.hpp>
#include <hashweave/cmh/weighted_sum.hpp>

#include "support/layers.hpp"

namespace losses_bench {
using namespace hashweave;

constexpr Size bits = 64, classes = 80;
using Codes = Vectors<bits>;

template <class L>
void on_pairs(bench::State& state) {
  Cpu<float>& be = bench::backend<float>();
  bench::Batch<Codes> images{state.range(0)}, texts{state.range(0)};
  const L loss{};
  bench::measure<float>(state, {.items = bench::number(state.range(0))}, [&] {
    be.tape().rewind();
    loss(be, images.view(), texts.view());
  });
}
template <class L>
void on_labels(bench::State& state) {
  Cpu<float>& be = bench::backend<float>();
  const Size n = state.range(0);
  bench::Batch<Codes> codes{n};
  std::vector<float> labels(static_cast<std::size_t>(n * classes));
  for (Size i = 0; i < n; ++i) labels[static_cast<std::size_t>(i * classes + i % classes)] = 1;
  const L loss{};
  bench::measure<float>(state, {.items = bench::number(n)}, [&] {
    be.tape().rewind();
    loss(be, codes.view(), matrix<const float>(labels.data(), n, classes));
  });
}
template <class L>
void on_codes(bench::State& state) {
  Cpu<float>& be = bench::backend<float>();
  bench::Batch<Codes> codes{state.range(0)};
  const L loss{};
  bench::measure<float>(state, {.items = bench::number(state.range(0))}, [&] {
    be.tape().rewind();
    loss(be, codes.view());
  });
}

void add(const std::string& name, void (*f)(bench::State&)) {
  benchmark::RegisterBenchmark((name + "/cpu_f32").c_str(), f)
      ->ArgNames({"batch", "bits"})
      ->Args({32, bits})
      ->Args({128, bits})
      ->Args({512, bits})
      ->UseRealTime();
}

[[maybe_unused]] const bool added = [] {
  add("hardest_triplet", on_pairs<HardestTriplet>);
  add("angular", on_pairs<Angular>);
  add("triplet_angular", on_pairs<TripletAngularLoss<>>);
  add("info_nce", on_pairs<InfoNce>);
  add("cauchy_pairs", on_labels<CauchyPairs>);
  add("logistic_pairs", on_labels<LogisticPairs>);
  add("quantisation", on_codes<Quantisation>);
  add("cauchy_quantisation", on_codes<CauchyQuantisation>);
  return true;
}();

}  // namespace losses_bench
