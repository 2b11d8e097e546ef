// The tape: what a step's buffers cost beside the heap's. Items: buffers.
#include <hashweave/core/tape.hpp>
#include <memory>

#include "support/bench.hpp"

namespace tape_bench {
using namespace hashweave;

constexpr Size buffers = 256;  // about what twelve transformer blocks take

void take_and_rewind(bench::State& state) {
  Tape<HostMemory> tape;
  const Size floats = state.range(0) / 4;
  bench::measure<float>(state, {.items = buffers}, [&] {
    tape.rewind();
    for (Size i = 0; i < buffers; ++i) benchmark::DoNotOptimize(tape.take<float>(floats));
  });
}
void take_and_release(bench::State& state) {
  Tape<HostMemory> tape;
  const Size floats = state.range(0) / 4;
  bench::measure<float>(state, {.items = buffers}, [&] {
    tape.rewind();
    for (Size i = 0; i < buffers; ++i) {
      const auto mark = tape.mark();
      benchmark::DoNotOptimize(tape.take<float>(floats));
      tape.release(mark);
    }
  });
}
void heap(bench::State& state) {
  const auto floats = static_cast<std::size_t>(state.range(0) / 4);
  std::vector<std::unique_ptr<float[]>> held(buffers);
  bench::measure<float>(state, {.items = buffers}, [&] {
    for (auto& buffer : held) {
      buffer.reset(new float[floats]);
      benchmark::DoNotOptimize(buffer.get());
    }
  });
}

BENCHMARK(take_and_rewind)->Name("tape_take")->ArgNames({"bytes"})->Args({4096})->Args({4'841'472})->UseRealTime();
BENCHMARK(take_and_release)->Name("tape_take_release")->ArgNames({"bytes"})->Args({4'841'472})->UseRealTime();
BENCHMARK(heap)->Name("heap_new")->ArgNames({"bytes"})->Args({4096})->Args({4'841'472})->UseRealTime();

}  // namespace tape_bench
