#pragma once
#include <algorithm>
#include <bit>
#include <cstdint>
#include <hashweave/core/activation.hpp>
#include <hashweave/cpu/backend.hpp>
#include <hashweave/cpu/math.hpp>
#include <hashweave/cpu/philox.hpp>

namespace hashweave {

namespace cpu {

template <class T>
constexpr T half = T(0.5);

/// Of `fill`'s block.
inline constexpr Size fill_width = 64;

/// out_c = value(c) for c < n. `out` may be what `value` reads at the same place: values pass through a block that the
/// compiler knows to be nobody else's, so that it makes vector code.
template <class T, class F>
void fill(T* out, Size n, F value) {
  T block[fill_width];
  Size c = 0;
  for (; c + fill_width <= n; c += fill_width) {
    for (Size i = 0; i < fill_width; ++i) block[i] = value(c + i);
    std::copy_n(block, fill_width, out + c);
  }
  for (Size i = 0; i < n - c; ++i) block[i] = value(c + i);
  std::copy_n(block, n - c, out + c);
}
/// y_i = f(x_i), in this thread; y may be x.
template <class T, class F>
void map_rows(Mat<T> y, In<T> x, F f) {
  for (Size r = 0; r < y.rows; ++r) fill(y.row(r), y.cols, [in = x.row(r), f](Size c) { return f(in[c]); });
}
/// The same on all threads.
template <class T, class F>
void map(Cpu<T>& be, Mat<T> y, In<T> x, F f) {
  for_row_chunks(be, y.rows, y.cols,
                 [&](Size first, Size count) { map_rows<T>(rows_of(y, first, count), rows_of(x, first, count), f); });
}
/// y_i = f(a_i, b_i); y may be a or b.
template <class T, class F>
void map(Cpu<T>& be, Mat<T> y, In<T> a, In<T> b, F f) {
  for_row_chunks(be, y.rows, y.cols, [&](Size first, Size count) {
    for (Size r = first; r < first + count; ++r) {
      fill(y.row(r), y.cols, [u = a.row(r), v = b.row(r), f](Size c) { return f(u[c], v[c]); });
    }
  });
}

template <Activation F, class T>
T value_of(T x) {
  constexpr T root = T(0.79788456080286535588), cubic = T(0.044715);
  if constexpr (F == Activation::gelu) return x * normal(x).cumulative;
  if constexpr (F == Activation::gelu_tanh) return half<T> * x * (T{1} + cpu::tanh(root * (x + cubic * x * x * x)));
  if constexpr (F == Activation::quick_gelu) return x * sigmoid(T(1.702) * x);
  if constexpr (F == Activation::relu) return x > 0 ? x : T{0};
  if constexpr (F == Activation::tanh) return cpu::tanh(x);
  if constexpr (F == Activation::sigmoid) return sigmoid(x);
}

template <Activation F, class T>
T slope_of(T x) {
  constexpr T root = T(0.79788456080286535588), cubic = T(0.044715);
  if constexpr (F == Activation::gelu) {
    const auto n = normal(x);
    return n.cumulative + x * n.density;
  }
  if constexpr (F == Activation::gelu_tanh) {
    const T t = cpu::tanh(root * (x + cubic * x * x * x));
    return half<T> * (T{1} + t) + half<T> * x * (T{1} - t * t) * root * (T{1} + 3 * cubic * x * x);
  }
  if constexpr (F == Activation::quick_gelu) {
    const T s = sigmoid(T(1.702) * x);
    return s + T(1.702) * x * s * (T{1} - s);
  }
  if constexpr (F == Activation::relu) return x > 0 ? T{1} : T{0};
  if constexpr (F == Activation::tanh) {
    const T t = cpu::tanh(x);
    return T{1} - t * t;
  }
  if constexpr (F == Activation::sigmoid) {
    const T s = sigmoid(x);
    return s * (T{1} - s);
  }
}

/// Calls f with the activation as a compile-time constant.
template <class F>
void with(Activation a, F&& f) {
  switch (a) {
    case Activation::gelu:
      return f(std::integral_constant<Activation, Activation::gelu>{});
    case Activation::gelu_tanh:
      return f(std::integral_constant<Activation, Activation::gelu_tanh>{});
    case Activation::quick_gelu:
      return f(std::integral_constant<Activation, Activation::quick_gelu>{});
    case Activation::relu:
      return f(std::integral_constant<Activation, Activation::relu>{});
    case Activation::tanh:
      return f(std::integral_constant<Activation, Activation::tanh>{});
    case Activation::sigmoid:
      return f(std::integral_constant<Activation, Activation::sigmoid>{});
  }
}

}  // namespace cpu

/// y = x
template <class T>
void copy(Cpu<T>& be, Out<T> y, In<T> x) {
  if (y.data == x.data) return;
  cpu::map<T>(be, y, x, [](T v) { return v; });
}

/// y = a + b
template <class T>
void add(Cpu<T>& be, Out<T> y, In<T> a, In<T> b) {
  cpu::map<T>(be, y, a, b, [](T u, T v) { return u + v; });
}

/// y += factor * x
template <class T>
void add_scaled(Cpu<T>& be, Out<T> y, In<T> x, double factor) {
  for_row_chunks(be, y.rows, y.cols, [&](Size first, Size count) {
    const T k = static_cast<T>(factor);
    for (Size r = first; r < first + count; ++r) {
      for (Size c = 0; c < y.cols; ++c) y(r, c) += k * x(r, c);
    }
  });
}

/// y = 0
template <class T>
void set_zero(Cpu<T>& be, Out<T> y) {
  for_row_chunks(be, y.rows, y.cols, [&](Size first, Size count) {
    for (Size r = first; r < first + count; ++r) std::fill_n(y.row(r), y.cols, T{0});
  });
}

/// y = f(x), value by value
template <class T>
void activate(Cpu<T>& be, Activation f, Out<T> y, In<T> x) {
  cpu::with(f, [&](auto which) {
    constexpr Activation form = decltype(which)::value;
    cpu::map<T>(be, y, x, [](T v) { return cpu::value_of<form>(v); });
  });
}
/// dx = dy f'(x); dx may be dy.
template <class T>
void activate_backward(Cpu<T>& be, Activation f, Out<T> dx, In<T> dy, In<T> x) {
  cpu::with(f, [&](auto which) {
    constexpr Activation form = decltype(which)::value;
    cpu::map<T>(be, dx, dy, x, [](T d, T v) { return d * cpu::slope_of<form>(v); });
  });
}

/// y = tanh(beta x)
template <class T>
void scaled_tanh(Cpu<T>& be, Out<T> y, In<T> x, double beta) {
  cpu::map<T>(be, y, x, [b = static_cast<T>(beta)](T v) { return cpu::tanh(b * v); });
}
/// dx = dy beta (1 - y²)
template <class T>
void scaled_tanh_backward(Cpu<T>& be, Out<T> dx, In<T> dy, In<T> y, double beta) {
  cpu::map<T>(be, dx, dy, y, [b = static_cast<T>(beta)](T d, T v) { return d * b * (T{1} - v * v); });
}

/// y = 1 where x > 0, else -1
template <class T>
void signs(Cpu<T>& be, Out<T> y, In<T> x) {
  cpu::map<T>(be, y, x, [](T v) { return v > 0 ? T{1} : T{-1}; });
}

/// y = x where x > 0, else slope x
template <class T>
void leaky_relu(Cpu<T>& be, Out<T> y, In<T> x, double slope) {
  cpu::map<T>(be, y, x, [k = static_cast<T>(slope)](T v) { return v > 0 ? v : k * v; });
}
/// dx = dy where x > 0, else slope dy
template <class T>
void leaky_relu_backward(Cpu<T>& be, Out<T> dx, In<T> dy, In<T> x, double slope) {
  cpu::map<T>(be, dx, dy, x, [k = static_cast<T>(slope)](T d, T v) { return v > 0 ? d : k * d; });
}

/// y rounded to bf16, to nearest and ties to even, as floats and as the upper halves of their bits.
template <class T>
void round_to_half(Cpu<T>& be, Out<T> y, std::uint16_t* half) {
  for_row_chunks(be, y.rows, y.cols, [&](Size first, Size count) {
    for (Size r = first; r < first + count; ++r) {
      T* values = y.row(r);
      std::uint16_t* __restrict__ out = half + r * y.cols;
      for (Size c = 0; c < y.cols; ++c) {
        const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(values[c]));
        const std::uint32_t up = bits + 0x7FFF + ((bits >> 16) & 1);
        const std::uint32_t rounded = (bits & 0x7FFFFFFF) > 0x7F800000 ? bits | 0x400000 : up;  // NaN stays NaN
        values[c] = static_cast<T>(std::bit_cast<float>(rounded & 0xFFFF0000));
        out[c] = static_cast<std::uint16_t>(rounded >> 16);
      }
    }
  });
}
/// y = the floats whose upper halves are given, the lower being 0.
template <class T>
void from_half(Cpu<T>& be, Out<T> y, const std::uint16_t* half) {
  for_row_chunks(be, y.rows, y.cols, [&](Size first, Size count) {
    for (Size r = first; r < first + count; ++r) {
      T* __restrict__ values = y.row(r);
      const std::uint16_t* in = half + r * y.cols;
      for (Size c = 0; c < y.cols; ++c)
        values[c] = static_cast<T>(std::bit_cast<float>(static_cast<std::uint32_t>(in[c]) << 16));
    }
  });
}

namespace cpu {

/// y = x where the stream's number is at least `rate`, divided by 1 - rate; else 0. x_0 has number `at`.
template <class T>
void drop(T* y, const T* x, Size n, double rate, const RandomStream& stream, std::uint64_t at) {
  const T keep = static_cast<T>(1 / (1 - rate));
  const auto limit = static_cast<std::uint32_t>(rate * 0x1p32);
  for (Size c = 0; c < n;) {
    const std::uint64_t number = at + static_cast<std::uint64_t>(c);
    const std::array<std::uint32_t, 64> bits = philox_group(stream, number / 64);
    const std::uint32_t* own = bits.data() + number % 64;
    const Size count = std::min(n - c, 64 - static_cast<Size>(number % 64));
    for (Size i = 0; i < count; ++i) y[c + i] = own[i] >= limit ? x[c + i] * keep : T{0};
    c += count;
  }
}

}  // namespace cpu

/// y = x where the stream's number for the value is at least `rate`, divided by 1 - rate; else 0. y may be x.
template <class T>
void dropout(Cpu<T>& be, Out<T> y, In<T> x, double rate, RandomStream stream) {
  for_row_chunks(be, y.rows, y.cols, [&](Size first, Size count) {
    for (Size r = first; r < first + count; ++r) {
      cpu::drop<T>(y.row(r), x.row(r), y.cols, rate, stream, static_cast<std::uint64_t>(r * y.cols));
    }
  });
}

/// y = x * factor, one factor a column
template <class T>
void scale_columns(Cpu<T>& be, Out<T> y, In<T> x, In<T> factor) {
  for_row_chunks(be, y.rows, y.cols, [&](Size first, Size count) {
    for (Size r = first; r < first + count; ++r) {
      cpu::fill(y.row(r), y.cols, [in = x.row(r), k = factor.data](Size c) { return in[c] * k[c]; });
    }
  });
}
/// dx = dy * factor; dfactor += Σ_rows dy * x
template <class T>
void scale_columns_backward(Cpu<T>& be, Out<T> dx, Out<T> dfactor, In<T> dy, In<T> x, In<T> factor) {
  constexpr Size width = 64;
  be.threads().run((dx.cols + width - 1) / width, [&](Size task, Size) {
    const Size end = std::min(dx.cols, (task + 1) * width);
    for (Size r = 0; r < dx.rows; ++r) {
      for (Size c = task * width; c < end; ++c) {
        dx(r, c) = dy(r, c) * factor.data[c];
        dfactor.data[c] += dy(r, c) * x(r, c);
      }
    }
  });
}

}  // namespace hashweave
