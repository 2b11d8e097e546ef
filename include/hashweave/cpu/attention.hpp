#pragma once
#include <hashweave/core/attention.hpp>
#include <hashweave/cpu/elementwise.hpp>
#include <hashweave/cpu/gemm.hpp>
#include <hashweave/cpu/math.hpp>
#include <hashweave/cpu/norm.hpp>

namespace hashweave {

namespace cpu {

/// Query rows whose logits are in memory at a time: at most, and of a sequence, which is cut into equal parts of whole
/// panels. For each part the keys and values are laid out anew.
inline constexpr Size attention_tile = 224;
/// Logits of a row take whole vectors: what stands behind the last one is computed too, and never read.
inline Size padded(Size keys) { return (keys + 15) / 16 * 16; }
inline Size tile_rows(Size length) {
  return part_of(length, std::max<Size>(1, (length + attention_tile - 1) / attention_tile), 32);
}

/// One head of one sequence: where its q, k, v, … are, and the arithmetic on a tile of query rows.
template <class T>
struct Head {
  const AttentionShape& shape;
  Size begin, length, head, width;  // first row, rows, head number, columns a head
  In<T> bias;                       // (heads * t, t) or empty, t positions or ids

  Head(const AttentionShape& s, Size segment, Size h, Size head_width, In<T> logit_bias)
      : shape{s},
        begin{s.segments.begin(segment)},
        length{s.segments.length(segment)},
        head{h},
        width{head_width},
        bias{logit_bias} {}

  /// Part 0 (q), 1 (k) or 2 (v) of the packed projections.
  template <class U>
  Mat<U> part(Mat<U> qkv, Size which) const {
    return cols_of(rows_of(qkv, begin, length), which * shape.heads * width + head * width, width);
  }
  template <class U>
  Mat<U> own(Mat<U> o) const {
    return cols_of(rows_of(o, begin, length), head * width, width);
  }
  /// Keys that the query rows [first, first + count) can see.
  Size visible(Size first, Size count) const { return shape.causal ? first + count : length; }
  T factor() const { return T{1} / std::sqrt(static_cast<T>(width)); }

  /// s = scale q kᵀ + bias on a tile; hidden entries are -infinity.
  void logits(const Arithmetic& how, Mat<T> s, In<T> q, In<T> k, Size first, std::byte* memory) const {
    const bool biased = bias.data != nullptr;
    for (Size r = 0; biased && r < s.rows; ++r) {
      const T* own = bias_row(bias, first + r);
      for (Size c = 0; c < s.cols; ++c) s(r, c) = own[bias_place(c)];
    }
    product<Form::nt, T>(how, s, q, k, factor(), {nullptr, biased}, memory);
    if (!shape.causal) return;
    for (Size r = 0; r < s.rows; ++r) {
      std::fill(s.row(r) + first + r + 1, s.row(r) + s.cols, -std::numeric_limits<T>::infinity());
    }
  }
  /// The bias of a query; the place in it of a key.
  template <class U>
  U* bias_row(Mat<U> table, Size query) const {
    return table.row(head * table.cols + bias_place(query));
  }
  Size bias_place(Size position) const { return shape.ids == nullptr ? position : Size{shape.ids[begin + position]}; }
  /// Multiplies row r of the tile by its dropout mask.
  void mask(T* p, Size n, Size row) const {
    drop<T>(p, p, n, shape.dropout, shape.stream, static_cast<std::uint64_t>((begin + row) * shape.heads + head) << 24);
  }
};

/// Scratch of one attention task: `tiles` tiles of (attention_tile, longest), then the product's blocks.
template <class T>
struct AttentionScratch {
  std::byte* base;
  std::size_t tile_bytes;
  std::byte* blocks;

  AttentionScratch(Cpu<T>& be, Size worker, Size longest, Size width, std::size_t tiles)
      : base{be.scratch(worker, bytes(be.arithmetic(), longest, width, tiles))},
        tile_bytes{bytes_of_tile(longest)},
        blocks{base + tiles * tile_bytes} {}
  static std::size_t bytes_of_tile(Size longest) {
    return (static_cast<std::size_t>(std::min(attention_tile, longest) * padded(longest)) * sizeof(T) + 63) / 64 * 64;
  }
  static std::size_t bytes(const Arithmetic& how, Size longest, Size width, std::size_t tiles) {
    const auto whole = [&](Size m, Size n, Size k) { return product_bytes<T>(how, m, n, k); };
    const Size rows = std::min(attention_tile, longest);
    return tiles * bytes_of_tile(longest) +
           std::max({whole(rows, longest, width), whole(rows, width, longest), whole(longest, width, rows)});
  }
  Mat<T> tile(std::size_t i, Size rows, Size cols) const {
    return cols_of(matrix(reinterpret_cast<T*>(base + i * tile_bytes), rows, padded(cols)), 0, cols);
  }
};

}  // namespace cpu

/// o_h = softmax(q_h k_hᵀ / sqrt(width) + bias_h) v_h within each sequence; lse (tokens, heads) = log Σ exp of the
/// logits. bias (heads * t, t) is head by head that of query and key position, or of their ids where shape has some.
template <class T>
void attention(Cpu<T>& be, Out<T> o, Out<T> lse, In<T> qkv, In<T> bias, const AttentionShape& shape) {
  const Size width = o.cols / shape.heads, longest = shape.segments.longest();
  be.reserve_scratch(cpu::AttentionScratch<T>::bytes(be.arithmetic(), longest, width, 1));
  be.threads().run(shape.segments.count * shape.heads, [&](Size task, Size worker) {
    const cpu::Head<T> h{shape, task / shape.heads, task % shape.heads, width, bias};
    const cpu::AttentionScratch<T> scratch{be, worker, longest, width, 1};
    const In<T> q = h.part(qkv, 0), k = h.part(qkv, 1), v = h.part(qkv, 2);
    const Size tall = cpu::tile_rows(h.length);
    for (Size first = 0; first < h.length; first += tall) {
      const Size count = std::min(tall, h.length - first), keys = h.visible(first, count);
      const Mat<T> s = scratch.tile(0, count, keys);
      h.logits(be.arithmetic(), s, rows_of(q, first, count), rows_of(k, 0, keys), first, scratch.blocks);
      for (Size r = 0; r < count; ++r) {
        T* p = s.row(r);
        const T top = cpu::row(p, keys).maxCoeff();
        for (Size c = 0; c < cpu::padded(keys); ++c) p[c] = cpu::exp(p[c] - top);
        const T sum = cpu::row(p, keys).sum();
        cpu::row(p, keys) *= T{1} / sum;
        lse(h.begin + first + r, h.head) = top + std::log(sum);
        if (shape.dropout > 0) h.mask(p, keys, first + r);
      }
      const Mat<T> out = rows_of(h.own(o), first, count);
      cpu::product<Form::nn, T>(be.arithmetic(), out, s, rows_of(v, 0, keys), T{1}, {nullptr, false}, scratch.blocks);
    }
  });
}

/// The gradient of `attention` with respect to qkv, and to the bias where there is one (added to dbias). The logits are
/// computed again tile by tile: with P = exp(s - lse) and dP = do vᵀ, ds = P (dP - do · o).
template <class T>
void attention_backward(Cpu<T>& be, Out<T> dqkv, Out<T> dbias, In<T> d_o, In<T> qkv, In<T> o, In<T> lse, In<T> bias,
                        const AttentionShape& shape) {
  const Size width = o.cols / shape.heads, longest = shape.segments.longest();
  be.reserve_scratch(cpu::AttentionScratch<T>::bytes(be.arithmetic(), longest, width, 2));
  const auto one = [&](Size segment, Size head, Size worker) {
    const cpu::Head<T> h{shape, segment, head, width, bias};
    const cpu::AttentionScratch<T> scratch{be, worker, longest, width, 2};
    const In<T> q = h.part(qkv, 0), k = h.part(qkv, 1), v = h.part(qkv, 2);
    const In<T> y = h.own(o), dy = h.own(d_o);
    const Mat<T> dq = h.part(dqkv, 0), dk = h.part(dqkv, 1), dv = h.part(dqkv, 2);
    cpu::fill_zero(dk);
    cpu::fill_zero(dv);
    const Size tall = cpu::tile_rows(h.length);
    for (Size first = 0; first < h.length; first += tall) {
      const Size count = std::min(tall, h.length - first), keys = h.visible(first, count);
      const Mat<T> p = scratch.tile(0, count, keys), ds = scratch.tile(1, count, keys);
      const In<T> dy_rows = rows_of(dy, first, count);
      h.logits(be.arithmetic(), p, rows_of(q, first, count), rows_of(k, 0, keys), first, scratch.blocks);
      cpu::product<Form::nt, T>(be.arithmetic(), ds, dy_rows, rows_of(v, 0, keys), T{1}, {nullptr, false},
                                scratch.blocks);
      for (Size r = 0; r < count; ++r) {
        const T log_sum = lse(h.begin + first + r, h.head);
        const T delta = (cpu::row(dy_rows.row(r), width) * cpu::row(y.row(first + r), width)).sum();
        T *weights = p.row(r), *grad = ds.row(r);
        if (shape.dropout > 0) h.mask(grad, keys, first + r);
        for (Size c = 0; c < cpu::padded(keys); ++c) {
          weights[c] = cpu::exp(weights[c] - log_sum);
          grad[c] = weights[c] * (grad[c] - delta);
        }
        if (shape.causal) {  // exp is clamped, so that hidden entries need an exact zero
          std::fill(weights + first + r + 1, weights + keys, T{0});
          std::fill(grad + first + r + 1, grad + keys, T{0});
        }
        if (shape.dropout > 0) h.mask(weights, keys, first + r);
        if (dbias.data == nullptr) continue;
        T* own = h.bias_row(dbias, first + r);
        for (Size c = 0; c < keys; ++c) own[h.bias_place(c)] += grad[c];
      }
      cpu::product<Form::tn, T>(be.arithmetic(), rows_of(dv, 0, keys), p, dy_rows, T{1}, {nullptr, true},
                                scratch.blocks);
      cpu::product<Form::nn, T>(be.arithmetic(), rows_of(dq, first, count), ds, rows_of(k, 0, keys), h.factor(),
                                {nullptr, false}, scratch.blocks);
      cpu::product<Form::tn, T>(be.arithmetic(), rows_of(dk, 0, keys), ds, rows_of(q, first, count), h.factor(),
                                {nullptr, true}, scratch.blocks);
    }
  };
  if (dbias.data == nullptr) {
    be.threads().run(shape.segments.count * shape.heads,
                     [&](Size task, Size worker) { one(task / shape.heads, task % shape.heads, worker); });
  } else {  // the bias of a head is shared by all sequences: one task a head keeps the order of its sums
    be.threads().run(shape.heads, [&](Size head, Size worker) {
      for (Size segment = 0; segment < shape.segments.count; ++segment) one(segment, head, worker);
    });
  }
}

}  // namespace hashweave
