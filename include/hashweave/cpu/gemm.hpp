#pragma once
#include <algorithm>
#include <hashweave/core/form.hpp>
#include <hashweave/core/mat.hpp>
#include <hashweave/cpu/backend.hpp>
#include <hashweave/cpu/eigen_product.hpp>
#include <hashweave/cpu/elementwise.hpp>
#include <hashweave/cpu/packed_product.hpp>
#include <hashweave/cpu/start.hpp>

namespace hashweave {

namespace cpu {

/// Calls f with the kind of packed product that `how` asks for; false: with none, another engine is wanted.
template <class T, class F>
bool with_packed([[maybe_unused]] const Arithmetic& how, [[maybe_unused]] F&& f) {
  if constexpr (std::same_as<T, float>) {
#if HASHWEAVE_AVX2
    if (how.engine == Engine::avx2) {
      f(Packed<Avx2Tile>{});
      return true;
    }
#endif
#if HASHWEAVE_AVX512
    const bool tiles = how.engine == Engine::amx, vectors = how.engine == Engine::avx512;
    if ((tiles || vectors) && how.precision == Precision::full) {
      f(Packed<VectorTile<FloatUnit<Lanes16>>>{});
      return true;
    }
#endif
#if HASHWEAVE_AVX512_BF16
    if (vectors) {
      f(Packed<VectorTile<PairUnit>>{});
      return true;
    }
#endif
#if HASHWEAVE_AMX
    if (tiles) {
      f(Packed<AmxTile>{});
      return true;
    }
#endif
  }
  return false;
}

/// Bytes that `product` needs for any result of at most (m, n) and any depth of at most k.
template <class T>
std::size_t product_bytes(const Arithmetic& how, Size m, Size n, Size k) {
  std::size_t bytes = Lent<T>::block_bytes(k * m) + Lent<T>::block_bytes(k * n);
  with_packed<T>(how, [&](auto packed) { bytes = packed.right_bytes(n, k) + packed.left_bytes(n, k); });
  return bytes;
}

/// c = start + alpha * op(a) op(b), in one thread.
template <Form F, class T>
void product(const Arithmetic& how, Mat<T> c, In<T> a, In<T> b, T alpha, Start<T> start, std::byte* memory) {
  const Size k = F == Form::tn ? a.rows : a.cols;
  const bool done = with_packed<T>(how, [&](auto packed) {
    using P = decltype(packed);
    auto* right = reinterpret_cast<std::int32_t*>(memory);
    auto* left = reinterpret_cast<std::int32_t*>(memory + P::right_bytes(c.cols, k));
    P::template pack_right<F>(right, b, 0, panels_of<typename P::Right>(c.cols));
    P::template multiply<F>(c, start, a, alpha, right, 0, left, P::block_of(c.cols, k));
  });
  if (done) return;
#ifdef HASHWEAVE_HAS_ONEDNN
  if constexpr (std::same_as<T, float>) {
    if (how.engine == Engine::onednn) return onednn_product<F>(c, a, b, alpha, start);
  }
#endif
  start.write(c);
  eigen_product<F, T>(c, a, b, alpha, memory);
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

/// `extent` cut into `count` equal parts, each a whole number of `unit`.
inline Size part_of(Size extent, Size count, Size unit) {
  return ((extent + count - 1) / count + unit - 1) / unit * unit;
}

/// What is done to each part of a product once it is computed; null: nothing.
template <class T>
using Finish = void (*)(const Mat<T>&);

/// c = start + alpha * op(a) op(b) on all threads: first b is packed, unless it was kept, then pieces of c are
/// computed.
template <Form F, class P, class T>
void packed_product(Cpu<T>& be, P, Mat<T> c, In<T> a, In<T> b, T alpha, Start<T> start, Finish<T> finish) {
  constexpr Size group = 4, least_cols = 192, least_work = 4'000'000;
  using Right = typename P::Right;
  const Size k = F == Form::tn ? a.rows : a.cols, panels = panels_of<Right>(c.cols);
  const auto pack_all = [&](std::byte* room) {
    auto* const to = reinterpret_cast<std::int32_t*>(room);
    be.threads().run((panels + group - 1) / group, [&](Size task, Size) {
      P::template pack_right<F>(to, b, task * group, std::min(group, panels - task * group));
    });
  };
  const std::size_t bytes = P::right_bytes(c.cols, k);
  const Arithmetic& how = be.arithmetic();
  const std::byte* laid_out = be.constants().find(b, {F, how.engine, how.precision}, bytes, pack_all);
  if (laid_out == nullptr) {
    std::byte* const room = be.shared(bytes);
    pack_all(room);
    laid_out = room;
  }
  const auto* right = reinterpret_cast<const std::int32_t*>(laid_out);

  const auto block = P::block_of(c.cols, k);
  // No sum depends on this cut, so that it may depend on the number of threads: rows in as many blocks as give each
  // thread the same, columns in no more parts than keep all threads busy, for each of them packs all of a.
  const Size threads = be.threads().count(), pieces = 3 * threads, panels_down = panels_of<typename P::Left>(c.rows);
  Size down = (c.rows + block.rows - 1) / block.rows;
  if (down > threads) down = std::min(panels_down, (down + threads - 1) / threads * threads);
  const auto begin_of = [&](Size part) { return std::min(c.rows, panels_down * part / down * P::Left::width); };
  Size across = 1;
  while (down * across < pieces && c.cols >= 2 * across * least_cols && c.size() * k >= across * down * least_work) {
    across *= 2;
  }
  // what `finish` computes at the end of a row is the same wherever the cut is
  const Size wide = part_of(c.cols, across, finish == nullptr ? Right::width : std::max(Right::width, fill_width));
  across = (c.cols + wide - 1) / wide;
  be.reserve_scratch(P::left_bytes(c.cols, k));
  be.threads().run(down * across, [&](Size task, Size worker) {
    const Size row = begin_of(task / across), col = task % across * wide;
    const Size rows = begin_of(task / across + 1) - row;
    const Mat<T> piece = cols_of(rows_of(c, row, rows), col, std::min(wide, c.cols - col));
    auto* left = reinterpret_cast<std::int32_t*>(be.scratch(worker, P::left_bytes(c.cols, k)));
    P::template multiply<F>(piece, start.from_column(col),
                            F == Form::tn ? cols_of(a, row, rows) : rows_of(a, row, rows), alpha, right,
                            col / Right::width, left, block, finish);
  });
}

/// The same by Eigen or oneDNN: every piece of c packs its operands for itself.
template <Form F, class T>
void separate_pieces(Cpu<T>& be, Mat<T> c, In<T> a, In<T> b, T alpha, Start<T> start, Finish<T> finish) {
  const Size k = F == Form::tn ? a.rows : a.cols;
  const Cut cut = cut_of(c.rows, c.cols, k);
  const Size tall = part_of(c.rows, cut.rows, 4), wide = part_of(c.cols, cut.cols, 48);  // whole tiles of the kernel
  const Size down = (c.rows + tall - 1) / tall, across = (c.cols + wide - 1) / wide;
  const Size last_tall = c.rows - (down - 1) * tall, last_wide = c.cols - (across - 1) * wide;
  std::size_t bytes = 0;  // of the largest piece; not always that of the first
  for (const Size rows : {std::min(tall, c.rows), last_tall}) {
    for (const Size cols : {std::min(wide, c.cols), last_wide}) bytes = std::max(bytes, eigen_bytes<T>(rows, cols, k));
  }
  be.reserve_scratch(bytes);
  be.threads().run(down * across, [&](Size task, Size worker) {
    const Size row = task / across * tall, col = task % across * wide;
    const Size rows = std::min(tall, c.rows - row), cols = std::min(wide, c.cols - col);
    const Mat<T> piece = cols_of(rows_of(c, row, rows), col, cols);
    const In<T> x = F == Form::tn ? cols_of(a, row, rows) : rows_of(a, row, rows);
    const In<T> y = F == Form::nt ? rows_of(b, col, cols) : cols_of(b, col, cols);
    product<F, T>(be.arithmetic(), piece, x, y, alpha, start.from_column(col), be.scratch(worker, bytes));
    if (finish != nullptr) finish(piece);
  });
}

/// c = start + alpha * op(a) op(b) on all threads, then `finish` of its parts.
template <Form F, class T>
void parallel_product(Cpu<T>& be, Mat<T> c, In<T> a, In<T> b, T alpha, Start<T> start, Finish<T> finish = nullptr) {
  if (c.rows == 0 || c.cols == 0) return;
  const bool done = with_packed<T>(be.arithmetic(), [&](auto packed) {
    packed_product<F, decltype(packed), T>(be, packed, c, a, b, alpha, start, finish);
  });
  if (!done) separate_pieces<F, T>(be, c, a, b, alpha, start, finish);
}

template <Activation F, class T>
void activate_part(const Mat<T>& m) {
  map_rows<T>(m, m, [](T x) { return value_of<F>(x); });
}

template <class T>
void fill_zero(Mat<T> m) {
  for (Size r = 0; r < m.rows; ++r) std::fill_n(m.row(r), m.cols, T{0});
}

}  // namespace cpu

/// c = alpha * op(a) op(b) + (keep ? c : 0)
template <class T>
void multiply(Cpu<T>& be, Form form, Out<T> c, In<T> a, In<T> b, double alpha = 1, bool keep = false) {
  const cpu::Start<T> start{nullptr, keep};
  const T scale = static_cast<T>(alpha);
  switch (form) {
    case Form::nn:
      return cpu::parallel_product<Form::nn, T>(be, c, a, b, scale, start);
    case Form::nt:
      return cpu::parallel_product<Form::nt, T>(be, c, a, b, scale, start);
    case Form::tn:
      return cpu::parallel_product<Form::tn, T>(be, c, a, b, scale, start);
  }
}

/// y (rows, out) = x (rows, in) wᵀ + bias, w (out, in); the bias (1, out) may be empty.
template <class T>
void affine(Cpu<T>& be, Out<T> y, In<T> x, In<T> w, In<T> bias) {
  cpu::parallel_product<Form::nt, T>(be, y, x, w, T{1}, {bias.data, false});
}

/// y = f(x wᵀ + bias), each part of y while it is in the cache; the bias may be empty.
template <class T>
void affine_activate(Cpu<T>& be, Activation f, Out<T> y, In<T> x, In<T> w, In<T> bias) {
  cpu::with(f, [&](auto activation) {
    cpu::parallel_product<Form::nt, T>(be, y, x, w, T{1}, {bias.data, false},
                                       cpu::activate_part<decltype(activation)::value, T>);
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
  for_column_chunks(be, dy.cols, [&](Size first, Size count) {
    for (Size r = 0; r < dy.rows; ++r) {
      for (Size c = 0; c < count; ++c) dbias.data[first + c] += dy(r, first + c);
    }
  });
}

}  // namespace hashweave
