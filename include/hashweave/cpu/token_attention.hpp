#pragma once
#include <hashweave/core/attention.hpp>
#include <hashweave/cpu/elementwise.hpp>
#include <hashweave/cpu/math.hpp>
#include <hashweave/cpu/norm.hpp>

namespace hashweave {

namespace cpu {

/// The one query of a sequence: its rows of x, its row of (sequences, heads * D) and its block of the weights.
template <class T>
struct OneQuery {
  const AttentionShape& shape;
  Size sequence, begin, length, position;  // position: of the query in its sequence

  OneQuery(const AttentionShape& s, Size i, bool last)
      : shape{s},
        sequence{i},
        begin{s.segments.begin(i)},
        length{s.segments.length(i)},
        position{last ? length - 1 : 0} {}

  Size keys() const { return shape.causal ? position + 1 : length; }
  T factor(Size width) const { return T{1} / std::sqrt(static_cast<T>(width / shape.heads)); }
  template <class U>
  Mat<U> weights(Mat<U> p) const {  // (heads, length)
    return matrix(p.data + begin * shape.heads, shape.heads, length);
  }
  template <class U>
  Mat<U> own(Mat<U> u) const {  // (heads, D)
    return matrix(u.row(sequence), shape.heads, u.cols / shape.heads);
  }
  /// y = x times the dropout mask of one head's weights; the numbers are those of `attention`.
  void mask(T* y, const T* x, Size head) const {
    drop<T>(y, x, keys(), shape.dropout, shape.stream,
            static_cast<std::uint64_t>((begin + position) * shape.heads + head) << 24);
  }
};

}  // namespace cpu

/// For one token of each sequence, the first or the last, and each head: p_h = softmax(x u_h / sqrt(D / heads)) over
/// the tokens x that it sees, m_h = Σ p̃_h x with p̃ = p after dropout, mass_h = Σ p̃_h. u and m are (sequences, heads *
/// D), mass is (sequences, heads). p and p̃ have (tokens, heads) values: sequence by sequence (heads, length); they may
/// be one matrix where there is no dropout.
template <class T>
void token_attention(Cpu<T>& be, Out<T> m, Out<T> p, Out<T> kept, Out<T> mass, In<T> u, In<T> x,
                     const AttentionShape& shape, bool last) {
  be.threads().run(shape.segments.count, [&](Size i, Size) {
    const cpu::OneQuery<T> one{shape, i, last};
    const Mat<T> weights = one.weights(p), after = one.weights(kept), sums = one.own(m);
    const In<T> queries = one.own(u);
    const Size keys = one.keys();
    const T factor = one.factor(x.cols);
    for (Size t = 0; t < keys; ++t) {
      const auto token = cpu::row(x.row(one.begin + t), x.cols);
      for (Size h = 0; h < shape.heads; ++h) weights(h, t) = factor * (token * cpu::row(queries.row(h), x.cols)).sum();
    }
    for (Size h = 0; h < shape.heads; ++h) {
      T* w = weights.row(h);
      const T top = cpu::row(w, keys).maxCoeff();
      for (Size t = 0; t < keys; ++t) w[t] = cpu::exp(w[t] - top);
      cpu::row(w, keys) *= T{1} / cpu::row(w, keys).sum();
      if (shape.dropout > 0) one.mask(after.row(h), w, h);
      mass(i, h) = cpu::row(after.row(h), keys).sum();
      std::fill_n(sums.row(h), x.cols, T{0});
    }
    for (Size t = 0; t < keys; ++t) {
      const auto token = cpu::row(x.row(one.begin + t), x.cols);
      for (Size h = 0; h < shape.heads; ++h) cpu::row(sums.row(h), x.cols) += after(h, t) * token;
    }
  });
}

/// The gradient of `token_attention` with respect to x and u. d_mass may be empty: p̃ sums to one without dropout, so
/// that the gradient of its sum changes nothing.
template <class T>
void token_attention_backward(Cpu<T>& be, Out<T> dx, Out<T> du, In<T> dm, In<T> d_mass, In<T> p, In<T> kept, In<T> u,
                              In<T> x, const AttentionShape& shape, bool last) {
  const auto bytes = static_cast<std::size_t>(shape.heads * shape.segments.longest()) * sizeof(T);
  be.reserve_scratch(bytes);
  be.threads().run(shape.segments.count, [&](Size i, Size worker) {
    const cpu::OneQuery<T> one{shape, i, last};
    const In<T> weights = one.weights(p), after = one.weights(kept), queries = one.own(u), d_sums = one.own(dm);
    const Mat<T> d_queries = one.own(du);
    const Size keys = one.keys();
    const T factor = one.factor(x.cols);
    const Mat<T> ds = matrix(reinterpret_cast<T*>(be.scratch(worker, bytes)), shape.heads, one.length);
    for (Size t = 0; t < keys; ++t) {
      const auto token = cpu::row(x.row(one.begin + t), x.cols);
      for (Size h = 0; h < shape.heads; ++h) {
        ds(h, t) = (token * cpu::row(d_sums.row(h), x.cols)).sum() + (d_mass.data == nullptr ? T{0} : d_mass(i, h));
      }
    }
    for (Size h = 0; h < shape.heads; ++h) {
      T* d = ds.row(h);
      if (shape.dropout > 0) one.mask(d, d, h);
      const auto w = cpu::row(weights.row(h), keys);
      const T mean = (w * cpu::row(d, keys)).sum();
      cpu::row(d, keys) = factor * w * (cpu::row(d, keys) - mean);
      std::fill_n(d_queries.row(h), x.cols, T{0});
    }
    for (Size t = 0; t < one.length; ++t) {
      auto d_token = cpu::row(dx.row(one.begin + t), x.cols);
      d_token.setZero();
      if (t >= keys) continue;
      const auto token = cpu::row(x.row(one.begin + t), x.cols);
      for (Size h = 0; h < shape.heads; ++h) {
        d_token += after(h, t) * cpu::row(d_sums.row(h), x.cols) + ds(h, t) * cpu::row(queries.row(h), x.cols);
        cpu::row(d_queries.row(h), x.cols) += ds(h, t) * token;
      }
    }
  });
}

}  // namespace hashweave
