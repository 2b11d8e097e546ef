#pragma once
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "support/machine.hpp"

// How the benchmarks measure and what they report beside the time.
namespace hashweave::bench {

using benchmark::State;
using Names = std::vector<std::string>;

/// What one call of the measured work does; 0: does not matter.
struct Work {
  double items = 0;
  double flop = 0;
  double bytes = 0;  ///< read and written, each array once
};

/// A number of any type as the counters want it.
template <class N>
constexpr double number(N n) {
  return static_cast<double>(n);
}

/// items/s, FLOP/s, bytes/s, and what part of the machine's peak that is: `of_peak` of multiply-adds in T,
/// `of_bandwidth` of memory. Small arrays stay in the caches, so that their `of_bandwidth` may pass 1.
template <class T>
void report(State& state, const Work& work, double seconds) {
  if (work.items > 0) state.counters["items/s"] = work.items / seconds;
  if (work.flop > 0) {
    state.counters["FLOP/s"] = work.flop / seconds;
    state.counters["of_peak"] = work.flop / seconds / multiply_add_peak<T>();
  }
  if (work.bytes > 0) {
    state.counters["bytes/s"] = work.bytes / seconds;
    state.counters["of_bandwidth"] = work.bytes / seconds / memory_bandwidth();
  }
}

/// Measures f; to be registered with UseRealTime.
template <class T, class F>
void measure(State& state, const Work& work, F&& f) {
  f();  // the tape and the scratch memory find their size
  double sum = 0;
  for (auto _ : state) sum += seconds(f);
  report<T>(state, work, sum / number(state.iterations()));
}

/// Measures f and `other` in turn; counter `name` is best time of `other` over best time of f, times `scale`. To be
/// registered with UseManualTime.
template <class T, class F, class G>
void measure_beside(State& state, const Work& work, F&& f, const char* name, G&& other, double scale = 1) {
  f();
  other();
  double sum = 0, best = std::numeric_limits<double>::infinity(), best_other = best;
  for (auto _ : state) {
    const double now = seconds(f);
    state.SetIterationTime(now);
    sum += now;
    best = std::min(best, now);
    best_other = std::min(best_other, seconds(other));
  }
  report<T>(state, work, sum / number(state.iterations()));
  for (auto i = state.iterations(); i < 5; ++i) {  // a ratio of single runs would be one of chance
    best = std::min(best, seconds(f));
    best_other = std::min(best_other, seconds(other));
  }
  state.counters[name] = scale * best_other / best;
}

/// Thousands of millions, for the head of the results.
inline std::string giga(double x) { return std::to_string(std::lround(x * 1e-9)); }

/// What the machine can do, for the head of the results.
inline void add_machine() {
  benchmark::AddCustomContext("threads", std::to_string(thread_count()));
  benchmark::AddCustomContext("multiply-add peak f32, GFLOP/s", giga(multiply_add_peak<float>()));
  benchmark::AddCustomContext("multiply-add peak f64, GFLOP/s", giga(multiply_add_peak<double>()));
  benchmark::AddCustomContext("memory bandwidth, GB/s", giga(memory_bandwidth()));
}

/// The main program of a benchmark. Google Benchmark's flags come behind ours and win. `begin` is called before
/// anything is measured, not where benchmarks are only listed; what it gives, unless 0, is the status to end with.
template <class F>
int run(int argc, char** argv, F&& begin) {
  std::string short_time = "--benchmark_min_time=0.1";
  std::vector<char*> arguments{argv, argv + argc};
  arguments.insert(arguments.begin() + 1, short_time.data());
  int count = static_cast<int>(arguments.size());
  arguments.push_back(nullptr);
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;
  const bool only_listed = std::any_of(argv, argv + argc, [](const char* argument) {
    return std::string_view{argument}.starts_with("--benchmark_list_tests");
  });
  if (!only_listed) {
    if (const int status = begin(); status != 0) return status;
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}

}  // namespace hashweave::bench
