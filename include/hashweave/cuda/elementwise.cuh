#pragma once
#include <hashweave/cuda/kernels.hpp>
#include <hashweave/cuda/philox.cuh>
#include <hashweave/cuda/reduce.cuh>

namespace hashweave {

namespace cuda {

/// y = op(y, a), or y = op(y, a, b), value by value; `Op::reads_y` says whether y's old value is wanted.
template <class T, class Op>
struct MapOne {
  Mat<T> y;
  Mat<const T> a;
  Op op;
  __device__ void operator()(Size r, Size c) const { at(y, r, c) = op(T{at(a, r, c)}); }
};
template <class T, class Op>
struct MapTwo {
  Mat<T> y;
  Mat<const T> a, b;
  Op op;
  __device__ void operator()(Size r, Size c) const { at(y, r, c) = op(T{at(a, r, c)}, T{at(b, r, c)}); }
};
/// All values in one row, if they lie one after the other.
template <class T>
Mat<T> in_one_row(Mat<T> m) {
  return {m.data, 1, m.size(), m.size()};
}
template <class T, class Op>
void map(Cuda<T>& be, Mat<T> y, Mat<const T> a, const Op& op) {
  if (y.contiguous() && a.contiguous()) {
    y = in_one_row(y);
    a = in_one_row(a);
  }
  for_each(be, y.rows, y.cols, MapOne<T, Op>{y, a, op});
}
template <class T, class Op>
void map(Cuda<T>& be, Mat<T> y, Mat<const T> a, Mat<const T> b, const Op& op) {
  if (y.contiguous() && a.contiguous() && b.contiguous()) {
    y = in_one_row(y);
    a = in_one_row(a);
    b = in_one_row(b);
  }
  for_each(be, y.rows, y.cols, MapTwo<T, Op>{y, a, b, op});
}

template <class T>
struct Same {
  __device__ T operator()(T v) const { return v; }
};
template <class T>
struct Sum {
  __device__ T operator()(T u, T v) const { return u + v; }
};
template <class T>
struct SumScaled {
  T factor;
  __device__ T operator()(T u, T v) const { return u + factor * v; }
};
template <class T>
struct Constant {
  Mat<T> y;
  T value;
  __device__ void operator()(Size r, Size c) const { at(y, r, c) = value; }
};
template <class T>
struct ScaledTanh {
  T beta;
  __device__ T operator()(T v) const { return tanh_of(beta * v); }
};
template <class T>
struct ScaledTanhSlope {
  T beta;
  __device__ T operator()(T d, T y) const { return d * beta * (T{1} - y * y); }
};
template <class T>
struct Sign {
  __device__ T operator()(T v) const { return v > 0 ? T{1} : T{-1}; }
};
template <class T>
struct Leaky {
  T slope;
  __device__ T operator()(T v) const { return v > 0 ? v : slope * v; }
  __device__ T operator()(T d, T v) const { return v > 0 ? d : slope * d; }
};

template <class T>
struct Activate {
  Activation which;
  __device__ T operator()(T x) const {
    constexpr T root = T(0.79788456080286535588), cubic = T(0.044715);
    switch (which) {
      case Activation::gelu:
        return x * normal_cumulative(x);
      case Activation::gelu_tanh:
        return T(0.5) * x * (T{1} + tanh_of(root * (x + cubic * x * x * x)));
      case Activation::quick_gelu:
        return x * logistic(T(1.702) * x);
      case Activation::relu:
        return x > 0 ? x : T{0};
      case Activation::tanh:
        return tanh_of(x);
      default:
        return logistic(x);
    }
  }
};
template <class T>
struct ActivateSlope {
  Activation which;
  __device__ T operator()(T d, T x) const { return d * slope(x); }
  __device__ T slope(T x) const {
    constexpr T root = T(0.79788456080286535588), cubic = T(0.044715);
    switch (which) {
      case Activation::gelu:
        return normal_cumulative(x) + x * normal_density(x);
      case Activation::gelu_tanh: {
        const T t = tanh_of(root * (x + cubic * x * x * x));
        return T(0.5) * (T{1} + t) + T(0.5) * x * (T{1} - t * t) * root * (T{1} + 3 * cubic * x * x);
      }
      case Activation::quick_gelu: {
        const T s = logistic(T(1.702) * x);
        return s + T(1.702) * x * s * (T{1} - s);
      }
      case Activation::relu:
        return x > 0 ? T{1} : T{0};
      case Activation::tanh: {
        const T t = tanh_of(x);
        return T{1} - t * t;
      }
      default: {
        const T s = logistic(x);
        return s * (T{1} - s);
      }
    }
  }
};

template <class T>
struct Drop {
  Mat<T> y;
  Mat<const T> x;
  Dropping<T> drop;
  __device__ void operator()(Size r, Size c) const {
    at(y, r, c) = drop(T{at(x, r, c)}, static_cast<std::uint64_t>(r * y.cols + c));
  }
};
struct SetRandomBase {
  RandomState* base;
  RandomState state;
  __device__ void operator()(Size, Size) const { at(base, 0) = state; }
};
template <class T>
struct Divide {
  Mat<T> y;
  Mat<const T> x, d;
  __device__ void operator()(Size r, Size c) const { at(y, r, c) = at(x, r, c) * (T{1} / at(d, 0, 0)); }
};
template <class T>
struct AddScaledRows {
  Mat<T> y;
  Mat<const T> x, factor;
  __device__ void operator()(Size r, Size c) const { at(y, r, c) += at(factor, r, 0) * at(x, r, c); }
};
template <class T>
struct ScaleColumns {
  Mat<T> y;
  Mat<const T> x;
  const T* factor;
  __device__ void operator()(Size r, Size c) const { at(y, r, c) = at(x, r, c) * at(factor, c); }
};
template <class T>
struct ColumnProducts {
  static constexpr int count = 1;
  Mat<const T> dy, x;
  __device__ void operator()(T (&sums)[1], Size r, Size c) const { sums[0] += at(dy, r, c) * at(x, r, c); }
};

}  // namespace cuda

template <class T>
void copy(Cuda<T>& be, Out<T> y, In<T> x) {
  if (y.data != x.data) cuda::map<T>(be, y, x, cuda::Same<T>{});
}
template <class T>
void add(Cuda<T>& be, Out<T> y, In<T> a, In<T> b) {
  cuda::map<T>(be, y, a, b, cuda::Sum<T>{});
}
template <class T>
void add_scaled(Cuda<T>& be, Out<T> y, In<T> x, double factor) {
  cuda::map<T>(be, y, y, x, cuda::SumScaled<T>{static_cast<T>(factor)});
}
template <class T>
void set_zero(Cuda<T>& be, Out<T> y) {
  cuda::for_each(be, y.rows, y.cols, cuda::Constant<T>{y, T{0}});
}
template <class T>
void activate(Cuda<T>& be, Activation f, Out<T> y, In<T> x) {
  cuda::map<T>(be, y, x, cuda::Activate<T>{f});
}
template <class T>
void activate_backward(Cuda<T>& be, Activation f, Out<T> dx, In<T> dy, In<T> x) {
  cuda::map<T>(be, dx, dy, x, cuda::ActivateSlope<T>{f});
}
template <class T>
void scaled_tanh(Cuda<T>& be, Out<T> y, In<T> x, double beta) {
  cuda::map<T>(be, y, x, cuda::ScaledTanh<T>{static_cast<T>(beta)});
}
template <class T>
void scaled_tanh_backward(Cuda<T>& be, Out<T> dx, In<T> dy, In<T> y, double beta) {
  cuda::map<T>(be, dx, dy, y, cuda::ScaledTanhSlope<T>{static_cast<T>(beta)});
}
template <class T>
void signs(Cuda<T>& be, Out<T> y, In<T> x) {
  cuda::map<T>(be, y, x, cuda::Sign<T>{});
}
template <class T>
void leaky_relu(Cuda<T>& be, Out<T> y, In<T> x, double slope) {
  cuda::map<T>(be, y, x, cuda::Leaky<T>{static_cast<T>(slope)});
}
template <class T>
void leaky_relu_backward(Cuda<T>& be, Out<T> dx, In<T> dy, In<T> x, double slope) {
  cuda::map<T>(be, dx, dy, x, cuda::Leaky<T>{static_cast<T>(slope)});
}
template <class T>
void dropout(Cuda<T>& be, Out<T> y, In<T> x, double rate, RandomStream stream) {
  cuda::for_each(be, y.rows, y.cols, cuda::Drop<T>{y, x, {rate, be.placed(stream)}});
}
template <class T>
void set_random_base(Cuda<T>& be, RandomState* base, RandomState state) {
  cuda::for_each(be, 1, 1, cuda::SetRandomBase{base, state});
}
template <class T>
void divide(Cuda<T>& be, Out<T> y, In<T> x, In<T> d) {
  cuda::for_each(be, y.rows, y.cols, cuda::Divide<T>{y, x, d});
}
template <class T>
void add_scaled_rows(Cuda<T>& be, Out<T> y, In<T> x, In<T> factor) {
  cuda::for_each(be, y.rows, y.cols, cuda::AddScaledRows<T>{y, x, factor});
}
template <class T>
void scale_columns(Cuda<T>& be, Out<T> y, In<T> x, In<T> factor) {
  cuda::for_each(be, y.rows, y.cols, cuda::ScaleColumns<T>{y, x, factor.data});
}
template <class T>
void scale_columns_backward(Cuda<T>& be, Out<T> dx, Out<T> dfactor, In<T> dy, In<T> x, In<T> factor) {
  cuda::column_sums<T>(be, {dfactor.data}, x.rows, x.cols, cuda::ColumnProducts<T>{dy, x});
  cuda::for_each(be, dx.rows, dx.cols, cuda::ScaleColumns<T>{dx, dy, factor.data});
}

}  // namespace hashweave
