#pragma once
#include <Eigen/Core>
#include <hashweave/core/form.hpp>
#include <hashweave/core/mat.hpp>

namespace hashweave::cpu {

/// Eigen's blocked product with blocks in memory that we lend it, so that a step allocates nothing and no expression
/// template is compiled: one instantiation for each form and scalar.
template <class T>
struct Lent : Eigen::internal::level3_blocking<T, T> {
  Lent(std::byte* memory, Size rows, Size cols, Size depth) {
    Size k = depth, m = rows, n = cols;
    Eigen::internal::computeProductBlockingSizes<T, T>(k, m, n, Size{1});
    this->m_kc = k;
    this->m_mc = m;
    this->m_nc = n;
    this->m_blockA = reinterpret_cast<T*>(memory);
    this->m_blockB = memory == nullptr ? nullptr : reinterpret_cast<T*>(memory + block_bytes(k * m));
    bytes = block_bytes(k * m) + block_bytes(k * n);
  }
  static std::size_t block_bytes(Size n) { return (static_cast<std::size_t>(n) * sizeof(T) + 127) / 64 * 64; }
  std::size_t bytes = 0;
};

/// Bytes that `eigen_product` needs for the result (m, n) and depth k. They can be more for a smaller product.
template <class T>
std::size_t eigen_bytes(Size m, Size n, Size k) {
  return Lent<T>{nullptr, n, m, k}.bytes;
}

/// c += alpha * op(a) op(b), in one thread.
template <Form F, class T>
void eigen_product(Mat<T> c, In<T> a, In<T> b, T alpha, std::byte* memory) {
  const Size k = F == Form::tn ? a.rows : a.cols;
  if (c.rows == 0 || c.cols == 0 || k == 0) return;
  // Eigen's kernel writes column-major results: it computes cᵀ = op(b)ᵀ op(a)ᵀ.
  constexpr int left = F == Form::nt ? Eigen::RowMajor : Eigen::ColMajor;
  constexpr int right = F == Form::tn ? Eigen::RowMajor : Eigen::ColMajor;
  Lent<T> blocks{memory, c.cols, c.rows, k};
  Eigen::internal::general_matrix_matrix_product<Size, T, left, false, T, right, false, Eigen::ColMajor, 1>::run(
      c.cols, c.rows, k, b.data, b.ld, a.data, a.ld, c.data, 1, c.ld, alpha, blocks, nullptr);
}

}  // namespace hashweave::cpu
