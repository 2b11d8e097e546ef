#pragma once
#include <hashweave/cuda/bf16.cuh>
#include <hashweave/cuda/columns.cuh>
#include <hashweave/cuda/product.hpp>

namespace hashweave {

namespace cuda {

/// Columns 2c and 2c + 1 of row r of all `batch` operands end to end.
template <class T>
struct RoundOperand {
  Mat<std::uint32_t> y;
  Mat<const T> x;
  Size step;
  __device__ float value(Size r, Size c) const {
    const Mat<const T> own{x.data + r / x.rows * step, x.rows, x.cols, x.ld};
    return c < x.cols ? float{at(own, r % x.rows, c)} : 0.0F;
  }
  __device__ void operator()(Size r, Size c) const { at(y, r, c) = bf16_pair(value(r, 2 * c), value(r, 2 * c + 1)); }
};
/// An operand in bfloat16: as it is kept if it is one of the constants, else on the tape; rows begin at multiples of 16
/// bytes.
template <class T>
Mat<const std::uint16_t> rounded(Cuda<T>& be, const Mat<const T>& x, Size batch, Size step) {
  const Size ld = (x.cols + 7) / 8 * 8, rows = batch * x.rows;
  const auto round_to = [&](std::byte* to) {
    const auto pairs = matrix(reinterpret_cast<std::uint32_t*>(to), rows, ld / 2);
    for_each(be, rows, ld / 2, RoundOperand<T>{pairs, x, step});
  };
  const auto bytes = static_cast<std::size_t>(rows * ld) * sizeof(std::uint16_t);
  const std::byte* data = be.constants().find(x, {batch, step}, bytes, round_to);
  if (data == nullptr) {
    std::byte* const room = be.tape().template take<std::byte>(static_cast<Size>(bytes));
    round_to(room);
    data = room;
  }
  return {reinterpret_cast<const std::uint16_t*>(data), x.rows, x.cols, ld};
}

/// c += bias for every row; row r of all `batch` results.
template <class T>
struct AddBias {
  Mat<T> c;
  const T* bias;
  Size step_c, step_bias;
  __device__ void operator()(Size r, Size col) const {
    const Mat<T> own{c.data + r / c.rows * step_c, c.rows, c.cols, c.ld};
    at(own, r % c.rows, col) += at(bias, r / c.rows * step_bias + col);
  }
};

/// @returns whether the finish was done as well: the library may have no algorithm for it.
template <class T, class Operand>
bool multiply_and_finish(Device& device, Product<T, Operand> p) {
  if (multiply_matrices(device, p)) return p.finish != Finish::none;
  p.finish = Finish::none;
  multiply_matrices(device, p);
  return false;
}

/// The product, or what it comes to where there is nothing to sum over.
/// @returns whether its finish was done; where it was not, it is the caller's.
template <class T>
bool run_product(Cuda<T>& be, const Product<T>& p) {
  if (p.c.rows == 0 || p.c.cols == 0 || p.batch == 0) return true;
  if (p.depth() == 0) {
    for (Size i = 0; i < p.batch && !p.keep; ++i) {
      const Mat<T> c{p.c.data + i * p.step_c, p.c.rows, p.c.cols, p.c.ld};
      set_zero(be, c);
      if (p.bias != nullptr) map<T>(be, c, Mat<const T>{p.bias + i * p.step_bias, c.rows, c.cols, 0}, Same<T>{});
    }
    return false;
  }
  if (p.bias != nullptr && (p.batch > 1 || alignment_of(p.bias) < 16)) {  // else the library adds it
    Product<T> plain = p;
    plain.bias = nullptr;
    plain.finish = Finish::none;
    run_product(be, plain);
    for_each(be, p.batch * p.c.rows, p.c.cols, AddBias<T>{p.c, p.bias, p.step_c, p.step_bias});
    return false;
  }
  if constexpr (std::is_same_v<T, float>) {
    if (be.precision() == Precision::bf16) {
      const auto mark = be.tape().mark();
      const auto a = rounded(be, p.a, p.batch, p.step_a), b = rounded(be, p.b, p.batch, p.step_b);
      const Product<float, std::uint16_t> q{
          p.form,        p.c,           a,        b,           p.alpha, p.keep, p.bias, p.batch,
          a.rows * a.ld, b.rows * b.ld, p.step_c, p.step_bias, p.finish};
      const bool finished = multiply_and_finish(be.device(), q);
      be.tape().release(mark);
      return finished;
    }
  }
  return multiply_and_finish(be.device(), p);
}

/// How the library applies f, if it can so that results do not depend on it: its GELU is the tanh form, by a hyperbolic
/// tangent of which nothing is said but that it serves half precision; float's own is the kernel `activate`'s.
inline Finish finish_of(Activation f, Precision precision) {
  if (f == Activation::relu) return Finish::relu;
  return f == Activation::gelu_tanh && precision == Precision::bf16 ? Finish::gelu_tanh : Finish::none;
}

template <class T>
void add_column_sums(Cuda<T>& be, Mat<T> out, Mat<const T> x) {
  if (out.data != nullptr) column_sums<T>(be, {out.data}, x.rows, x.cols, ColumnSum<T>{x});
}
/// The first of `groups` groups of columns, or of rows.
template <class T>
Mat<T> first_cols(Mat<T> m, Size groups) {
  return cols_of(m, 0, m.cols / groups);
}
template <class T>
Mat<T> first_rows(Mat<T> m, Size groups) {
  return rows_of(m, 0, m.rows / groups);
}

}  // namespace cuda

template <class T>
void multiply(Cuda<T>& be, Form form, Out<T> c, In<T> a, In<T> b, double alpha, bool keep) {
  cuda::run_product<T>(be, {form, c, a, b, static_cast<T>(alpha), keep});
}
template <class T>
void affine(Cuda<T>& be, Out<T> y, In<T> x, In<T> w, In<T> bias) {
  cuda::run_product<T>(be, {Form::nt, y, x, w, T{1}, false, bias.data});
}
template <class T>
void affine_activate(Cuda<T>& be, Activation f, Out<T> y, In<T> x, In<T> w, In<T> bias) {
  cuda::Product<T> p{Form::nt, y, x, w, T{1}, false, bias.data};
  p.finish = cuda::finish_of(f, be.precision());
  if (!cuda::run_product<T>(be, p)) activate(be, f, y, y);
}
template <class T>
void affine_backward_input(Cuda<T>& be, Out<T> dx, In<T> dy, In<T> w) {
  cuda::run_product<T>(be, {Form::nn, dx, dy, w});
}
template <class T>
void affine_backward_weight(Cuda<T>& be, Out<T> dw, Out<T> dbias, In<T> dy, In<T> x) {
  cuda::run_product<T>(be, {Form::tn, dw, dy, x, T{1}, true});
  cuda::add_column_sums<T>(be, dbias, dy);
}
template <class T>
void grouped_affine(Cuda<T>& be, Out<T> y, In<T> x, In<T> w, In<T> bias, Size groups) {
  const Size in = x.cols / groups, out = y.cols / groups;
  cuda::run_product<T>(be, {Form::nt, cuda::first_cols(y, groups), cuda::first_cols(x, groups),
                            cuda::first_rows(w, groups), T{1}, false, bias.data, groups, in, out * w.ld, out, out});
}
template <class T>
void grouped_affine_backward_input(Cuda<T>& be, Out<T> dx, In<T> dy, In<T> w, Size groups) {
  const Size in = dx.cols / groups, out = dy.cols / groups;
  cuda::run_product<T>(be, {Form::nn, cuda::first_cols(dx, groups), cuda::first_cols(dy, groups),
                            cuda::first_rows(w, groups), T{1}, false, nullptr, groups, out, out * w.ld, in});
}
template <class T>
void grouped_affine_backward_weight(Cuda<T>& be, Out<T> dw, Out<T> dbias, In<T> dy, In<T> x, Size groups) {
  const Size in = x.cols / groups, out = dy.cols / groups;
  cuda::run_product<T>(be, {Form::tn, cuda::first_rows(dw, groups), cuda::first_cols(dy, groups),
                            cuda::first_cols(x, groups), T{1}, true, nullptr, groups, out, in, out * dw.ld});
  cuda::add_column_sums<T>(be, dbias, dy);
}

}  // namespace hashweave
