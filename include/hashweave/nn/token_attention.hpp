#pragma once
#include <hashweave/core/form.hpp>
#include <hashweave/nn/pick.hpp>
#include <hashweave/nn/self_attention.hpp>

namespace hashweave {

/// What `SelfAttention` gives for one token of each sequence, the first or the last, at the cost of that token: the
/// others are seen, but they ask nothing.
///
/// With q_h of the picked token, u_h = W_k,hᵀ q_h: s_h = x u_h / sqrt(D/Heads), p_h = softmax(s_h), m_h = Σ_t p_h,t
/// x_t, o_h = W_v,h m_h + b_v,h. No product is taken of all tokens: keys and values are never made. b_k shifts the
/// logits of a head by the same number, so that it changes nothing and its gradient is 0.
///
/// Shapes: (tokens, D) -> (sequences, D). Parameters, `dropout` and its random numbers as `SelfAttention`'s.
/// Saved: x, the picked rows of x, q, u, m, o and the weights p.
/// Source: Vaswani et al., NeurIPS 2017, section 3.2; the order of the products: DeepSeek-V2, arXiv:2405.04434, section
/// 2.1.2 ("absorbed" projections).
template <TokenAt At, Size D, Size Heads, class Visibility = Full>
struct TokenAttention {
  using Whole = SelfAttention<D, Heads, Visibility>;
  static constexpr Size heads = Heads, width = D / Heads;
  static constexpr bool last = At == TokenAt::last, own_output = true;

  double dropout = 0;

  template <class S>
    requires std::same_as<S, Tokens<D>>
  using Output = Vectors<D>;
  template <class S>
  static consteval bool joints() {
    static_assert(Whole::whole_heads, "TokenAttention: the width must be a multiple of the number of heads");
    return Whole::whole_heads && Joint<TokenAttention, S>::fits();
  }
  template <class B>
  using Params = typename Whole::template Params<B>;
  template <class B, class S>
  struct Saved {
    using Matrix = Mat<typename B::Scalar>;
    View<B, S> x;
    View<B, Vectors<D>> first, q, o;
    Matrix u, m, p, kept, mass;  // (sequences, Heads D) twice, (tokens, Heads) twice, (sequences, Heads)
    RandomStream stream;
  };

  template <class B, class S>
  auto forward(B& be, const Params<B>& p, View<B, S> x) const {
    return run(be, p, x, dropout, dropout > 0 ? be.random().next() : RandomStream{});
  }
  template <class B, class S>
  View<B, Vectors<D>> infer(B& be, const Params<B>& p, View<B, S> x) const {
    return run(be, p, x, 0, {}).y;
  }
  template <class B, class S>
  View<B, S> backward(B& be, const Params<B>& p, const Saved<B, S>& s, View<B, Vectors<D>> dy, Params<B>& g) const {
    auto dx = make<S>(be, s.x.segments);
    TapeScope scope{be};
    const Size n = dy.rows;
    const typename Whole::Proj::template Saved<B, Vectors<D>> proj_saved{s.o};
    const auto d_o = typename Whole::Proj{}.backward(be, p.proj, proj_saved, dy, g.proj).mat();
    const auto dm = make_matrix(be, n, Heads * D), du = make_matrix(be, n, Heads * D);
    const auto d_mass = dropout > 0 ? make_matrix(be, n, Heads) : decltype(dm){};
    const auto q = part(p, 0), k = part(p, 1), v = part(p, 2);
    const auto g_q = part(g, 0), g_k = part(g, 1), g_v = part(g, 2);
    for (Size h = 0; h < Heads; ++h) {  // o_h = m_h W_v,hᵀ + mass_h b_v,h
      const auto own = head(d_o, h), m = sum(s.m, h);
      multiply(be, Form::nn, sum(dm, h), own, v.weight(h));
      if (dropout > 0) {
        multiply(be, Form::nt, cols_of(d_mass, h, 1), own, v.bias(h));
        multiply(be, Form::tn, g_v.weight(h), own, m, 1, true);
        multiply(be, Form::tn, g_v.bias(h), cols_of(s.mass, h, 1), own, 1, true);
      } else {
        affine_backward_weight(be, g_v.weight(h), g_v.bias(h), own, m);
      }
    }
    token_attention_backward(be, dx.mat(), du, dm, d_mass, s.p, s.kept, s.u, s.x.mat(),
                             shape_of(s.x, dropout, s.stream), last);
    const auto dq = make_matrix(be, n, D), d_first = make_matrix(be, n, D);
    for (Size h = 0; h < Heads; ++h) {  // u_h = q_h W_k,h
      multiply(be, Form::nt, head(dq, h), sum(du, h), k.weight(h));
      multiply(be, Form::tn, g_k.weight(h), head(s.q.mat(), h), sum(du, h), 1, true);
    }
    affine_backward_weight(be, g_q.weight(), g_q.bias(), dq, s.first.mat());
    affine_backward_input(be, d_first, dq, q.weight());
    add_picked_rows(be, dx.mat(), d_first, s.x.segments, last);
    return dx;
  }
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    Whole::visit(f, at, p);
  }

 private:
  /// The rows of W_qkv and the columns of b_qkv that make q (0), k (1) or v (2); those of one head.
  template <class M>
  struct Part {
    M w, b;
    M weight() const { return w; }
    M weight(Size h) const { return rows_of(w, h * width, width); }
    M bias() const { return b; }
    M bias(Size h) const { return cols_of(b, h * width, width); }
  };
  template <class P>
  static auto part(P& p, Size which) {
    const auto w = p.qkv.weight.mat();
    return Part<std::remove_const_t<decltype(w)>>{rows_of(w, which * D, D), cols_of(p.qkv.bias.mat(), which * D, D)};
  }
  template <class M>
  static M head(M rows, Size h) {
    return cols_of(rows, h * width, width);
  }
  template <class M>
  static M sum(M rows, Size h) {
    return cols_of(rows, h * D, D);
  }
  template <class B, class S>
  static AttentionShape shape_of(View<B, S> x, double rate, RandomStream stream) {
    return {x.segments, Heads, std::same_as<Visibility, Causal>, rate, stream};
  }

  template <class B, class S>
  auto run(B& be, const Params<B>& p, View<B, S> x, double rate, RandomStream stream) const {
    require(rate >= 0 && rate < 1, "TokenAttention", "dropout", "at least 0 and less than 1", rate);
    const Size n = x.segments.count;
    auto first = make<Vectors<D>>(be, n), q = make<Vectors<D>>(be, n), o = make<Vectors<D>>(be, n);
    const auto u = make_matrix(be, n, Heads * D), m = make_matrix(be, n, Heads * D), mass = make_matrix(be, n, Heads);
    const auto weights = make_matrix(be, x.segments.rows(), Heads);
    const auto kept = rate > 0 ? make_matrix(be, x.segments.rows(), Heads) : weights;
    const auto query = part(p, 0), key = part(p, 1), value = part(p, 2);
    pick_rows(be, first.mat(), x.mat(), x.segments, last);
    affine(be, q.mat(), first.mat(), query.weight(), query.bias());
    for (Size h = 0; h < Heads; ++h) multiply(be, Form::nn, sum(u, h), head(q.mat(), h), key.weight(h));
    token_attention(be, m, weights, kept, mass, u, x.mat(), shape_of(x, rate, stream), last);
    for (Size h = 0; h < Heads; ++h) {
      if (rate > 0) multiply(be, Form::nn, head(o.mat(), h), cols_of(mass, h, 1), value.bias(h));
      if (rate > 0) multiply(be, Form::nt, head(o.mat(), h), sum(m, h), value.weight(h), 1, true);
      if (rate == 0) affine(be, head(o.mat(), h), sum(m, h), value.weight(h), value.bias(h));
    }
    auto y = typename Whole::Proj{}.forward(be, p.proj, o).y;
    return Step<View<B, Vectors<D>>, Saved<B, S>>{y, {x, first, q, o, u, m, weights, kept, mass, stream}};
  }
};

}  // namespace hashweave
