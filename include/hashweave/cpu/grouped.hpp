#pragma once
#include <hashweave/cpu/gemm.hpp>
#include <hashweave/cpu/norm.hpp>
#include <hashweave/cpu/tokens.hpp>

// A linear layer for each group of columns: many small products of one shape, each in one thread.
namespace hashweave {

namespace cpu {

/// Rows of a piece: one group's rows are cut where there are more, so that a few groups keep the threads busy too.
inline constexpr Size grouped_rows = 256;

/// Groups that give fewer columns than this are computed row by row: a packed product's tiles would be nearly empty.
inline constexpr Size grouped_narrow = 6;

/// Group g's part of a matrix: its columns, or its rows.
template <class T>
Mat<T> group_cols(Mat<T> m, Size g, Size groups) {
  return cols_of(m, g * (m.cols / groups), m.cols / groups);
}
template <class T>
Mat<T> group_rows(Mat<T> m, Size g, Size groups) {
  return rows_of(m, g * (m.rows / groups), m.rows / groups);
}

/// Calls f(group, first, count, memory) for pieces of the rows of each group, on all threads; memory serves products of
/// at most `bytes`.
template <class T, class F>
void for_groups(Cpu<T>& be, Size groups, Size rows, Size piece, std::size_t bytes, F&& f) {
  const Size pieces = (rows + piece - 1) / piece;
  be.reserve_scratch(bytes);
  be.threads().run(groups * pieces, [&](Size task, Size worker) {
    const Size first = task % pieces * piece;
    f(task / pieces, first, std::min(piece, rows - first), be.scratch(worker, bytes));
  });
}

/// The three products of a group with few results, in float: y = x wᵀ + bias, dx = dy w, dw += dyᵀ x.
template <class T>
void narrow_affine(Mat<T> y, In<T> x, In<T> w, const T* bias) {
  for (Size r = 0; r < y.rows; ++r) {
    for (Size c = 0; c < y.cols; ++c) {
      y(r, c) = (cpu::row(x.row(r), x.cols) * cpu::row(w.row(c), w.cols)).sum() + (bias == nullptr ? T{0} : bias[c]);
    }
  }
}
template <class T>
void narrow_backward_input(Mat<T> dx, In<T> dy, In<T> w) {
  for (Size r = 0; r < dx.rows; ++r) {
    auto out = cpu::row(dx.row(r), dx.cols);
    out = dy(r, 0) * cpu::row(w.row(0), w.cols);
    for (Size c = 1; c < dy.cols; ++c) out += dy(r, c) * cpu::row(w.row(c), w.cols);
  }
}
template <class T>
void narrow_backward_weight(Mat<T> dw, In<T> dy, In<T> x) {
  for (Size r = 0; r < dy.rows; ++r) {
    for (Size c = 0; c < dy.cols; ++c) cpu::row(dw.row(c), dw.cols) += dy(r, c) * cpu::row(x.row(r), x.cols);
  }
}

}  // namespace cpu

/// y_g (rows, out) = x_g (rows, in) w_gᵀ + bias_g for each of `groups` groups of columns of y and x; w_g (out, in) are
/// w's rows, group by group; the bias (1, groups * out) may be empty.
template <class T>
void grouped_affine(Cpu<T>& be, Out<T> y, In<T> x, In<T> w, In<T> bias, Size groups) {
  const Size out = y.cols / groups, piece = std::min(cpu::grouped_rows, y.rows);
  const std::size_t bytes = cpu::product_bytes<T>(be.arithmetic(), piece, out, x.cols / groups);
  cpu::for_groups(be, groups, y.rows, cpu::grouped_rows, bytes, [&](Size g, Size first, Size count, std::byte* memory) {
    const Mat<T> own = rows_of(cpu::group_cols(y, g, groups), first, count);
    const In<T> from = rows_of(cpu::group_cols(x, g, groups), first, count), weight = cpu::group_rows(w, g, groups);
    const cpu::Start<T> start = cpu::Start<T>{bias.data, false}.from_column(g * out);
    if (out < cpu::grouped_narrow) return cpu::narrow_affine<T>(own, from, weight, start.bias);
    cpu::product<Form::nt, T>(be.arithmetic(), own, from, weight, T{1}, start, memory);
  });
}

/// dx_g (rows, in) = dy_g (rows, out) w_g
template <class T>
void grouped_affine_backward_input(Cpu<T>& be, Out<T> dx, In<T> dy, In<T> w, Size groups) {
  const Size out = dy.cols / groups, piece = std::min(cpu::grouped_rows, dx.rows);
  const std::size_t bytes = cpu::product_bytes<T>(be.arithmetic(), piece, w.cols, out);
  cpu::for_groups(be, groups, dx.rows, cpu::grouped_rows, bytes,
                  [&](Size g, Size first, Size count, std::byte* memory) {
                    const Mat<T> own = rows_of(cpu::group_cols(dx, g, groups), first, count);
                    const In<T> from = rows_of(cpu::group_cols(dy, g, groups), first, count),
                                weight = cpu::group_rows(w, g, groups);
                    if (out < cpu::grouped_narrow) return cpu::narrow_backward_input<T>(own, from, weight);
                    cpu::product<Form::nn, T>(be.arithmetic(), own, from, weight, T{1}, {nullptr, false}, memory);
                  });
}

/// dw_g (out, in) += dy_gᵀ x_g; dbias_g (1, out) += Σ_rows dy_g, if there is a bias.
template <class T>
void grouped_affine_backward_weight(Cpu<T>& be, Out<T> dw, Out<T> dbias, In<T> dy, In<T> x, Size groups) {
  if (dy.rows == 0) return;
  const Size out = dy.cols / groups;
  const std::size_t bytes = cpu::product_bytes<T>(be.arithmetic(), out, dw.cols, dy.rows);
  cpu::for_groups(be, groups, dy.rows, dy.rows, bytes, [&](Size g, Size, Size rows, std::byte* memory) {
    const Mat<T> own = cpu::group_rows(dw, g, groups);
    const In<T> d = cpu::group_cols(dy, g, groups), from = cpu::group_cols(x, g, groups);
    if (out < cpu::grouped_narrow) {
      cpu::narrow_backward_weight<T>(own, d, from);
    } else {
      cpu::product<Form::tn, T>(be.arithmetic(), own, d, from, T{1}, {nullptr, true}, memory);
    }
    for (Size r = 0; r < rows && dbias.data != nullptr; ++r) {
      cpu::add_row(dbias.data + g * out, d.row(r), out);
    }
  });
}

}  // namespace hashweave
