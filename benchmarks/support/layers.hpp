#pragma once
#include <hashweave/core/model.hpp>
#include <hashweave/cpu.hpp>

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

/// A batch of samples S that owns its numbers.
template <class S>
class Batch {
 public:
  using B = Cpu<float>;

  explicit Batch(Size rows) : rows_{rows}, values_{normal_numbers<float>(View<B, S>::scalars(rows))} {}
  View<B, S> view() { return {values_.data(), rows_}; }

 private:
  Size rows_;
  std::vector<float> values_;
};
template <Size D>
class Batch<Tokens<D>> {
 public:
  using B = Cpu<float>;

  explicit Batch(const std::vector<Size>& lengths)
      : offsets_{offsets_of(lengths)}, values_{normal_numbers<float>(offsets_.back() * D)} {}
  Batch(Size sequences, Size length) : Batch{std::vector<Size>(static_cast<std::size_t>(sequences), length)} {}

  View<B, Tokens<D>> view() { return {values_.data(), {offsets_.data(), static_cast<Size>(offsets_.size()) - 1}}; }

 private:
  std::vector<Size> offsets_;
  std::vector<float> values_;
};

/// A layer with its parameters, and the verbs as things to measure.
template <class L, class S>
class Bench {
 public:
  using B = Cpu<float>;
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
    bench::measure<float>(state, work, [&] {
      TapeScope scope{be};
      model.backward(be, step.saved, dy);
    });
    be.tape().rewind();
  }

  B& be = backend<float>();
  Model<B, L, S> model;

 private:
  View<B, Y> gradient(View<B, Y> y) {
    if (dy_.empty()) dy_ = normal_numbers<float>(View<B, Y>::scalars(y.layout()), 1);
    return {dy_.data(), y.layout()};
  }

  View<B, S> x_;
  std::vector<float> dy_;
};

/// Bytes of `arrays` arrays of `values` floats.
constexpr double float_bytes(Size arrays, Size values) { return 4.0 * number(arrays) * number(values); }

}  // namespace hashweave::bench
