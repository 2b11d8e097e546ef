#pragma once
#include <array>
#include <concepts>
#include <hashweave/core/error.hpp>
#include <hashweave/core/layer.hpp>

namespace hashweave {

/// What a loss gives: its value (1, 1), the values of its terms (1, terms) before weighting, and the gradient with
/// respect to its inputs, all on the tape and in the backend's memory.
template <class B, class Gradient>
struct LossStep {
  Mat<typename B::Scalar> value;
  Mat<typename B::Scalar> terms;
  Gradient gradient;
};

/// A loss on these inputs: called, it gives value and gradient at once.
template <class L, class B, class... Inputs>
concept Loss = Backend<B> && requires(const L& loss, B& be, const Inputs&... inputs) {
  loss(be, inputs...).gradient;
  { loss(be, inputs...).value } -> std::convertible_to<Mat<typename B::Scalar>>;
};

/// A number of the backend's, on the host.
template <Backend B>
double to_host(B&, Mat<typename B::Scalar> m, Size col = 0) {
  typename B::Scalar value{};
  B::Memory::copy_to_host(&value, m.data + col, sizeof value);
  return static_cast<double>(value);
}

}  // namespace hashweave
