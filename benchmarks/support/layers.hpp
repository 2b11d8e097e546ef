#pragma once
#include <algorithm>
#include <hashweave/core/model.hpp>
#include <hashweave/cpu.hpp>
#include <numeric>

#include "support/bench.hpp"
#include "support/inputs.hpp"

// One layer on one batch, with numbers to feed it.
namespace hashweave::bench {

/// The offsets of sequences of these lengths.
inline std::vector<Size> offsets_of(const std::vector<Size>& lengths) {
  std::vector<Size> offsets{0};
  for (const Size length : lengths) offsets.push_back(offsets.back() + length);
  return offsets;
}

/// How a backend's work is fed and measured. support/cuda.hpp says it of a GPU.
template <class B>
struct On {
  using SharedMemory = typename B::Memory;  ///< of offsets, which the host reads too

  static B& backend() { return bench::backend<typename B::Scalar>(); }
  static Buffer<float, HostMemory> normal_numbers(Size n, std::uint32_t place = 0) {
    Buffer<float, HostMemory> out{n};
    std::ranges::copy(bench::normal_numbers<float>(n, place), out.data());
    return out;
  }
  template <class F>
  static void measure(State& state, const Work& work, F&& f) {
    bench::measure<typename B::Scalar>(state, work, f);
  }
};

/// A batch of samples S that owns its numbers.
template <class S, class B = Cpu<float>>
class Batch {
 public:
  explicit Batch(Size rows) : rows_{rows}, values_{On<B>::normal_numbers(View<B, S>::scalars(rows))} {}
  View<B, S> view() { return {values_.data(), rows_}; }

 private:
  Size rows_;
  Buffer<float, typename B::Memory> values_;
};
template <Size D, class B>
class Batch<Tokens<D>, B> {
 public:
  explicit Batch(const std::vector<Size>& lengths)
      : offsets_{static_cast<Size>(lengths.size()) + 1},
        values_{On<B>::normal_numbers(std::accumulate(lengths.begin(), lengths.end(), Size{0}) * D)} {
    std::ranges::copy(offsets_of(lengths), offsets_.data());
  }
  Batch(Size sequences, Size length) : Batch{std::vector<Size>(static_cast<std::size_t>(sequences), length)} {}

  View<B, Tokens<D>> view() { return {values_.data(), {offsets_.data(), offsets_.size() - 1}}; }

 private:
  Buffer<Size, typename On<B>::SharedMemory> offsets_;
  Buffer<float, typename B::Memory> values_;
};

/// A layer with its parameters, and the verbs as things to measure.
template <class L, class S, class B = Cpu<float>>
class Bench {
 public:
  using Y = OutputOf<L, S>;

  explicit Bench(View<B, S> x, L layer = {}) : x_{x} {
    model.arch = layer;
    model.params.initialise(2022);
  }

  void infer() {
    be.tape().rewind();
    if constexpr (requires { model.arch.infer(be, *model.params, x_); }) {
      model.infer(be, x_);
    } else {
      model.forward(be, x_);
    }
  }
  void forward() {
    be.tape().rewind();
    model.forward(be, x_);
  }
  void training() {
    be.tape().rewind();
    const auto step = model.forward(be, x_);
    model.backward(be, step.saved, gradient(step.y));
  }
  /// Measures backward alone, on what one forward saved.
  void measure_backward(State& state, const Work& work) {
    be.tape().rewind();
    const auto step = model.forward(be, x_);
    const auto dy = gradient(step.y);
    On<B>::measure(state, work, [&] {
      TapeScope scope{be};
      model.backward(be, step.saved, dy);
    });
    be.tape().rewind();
  }

  B& be = On<B>::backend();
  Model<B, L, S> model;

 private:
  View<B, Y> gradient(View<B, Y> y) {
    if (dy_.size() == 0) dy_ = On<B>::normal_numbers(View<B, Y>::scalars(y.layout()), 1);
    return {dy_.data(), y.layout()};
  }

  View<B, S> x_;
  Buffer<float, typename B::Memory> dy_;
};

/// Bytes of `arrays` arrays of `values` floats.
constexpr double float_bytes(Size arrays, Size values) { return 4.0 * number(arrays) * number(values); }

}  // namespace hashweave::bench
