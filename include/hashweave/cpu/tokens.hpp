#pragma once
#include <cmath>
#include <hashweave/core/segments.hpp>
#include <hashweave/cpu/backend.hpp>

namespace hashweave {

namespace cpu {

/// y_c += x_c
template <class T>
void add_row(T* __restrict__ y, const T* x, Size n) {
  for (Size c = 0; c < n; ++c) y[c] += x[c];
}
/// Calls f(first, count) for slices of the columns: whoever adds into shared rows owns its columns alone.
template <class T, class F>
void for_column_slices(Cpu<T>& be, Size cols, F&& f) {
  constexpr Size width = 64;
  be.threads().run((cols + width - 1) / width,
                   [&](Size task, Size) { f(task * width, std::min(width, cols - task * width)); });
}

}  // namespace cpu

/// y_t = word[id_t] + position[t - start] + type[type_t]; empty tables are left out.
template <class T>
void embed(Cpu<T>& be, Out<T> y, const std::int32_t* ids, const std::int32_t* types, const Segments& segments,
           In<T> word, In<T> position, In<T> type) {
  be.threads().run(segments.count, [&](Size s, Size) {
    for (Size t = segments.begin(s); t < segments.offsets[s + 1]; ++t) {
      std::copy_n(word.row(ids[t]), y.cols, y.row(t));
      if (position.data != nullptr) cpu::add_row(y.row(t), position.row(t - segments.begin(s)), y.cols);
      if (type.data != nullptr) cpu::add_row(y.row(t), type.row(types == nullptr ? 0 : types[t]), y.cols);
    }
  });
}
/// The rows that were used get dy added, token by token in order.
template <class T>
void embed_backward(Cpu<T>& be, Out<T> d_word, Out<T> d_position, Out<T> d_type, In<T> dy, const std::int32_t* ids,
                    const std::int32_t* types, const Segments& segments) {
  cpu::for_column_slices(be, dy.cols, [&](Size first, Size count) {
    for (Size s = 0; s < segments.count; ++s) {
      for (Size t = segments.begin(s); t < segments.offsets[s + 1]; ++t) {
        const T* d = dy.row(t) + first;
        cpu::add_row(d_word.row(ids[t]) + first, d, count);
        if (d_position.data != nullptr) cpu::add_row(d_position.row(t - segments.begin(s)) + first, d, count);
        if (d_type.data != nullptr) cpu::add_row(d_type.row(types == nullptr ? 0 : types[t]) + first, d, count);
      }
    }
  });
}

/// Row (image, patch) = the patch's values in the order channel, row, column.
template <class T>
void to_patches(Cpu<T>& be, Out<T> rows, In<T> pixels, Size channels, Size height, Size width, Size patch) {
  const Size across = width / patch, down = height / patch;
  be.threads().run(pixels.rows * down, [&](Size task, Size) {
    const Size image = task / down, pr = task % down;
    for (Size pc = 0; pc < across; ++pc) {
      T* out = rows.row(task * across + pc);
      for (Size c = 0; c < channels; ++c) {
        for (Size r = 0; r < patch; ++r, out += patch) {
          std::copy_n(pixels.row(image) + (c * height + pr * patch + r) * width + pc * patch, patch, out);
        }
      }
    }
  });
}
/// The inverse of `to_patches`: the patches cover every pixel once.
template <class T>
void from_patches(Cpu<T>& be, Out<T> pixels, In<T> rows, Size channels, Size height, Size width, Size patch) {
  const Size across = width / patch, down = height / patch;
  be.threads().run(pixels.rows * down, [&](Size task, Size) {
    const Size image = task / down, pr = task % down;
    for (Size pc = 0; pc < across; ++pc) {
      const T* in = rows.row(task * across + pc);
      for (Size c = 0; c < channels; ++c) {
        for (Size r = 0; r < patch; ++r, in += patch) {
          std::copy_n(in, patch, pixels.row(image) + (c * height + pr * patch + r) * width + pc * patch);
        }
      }
    }
  });
}

/// Sequence i = [cls ; rows i*patches …] + positions
template <class T>
void join_cls(Cpu<T>& be, Out<T> y, In<T> rows, In<T> cls, In<T> positions, Size patches) {
  be.threads().run(y.rows / (patches + 1), [&](Size image, Size) {
    for (Size t = 0; t <= patches; ++t) {
      T* out = y.row(image * (patches + 1) + t);
      std::copy_n(t == 0 ? cls.data : rows.row(image * patches + t - 1), y.cols, out);
      cpu::add_row(out, positions.row(t), y.cols);
    }
  });
}
/// The inverse of `join_cls`, with the gradients of cls and positions added up over the images in order.
template <class T>
void split_cls_backward(Cpu<T>& be, Out<T> d_rows, Out<T> d_cls, Out<T> d_positions, In<T> dy, Size patches) {
  cpu::for_column_slices(be, dy.cols, [&](Size first, Size count) {
    for (Size image = 0; image < dy.rows / (patches + 1); ++image) {
      for (Size t = 0; t <= patches; ++t) {
        const T* d = dy.row(image * (patches + 1) + t) + first;
        cpu::add_row(d_positions.row(t) + first, d, count);
        if (t == 0) {
          cpu::add_row(d_cls.data + first, d, count);
        } else {
          std::copy_n(d, count, d_rows.row(image * patches + t - 1) + first);
        }
      }
    }
  });
}

/// y_i = the first or last row of sequence i
template <class T>
void pick_rows(Cpu<T>&, Out<T> y, In<T> x, const Segments& segments, bool last) {
  for (Size s = 0; s < segments.count; ++s) {
    std::copy_n(x.row(last ? segments.offsets[s + 1] - 1 : segments.begin(s)), y.cols, y.row(s));
  }
}
template <class T>
void pick_rows_backward(Cpu<T>& be, Out<T> dx, In<T> dy, const Segments& segments, bool last) {
  be.threads().run(segments.count, [&](Size s, Size) {
    for (Size t = segments.begin(s); t < segments.offsets[s + 1]; ++t) std::fill_n(dx.row(t), dx.cols, T{0});
    std::copy_n(dy.row(s), dx.cols, dx.row(last ? segments.offsets[s + 1] - 1 : segments.begin(s)));
  });
}

/// The first or last row of sequence i of dx gets dy_i added.
template <class T>
void add_picked_rows(Cpu<T>&, Out<T> dx, In<T> dy, const Segments& segments, bool last) {
  for (Size s = 0; s < segments.count; ++s) {
    cpu::add_row(dx.row(last ? segments.offsets[s + 1] - 1 : segments.begin(s)), dy.row(s), dx.cols);
  }
}

/// Sequence i of x becomes `groups` sequences of y: its first row, and a share of its other rows in order; the first
/// (length - 1) % groups shares are one row longer.
template <class T>
void split_tokens(Cpu<T>& be, Out<T> y, In<T> x, const Segments& segments, Size groups) {
  be.threads().run(segments.count, [&](Size s, Size) {
    const Size rest = segments.length(s) - 1;
    Size from = segments.begin(s) + 1, to = segments.begin(s) + s * (groups - 1);
    for (Size k = 0; k < groups; ++k) {
      const Size share = rest / groups + (k < rest % groups ? 1 : 0);
      std::copy_n(x.row(segments.begin(s)), y.cols, y.row(to++));
      for (Size t = 0; t < share; ++t) std::copy_n(x.row(from++), y.cols, y.row(to++));
    }
  });
}
/// Its inverse, with the gradients of the first rows added up in the order of the groups.
template <class T>
void split_tokens_backward(Cpu<T>& be, Out<T> dx, In<T> dy, const Segments& segments, Size groups) {
  be.threads().run(segments.count, [&](Size s, Size) {
    const Size rest = segments.length(s) - 1;
    Size to = segments.begin(s) + 1, from = segments.begin(s) + s * (groups - 1);
    std::fill_n(dx.row(segments.begin(s)), dx.cols, T{0});
    for (Size k = 0; k < groups; ++k) {
      const Size share = rest / groups + (k < rest % groups ? 1 : 0);
      cpu::add_row(dx.row(segments.begin(s)), dy.row(from++), dx.cols);
      for (Size t = 0; t < share; ++t) std::copy_n(dy.row(from++), dx.cols, dx.row(to++));
    }
  });
}

/// y_i = mean of the rows of sequence i
template <class T>
void mean_pool(Cpu<T>& be, Out<T> y, In<T> x, const Segments& segments) {
  be.threads().run(segments.count, [&](Size s, Size) {
    std::fill_n(y.row(s), y.cols, T{0});
    for (Size t = segments.begin(s); t < segments.offsets[s + 1]; ++t) cpu::add_row(y.row(s), x.row(t), y.cols);
    for (Size c = 0; c < y.cols; ++c) y(s, c) /= static_cast<T>(segments.length(s));
  });
}
template <class T>
void mean_pool_backward(Cpu<T>& be, Out<T> dx, In<T> dy, const Segments& segments) {
  be.threads().run(segments.count, [&](Size s, Size) {
    for (Size t = segments.begin(s); t < segments.offsets[s + 1]; ++t) {
      for (Size c = 0; c < dx.cols; ++c) dx(t, c) = dy(s, c) / static_cast<T>(segments.length(s));
    }
  });
}

namespace cpu {

/// Row p of e = sin(p ω_i) in column 2i and cos(p ω_i) in column 2i + 1, ω_i = 10000^(-2i/cols): each column pair
/// turned by ω_i from row to row, in double.
template <class T>
void sinusoids(Mat<T> e) {
  for (Size c = 0; c < e.cols; c += 2) {
    const double angle = std::exp(-std::log(10000.0) * static_cast<double>(c) / static_cast<double>(e.cols));
    const double turn_sin = std::sin(angle), turn_cos = std::cos(angle);
    double sin = 0, cos = 1;
    for (Size p = 0; p < e.rows; ++p) {
      e(p, c) = static_cast<T>(sin);
      if (c + 1 < e.cols) e(p, c + 1) = static_cast<T>(cos);
      const double next = sin * turn_cos + cos * turn_sin;
      cos = cos * turn_cos - sin * turn_sin;
      sin = next;
    }
  }
}

}  // namespace cpu

/// y_t = x_t + e(t - start), e the rows of `cpu::sinusoids`
template <class T>
void add_sinusoids(Cpu<T>& be, Out<T> y, In<T> x, const Segments& segments) {
  const auto mark = be.tape().mark();
  const Size longest = segments.longest();
  const Mat<T> e = matrix(be.tape().template take<T>(longest * y.cols), longest, y.cols);
  cpu::sinusoids(e);
  be.threads().run(segments.count, [&](Size s, Size) {
    for (Size t = segments.begin(s); t < segments.offsets[s + 1]; ++t) {
      const T *in = x.row(t), *own = e.row(t - segments.begin(s));
      T* __restrict__ out = y.row(t);
      for (Size c = 0; c < y.cols; ++c) out[c] = in[c] + own[c];
    }
  });
  be.tape().release(mark);
}

}  // namespace hashweave
