#pragma once
#include <hashweave/cuda/elementwise.cuh>
#include <hashweave/cuda/embedding.cuh>

namespace hashweave {

namespace cuda {

/// Element c of the patches' row r, and where it lies among the pixels.
struct PatchGrid {
  Size channels, height, width, patch;

  __device__ Size pixel(Size row, Size c) const {
    const Size across = width / patch, in_image = row % (across * (height / patch));
    const Size channel = c / (patch * patch), y = c / patch % patch, x = c % patch;
    return (channel * height + in_image / across * patch + y) * width + in_image % across * patch + x;
  }
  __device__ Size image(Size row) const { return row / (width / patch * (height / patch)); }
};
template <class T, bool to>
struct Patches {
  Mat<T> out;
  Mat<const T> in;
  PatchGrid grid;
  __device__ void operator()(Size r, Size c) const {
    if (to) {
      at(out, r, c) = at(in, grid.image(r), grid.pixel(r, c));
    } else {
      at(out, grid.image(r), grid.pixel(r, c)) = at(in, r, c);
    }
  }
};
template <class T>
struct JoinCls {
  Mat<T> y;
  Mat<const T> rows, cls, positions;
  Size patches;
  __device__ void operator()(Size r, Size c) const {
    const Size image = r / (patches + 1), t = r % (patches + 1);
    const T token = t == 0 ? T{at(cls, 0, c)} : T{at(rows, image * patches + t - 1, c)};
    at(y, r, c) = token + at(positions, t, c);
  }
};
/// Row t of the positions: the sum over the images in order.
template <class T>
struct SplitCls {
  Mat<T> d_rows, d_cls, d_positions;
  Mat<const T> dy;
  Size patches;
  __device__ void operator()(Size t, Size c) const {
    T sum = 0;
    for (Size image = 0; image < dy.rows / (patches + 1); ++image) {
      const T d = at(dy, image * (patches + 1) + t, c);
      sum += d;
      if (t > 0) at(d_rows, image * patches + t - 1, c) = d;
    }
    at(d_positions, t, c) += sum;
    if (t == 0) at(d_cls, 0, c) += sum;
  }
};

/// The place of the token that is picked from sequence s.
inline __device__ Size picked(const Size* offsets, Size s, bool last) {
  return last ? at(offsets, s + 1) - 1 : Size{at(offsets, s)};
}
template <class T>
struct PickRows {
  Mat<T> y;
  Mat<const T> x;
  const Size* offsets;
  bool last;
  __device__ void operator()(Size s, Size c) const { at(y, s, c) = at(x, picked(offsets, s, last), c); }
};
template <class T>
struct PickRowsBackward {
  Mat<T> dx;
  Mat<const T> dy;
  const Size* offsets;
  bool last;
  __device__ void operator()(Size s, Size c) const {
    const Size own = picked(offsets, s, last);
    for (Size t = at(offsets, s); t < at(offsets, s + 1); ++t) at(dx, t, c) = t == own ? T{at(dy, s, c)} : T{0};
  }
};
template <class T>
struct AddPickedRows {
  Mat<T> dx;
  Mat<const T> dy;
  const Size* offsets;
  bool last;
  __device__ void operator()(Size s, Size c) const { at(dx, picked(offsets, s, last), c) += at(dy, s, c); }
};

/// Sequence s and `groups` shares of it, each behind a copy of its first row.
template <class T, bool forward>
struct SplitTokensOf {
  Mat<T> out;
  Mat<const T> in;
  const Size* offsets;
  Size groups;
  __device__ void operator()(Size s, Size c) const {
    const Size first = at(offsets, s), rest = at(offsets, s + 1) - first - 1;
    Size whole = first + 1, cut = first + s * (groups - 1);
    T sum = 0;
    for (Size k = 0; k < groups; ++k) {
      const Size share = rest / groups + (k < rest % groups ? 1 : 0);
      if (forward) {
        at(out, cut++, c) = at(in, first, c);
      } else {
        sum += at(in, cut++, c);
      }
      for (Size t = 0; t < share; ++t, ++whole, ++cut) {
        if (forward) {
          at(out, cut, c) = at(in, whole, c);
        } else {
          at(out, whole, c) = at(in, cut, c);
        }
      }
    }
    if (!forward) at(out, first, c) = sum;
  }
};
template <class T>
struct MeanPool {
  Mat<T> y;
  Mat<const T> x;
  const Size* offsets;
  __device__ void operator()(Size s, Size c) const {
    const Size first = at(offsets, s), end = at(offsets, s + 1);
    T sum = 0;
    for (Size t = first; t < end; ++t) sum += at(x, t, c);
    at(y, s, c) = sum / static_cast<T>(end - first);
  }
};
template <class T>
struct MeanPoolBackward {
  Mat<T> dx;
  Mat<const T> dy;
  const Size* offsets;
  __device__ void operator()(Size s, Size c) const {
    const Size first = at(offsets, s), end = at(offsets, s + 1);
    const T d = at(dy, s, c) / static_cast<T>(end - first);
    for (Size t = first; t < end; ++t) at(dx, t, c) = d;
  }
};
/// Columns 2i and 2i + 1 get sin and cos of p ω_i, p the position in the sequence; in double.
template <class T>
struct AddSinusoids {
  Mat<T> y;
  Mat<const T> x;
  const Size* offsets;
  __device__ void operator()(Size s, Size c) const {
    const double turn =
        ::exp(-9.210340371976182736 * static_cast<double>(c / 2 * 2) / static_cast<double>(y.cols));  // ln 10000
    for (Size t = at(offsets, s); t < at(offsets, s + 1); ++t) {
      const double angle = static_cast<double>(t - at(offsets, s)) * turn;
      at(y, t, c) = at(x, t, c) + static_cast<T>(c % 2 == 0 ? ::sin(angle) : ::cos(angle));
    }
  }
};

/// f(s, c) for every sequence s and column c; `make` gives f the sequences' offsets, on the device.
template <class T, class Make>
void for_sequences(Cuda<T>& be, const Segments& segments, Size cols, const Make& make) {
  const TapeScope<Cuda<T>> scope{be};
  for_each(be, segments.count, cols, make(on_device(be, segments.offsets, segments.count + 1)));
}

}  // namespace cuda

template <class T>
void to_patches(Cuda<T>& be, Out<T> rows, In<T> pixels, Size channels, Size height, Size width, Size patch) {
  const cuda::PatchGrid grid{channels, height, width, patch};
  cuda::for_each(be, rows.rows, rows.cols, cuda::Patches<T, true>{rows, pixels, grid});
}
template <class T>
void from_patches(Cuda<T>& be, Out<T> pixels, In<T> rows, Size channels, Size height, Size width, Size patch) {
  const cuda::PatchGrid grid{channels, height, width, patch};
  cuda::for_each(be, rows.rows, rows.cols, cuda::Patches<T, false>{pixels, rows, grid});
}
template <class T>
void join_cls(Cuda<T>& be, Out<T> y, In<T> rows, In<T> cls, In<T> positions, Size patches) {
  cuda::for_each(be, y.rows, y.cols, cuda::JoinCls<T>{y, rows, cls, positions, patches});
}
template <class T>
void split_cls_backward(Cuda<T>& be, Out<T> d_rows, Out<T> d_cls, Out<T> d_positions, In<T> dy, Size patches) {
  cuda::for_each(be, patches + 1, dy.cols, cuda::SplitCls<T>{d_rows, d_cls, d_positions, dy, patches});
}
template <class T>
void pick_rows(Cuda<T>& be, Out<T> y, In<T> x, const Segments& segments, bool last) {
  cuda::for_sequences(be, segments, y.cols, [&](const Size* offsets) {
    return cuda::PickRows<T>{y, x, offsets, last};
  });
}
template <class T>
void pick_rows_backward(Cuda<T>& be, Out<T> dx, In<T> dy, const Segments& segments, bool last) {
  cuda::for_sequences(be, segments, dx.cols, [&](const Size* offsets) {
    return cuda::PickRowsBackward<T>{dx, dy, offsets, last};
  });
}
template <class T>
void add_picked_rows(Cuda<T>& be, Out<T> dx, In<T> dy, const Segments& segments, bool last) {
  cuda::for_sequences(be, segments, dx.cols, [&](const Size* offsets) {
    return cuda::AddPickedRows<T>{dx, dy, offsets, last};
  });
}
template <class T>
void split_tokens(Cuda<T>& be, Out<T> y, In<T> x, const Segments& segments, Size groups) {
  cuda::for_sequences(be, segments, y.cols, [&](const Size* offsets) {
    return cuda::SplitTokensOf<T, true>{y, x, offsets, groups};
  });
}
template <class T>
void split_tokens_backward(Cuda<T>& be, Out<T> dx, In<T> dy, const Segments& segments, Size groups) {
  cuda::for_sequences(be, segments, dx.cols, [&](const Size* offsets) {
    return cuda::SplitTokensOf<T, false>{dx, dy, offsets, groups};
  });
}
template <class T>
void mean_pool(Cuda<T>& be, Out<T> y, In<T> x, const Segments& segments) {
  cuda::for_sequences(be, segments, y.cols, [&](const Size* offsets) { return cuda::MeanPool<T>{y, x, offsets}; });
}
template <class T>
void mean_pool_backward(Cuda<T>& be, Out<T> dx, In<T> dy, const Segments& segments) {
  cuda::for_sequences(be, segments, dx.cols, [&](const Size* offsets) {
    return cuda::MeanPoolBackward<T>{dx, dy, offsets};
  });
}
template <class T>
void add_sinusoids(Cuda<T>& be, Out<T> y, In<T> x, const Segments& segments) {
  cuda::for_sequences(be, segments, y.cols, [&](const Size* offsets) { return cuda::AddSinusoids<T>{y, x, offsets}; });
}

}  // namespace hashweave
