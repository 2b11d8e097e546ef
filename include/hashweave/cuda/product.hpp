#pragma once
#include <cstdint>
#include <hashweave/core/form.hpp>
#include <hashweave/core/mat.hpp>
#include <hashweave/cuda/backend.hpp>

namespace hashweave::cuda {

/// What becomes of each value of a product before it is written: the activations that are an epilogue of cuBLASLt.
enum class Finish { none, relu, gelu_tanh };

/// c = finish(alpha * op(a) op(b) + (keep ? c : 0) + bias), the bias (cols of c) for every row where there is one;
/// `batch` such products, each a step further in every operand. Operands are T, or bfloat16 as the bits of
/// `std::uint16_t`.
template <class T, class Operand = T>
struct Product {
  Form form;
  Mat<T> c;
  Mat<const Operand> a, b;
  T alpha = 1;
  bool keep = false;
  const T* bias = nullptr;
  Size batch = 1, step_a = 0, step_b = 0, step_c = 0, step_bias = 0;  ///< in values
  Finish finish = Finish::none;

  Size depth() const { return form == Form::tn ? a.rows : a.cols; }
};

/// The largest power of two, up to 16, that divides an address and the bytes of a step from it.
template <class U>
std::uint32_t alignment_of(const U* p, Size step = 0) {
  const std::uintptr_t bits = reinterpret_cast<std::uintptr_t>(p) | static_cast<std::uintptr_t>(step) * sizeof(U) | 16U;
  return static_cast<std::uint32_t>(bits & (~bits + 1));
}

/// The one place where matrices are multiplied: cuBLASLt on the device (cublas.cuh). c is not empty; a bias is aligned
/// to 16 bytes and comes with a single product only.
/// @returns false, having done nothing, where the library has no algorithm with this finish. @throws CudaError
bool multiply_matrices(Device& device, const Product<float>& p);
bool multiply_matrices(Device& device, const Product<double>& p);
bool multiply_matrices(Device& device, const Product<float, std::uint16_t>& p);

}  // namespace hashweave::cuda
