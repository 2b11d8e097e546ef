#pragma once
#include <Eigen/Core>
#include <algorithm>
#include <cstring>
#include <hashweave/core/form.hpp>
#include <hashweave/core/mat.hpp>
#include <hashweave/cpu/backend.hpp>

namespace hashweave {

namespace cpu {

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

/// Bytes that `product` needs for the result (m, n) and depth k.
template <class T>
std::size_t product_bytes(Size m, Size n, Size k) {
  return Lent<T>{nullptr, n, m, k}.bytes;
}

/// c += alpha * op(a) op(b), in one thread.
template <Form F, class T>
void product(Mat<T> c, In<T> a, In<T> b, T alpha, std::byte* memory) {
  const Size k = F == Form::tn ? a.rows : a.cols;
  if (c.rows == 0 || c.cols == 0 || k == 0) return;
  // Eigen's kernel writes column-major results: it computes cᵀ = op(b)ᵀ op(a)ᵀ.
  constexpr int left = F == Form::nt ? Eigen::RowMajor : Eigen::ColMajor;
  constexpr int right = F == Form::tn ? Eigen::RowMajor : Eigen::ColMajor;
  Lent<T> blocks{memory, c.cols, c.rows, k};
  Eigen::internal::general_matrix_matrix_product<Size, T, left, false, T, right, false, Eigen::ColMajor, 1>::run(
      c.cols, c.rows, k, b.data, b.ld, a.data, a.ld, c.data, 1, c.ld, alpha, blocks, nullptr);
}

/// How a product is cut into tasks: `rows` x `cols` pieces of the result, powers of two, from the sizes alone. Each row
/// of pieces packs all of b once and each column all of a, so the cut with the least to pack is taken.
struct Cut {
  Size rows = 1, cols = 1;
};
inline Cut cut_of(Size m, Size n, Size k) {
  constexpr Size least_extent = 96, least_work = 1'000'000, most_pieces = 16;
  Cut cut;
  while (cut.rows * cut.cols < most_pieces && 2 * m * n * k / (2 * cut.rows * cut.cols) >= least_work) {
    const bool can_rows = m / (2 * cut.rows) >= least_extent, can_cols = n / (2 * cut.cols) >= least_extent;
    if (!can_rows && !can_cols) break;
    const bool by_rows =
        can_rows && (!can_cols || cut.rows * n <= cut.cols * m);  // doubling rows packs rows * n * k more
    (by_rows ? cut.rows : cut.cols) *= 2;
  }
  return cut;
}

/// c = start + alpha * op(a) op(b) on all threads; `begin(piece, first column)` writes the start values of a piece of
/// c.
template <Form F, class T, class Begin>
void parallel_product(Cpu<T>& be, Mat<T> c, In<T> a, In<T> b, T alpha, Begin begin) {
  const Size k = F == Form::tn ? a.rows : a.cols;
  const Cut cut = cut_of(c.rows, c.cols, k);
  const auto each = [](Size extent, Size count, Size unit) {
    return ((extent + count - 1) / count + unit - 1) / unit * unit;
  };
  const Size tall = each(c.rows, cut.rows, 4), wide = each(c.cols, cut.cols, 48);  // whole tiles of the kernel
  const Size down = (c.rows + tall - 1) / tall, across = (c.cols + wide - 1) / wide;
  if (down * across == 0) return;
  const Size last_tall = c.rows - (down - 1) * tall, last_wide = c.cols - (across - 1) * wide;
  std::size_t bytes = 0;  // of the largest piece; not always that of the first
  for (const Size rows : {std::min(tall, c.rows), last_tall}) {
    for (const Size cols : {std::min(wide, c.cols), last_wide})
      bytes = std::max(bytes, product_bytes<T>(rows, cols, k));
  }
  be.reserve_scratch(bytes);
  be.threads().run(down * across, [&](Size task, Size worker) {
    const Size row = task / across * tall, col = task % across * wide;
    const Size rows = std::min(tall, c.rows - row), cols = std::min(wide, c.cols - col);
    const Mat<T> piece = cols_of(rows_of(c, row, rows), col, cols);
    begin(piece, col);
    const In<T> x = F == Form::tn ? cols_of(a, row, rows) : rows_of(a, row, rows);
    const In<T> y = F == Form::nt ? rows_of(b, col, cols) : cols_of(b, col, cols);
    product<F, T>(piece, x, y, alpha, be.scratch(worker, product_bytes<T>(rows, cols, k)));
  });
}

template <class T>
void fill_zero(Mat<T> m) {
  for (Size r = 0; r < m.rows; ++r) std::fill_n(m.row(r), m.cols, T{0});
}

}  // namespace cpu

/// c = alpha * op(a) op(b) + (keep ? c : 0)
template <class T>
void multiply(Cpu<T>& be, Form form, Out<T> c, In<T> a, In<T> b, double alpha = 1, bool keep = false) {
  const auto begin = [keep](Mat<T> piece, Size) {
    if (!keep) cpu::fill_zero(piece);
  };
  const T scale = static_cast<T>(alpha);
  switch (form) {
    case Form::nn:
      return cpu::parallel_product<Form::nn, T>(be, c, a, b, scale, begin);
    case Form::nt:
      return cpu::parallel_product<Form::nt, T>(be, c, a, b, scale, begin);
    case Form::tn:
      return cpu::parallel_product<Form::tn, T>(be, c, a, b, scale, begin);
  }
}

/// y (rows, out) = x (rows, in) wᵀ + bias, w (out, in); the bias (1, out) may be empty.
template <class T>
void affine(Cpu<T>& be, Out<T> y, In<T> x, In<T> w, In<T> bias) {
  cpu::parallel_product<Form::nt, T>(be, y, x, w, T{1}, [&](Mat<T> piece, Size first_column) {
    if (bias.data == nullptr) return cpu::fill_zero(piece);
    for (Size r = 0; r < piece.rows; ++r) std::copy_n(bias.data + first_column, piece.cols, piece.row(r));
  });
}

/// dx (rows, in) = dy (rows, out) w
template <class T>
void affine_backward_input(Cpu<T>& be, Out<T> dx, In<T> dy, In<T> w) {
  multiply(be, Form::nn, dx, dy, w);
}

/// dw (out, in) += dyᵀ x; dbias (1, out) += Σ_rows dy, if there is a bias.
template <class T>
void affine_backward_weight(Cpu<T>& be, Out<T> dw, Out<T> dbias, In<T> dy, In<T> x) {
  multiply(be, Form::tn, dw, dy, x, 1, true);
  if (dbias.data == nullptr) return;
  constexpr Size width = 64;  // columns a task: every sum runs over the rows in order
  be.threads().run((dy.cols + width - 1) / width, [&](Size task, Size) {
    const Size first = task * width, count = std::min(width, dy.cols - first);
    for (Size r = 0; r < dy.rows; ++r) {
      for (Size c = 0; c < count; ++c) dbias.data[first + c] += dy(r, first + c);
    }
  });
}

}  // namespace hashweave
