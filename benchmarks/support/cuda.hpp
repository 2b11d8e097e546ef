#pragma once
#include <algorithm>
#include <hashweave/cuda.hpp>
#include <string>

#include "support/layers.hpp"

// How the benchmarks of the CUDA backend measure, and what the GPU can do: the rates against which they report what
// they reach, measured in the same process. Nothing here needs a CUDA header.
namespace hashweave::bench {

/// The backend that all benchmarks of a process share. It is never closed: CUDA may be gone before the last static is.
inline Cuda<float>& cuda_backend() {
  static Cuda<float>& be = *new Cuda<float>;
  return be;
}

/// Products in this precision while it lives.
class InPrecision {
 public:
  explicit InPrecision(Precision precision) { cuda_backend().use(precision); }
  InPrecision(const InPrecision&) = delete;
  ~InPrecision() { cuda_backend().use(before_); }

 private:
  Precision before_ = cuda_backend().precision();
};

/// Numbers in the device's memory, random in stretches of a million: a GPU is faster with zeros, which cost it less
/// power.
inline Buffer<float, CudaMemory> device_numbers(Size n, std::uint32_t place = 0) {
  const Size drawn = std::min(n, Size{1} << 20);
  const std::vector<float> numbers = normal_numbers<float>(drawn, place);
  Buffer<float, CudaMemory> out{n};
  for (Size first = 0; first < n; first += drawn)
    CudaMemory::copy_from_host(out.data() + first, numbers.data(),
                               static_cast<std::size_t>(std::min(drawn, n - first)) * sizeof(float));
  return out;
}

/// Seconds of one f that is given to the device: of so many, one after the other, that they take 10 ms at least, until
/// the last is done.
template <class F>
double device_seconds(F&& f) {
  static constexpr double least = 0.01;
  for (Size calls = 1;; calls *= 2) {
    cuda_backend().synchronise();
    const double taken = seconds([&] {
      for (Size i = 0; i < calls; ++i) f();
      cuda_backend().synchronise();
    });
    if (taken >= least || calls >= Size{1} << 16) return taken / number(calls);
  }
}
/// The same, the best of a few.
template <class F>
double best_device_seconds(F&& f) {
  f();
  double best = device_seconds(f);
  for (int i = 0; i < 4; ++i) best = std::min(best, device_seconds(f));
  return best;
}

/// Bytes a second that the device's memory moves: the larger of a copy of 1 GiB by CUDA itself (read and written), and
/// of the sum of its squares by our kernel (read).
inline double device_bandwidth() {
  static const double bandwidth = [] {
    constexpr Size n = Size{1} << 28;
    const double bytes = 4 * number(n);
    const auto from = device_numbers(n);
    Buffer<float, CudaMemory> to{n};
    float last = 0;
    const double copied = best_seconds(5, [&] {  // the second copy waits for the first
      CudaMemory::copy(to.data(), from.data(), to.bytes());
      CudaMemory::copy_to_host(&last, to.data() + n - 1, sizeof last);
    });
    const double summed =
        best_device_seconds([&] { squared_norm<float>(cuda_backend(), matrix<const float>(from.data(), 1, n)); });
    return std::max(2 * bytes / copied, bytes / summed);
  }();
  return bandwidth;
}

/// Floating-point operations a second of a product of 8192 x 8192, depth 8192, in this precision.
template <Precision P>
double device_product_rate() {
  static const double rate = [] {
    constexpr Size n = 8192;
    Cuda<float>& be = cuda_backend();
    const InPrecision scope{P};
    const auto a = device_numbers(n * n, 1), b = device_numbers(n * n, 2);
    Buffer<float, CudaMemory> c{n * n};
    const double taken = best_device_seconds([&] {
      multiply<float>(be, Form::nt, matrix(c.data(), n, n), matrix<const float>(a.data(), n, n),
                      matrix<const float>(b.data(), n, n));
    });
    return 2 * number(n) * number(n) * number(n) / taken;
  }();
  return rate;
}

/// items/s, FLOP/s, bytes/s, and what part of the device's own rates that is: `of_product` of the large product in the
/// backend's precision, `of_bandwidth` of its memory.
inline void report_device(State& state, const Work& work, double seconds) {
  if (work.items > 0) state.counters["items/s"] = work.items / seconds;
  if (work.flop > 0) {
    const bool bf16 = cuda_backend().precision() == Precision::bf16;
    state.counters["FLOP/s"] = work.flop / seconds;
    state.counters["of_product"] =
        work.flop / seconds / (bf16 ? device_product_rate<Precision::bf16>() : device_product_rate<Precision::full>());
  }
  if (work.bytes > 0) {
    state.counters["bytes/s"] = work.bytes / seconds;
    state.counters["of_bandwidth"] = work.bytes / seconds / device_bandwidth();
  }
}

/// A benchmark of the device, which calls `measure_on_device`: ten rounds, each of 10 ms or more. Where the device
/// fails it, as for want of memory, the others go on.
inline auto* on_device(const std::string& name, void (*f)(State&), const Names& axes) {
  const auto guarded = [f](State& state) {
    try {
      f(state);
    } catch (const CudaError& error) {
      state.SkipWithError(error.what());
    }
  };
  return benchmark::RegisterBenchmark(name.c_str(), guarded)->ArgNames(axes)->UseManualTime()->Iterations(10);
}

/// Measures what f gives to the device -> the mean of its seconds.
template <class F>
double measure_on_device(State& state, const Work& work, F&& f) {
  f();  // the tape finds its size, cuBLASLt its algorithms
  double sum = 0;
  for (auto _ : state) {
    const double now = device_seconds(f);
    state.SetIterationTime(now);
    sum += now;
  }
  const double mean = sum / number(state.iterations());
  report_device(state, work, mean);
  return mean;
}

template <>
struct On<Cuda<float>> {
  using SharedMemory = CudaSharedMemory;

  static Cuda<float>& backend() { return cuda_backend(); }
  static Buffer<float, CudaMemory> normal_numbers(Size n, std::uint32_t place = 0) { return device_numbers(n, place); }
  template <class F>
  static void measure(State& state, const Work& work, F&& f) {
    measure_on_device(state, work, f);
  }
};

}  // namespace hashweave::bench
