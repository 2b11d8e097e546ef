#pragma once
#include <hashweave/core/array.hpp>
#include <hashweave/core/attention.hpp>
#include <hashweave/core/form.hpp>
#include <hashweave/core/layer.hpp>
#include <hashweave/nn/embedding.hpp>
#include <hashweave/nn/linear.hpp>

namespace hashweave {

/// y_t = token[id_t]: id 0 is the summary token, id 1 + c stands for label c.
///
/// Shapes: token ids -> (tokens, D), which keep their ids. Saved: the ids.
/// @throws Error for an empty batch or an id that is neither 0 nor a label's.
template <Size Labels, Size D>
struct LabelTokenEmbed {
  using Table = Embedding<Labels + 1, D>;

  template <class S>
    requires std::same_as<S, TokenIds>
  using Output = LabelTokens<D>;
  template <class B>
  using Params = typename Table::template Params<B>;
  template <class B, class S>
  using Saved = typename Table::template Saved<B, S>;

  template <class B>
  auto forward(B& be, const Params<B>& p, View<B, TokenIds> x) const {
    const auto step = Table{}.forward(be, p, x);
    const View<B, LabelTokens<D>> y{step.y.data, LabelLayout{x.segments, x.ids}};
    return Step<View<B, LabelTokens<D>>, Saved<B, TokenIds>>{y, step.saved};
  }
  template <class B>
  NoGradient backward(B& be, const Params<B>& p, const Saved<B, TokenIds>& s, View<B, LabelTokens<D>> dy,
                      Params<B>& g) const {
    return Table{}.backward(be, p, s, View<B, Tokens<D>>{dy.data, dy.segments}, g);
  }
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    f(at / "token", Init::normal(0.02), p.word);
  }
};

/// Self-attention among the labels of each sample, whose logits know how labels go together:
/// o_h = softmax(q_h k_hᵀ / sqrt(D/Heads) + m_h A) v_h within each sequence, A_ij = prior(id_i, id_j), all else as
/// `SelfAttention`. m_h is learned, one number a head, and begins with `multiple`; prior is a statistic that nothing
/// changes: whoever builds the model assigns it, e.g. log(P(j | i) + ε), with zeros for the summary token.
///
/// Shapes: (tokens, D) -> (tokens, D). Parameters: qkv.weight (3D, D), qkv.bias, proj.weight (D, D), proj.bias,
/// multiple (1, Heads), prior (Labels + 1, Labels + 1): row id_i of the query, column id_j of the key.
/// Saved: x, qkv, o, the log-sum-exp of each row and head, the heads' tables m_h prior.
/// Source: Vaswani et al., NeurIPS 2017, section 3.2; an additive bias by pair: Shaw et al., NAACL 2018; Ying et al.
/// (Graphormer), NeurIPS 2021, section 3.1.2.
template <Size D, Size Heads, Size Labels>
struct LabelAttention {
  static constexpr Size heads = Heads, ids = Labels + 1;
  static constexpr bool whole_heads = Heads > 0 && D % Heads == 0;
  static constexpr double initial_multiple = 0.1;
  using Qkv = Linear<D, 3 * D>;
  using Proj = Linear<D, D>;

  template <class S>
    requires std::same_as<S, LabelTokens<D>>
  using Output = S;
  template <class S>
  static consteval bool joints() {
    static_assert(whole_heads, "LabelAttention: the width must be a multiple of the number of heads");
    return whole_heads && Joint<LabelAttention, S>::fits();
  }
  template <class B>
  struct Params {
    typename Qkv::template Params<B> qkv;
    typename Proj::template Params<B> proj;
    Array<B, 1, Heads> multiple;
    Array<B, ids, ids> prior;
  };
  template <class B, class S>
  struct Saved {
    View<B, S> x;
    View<B, LabelTokens<3 * D>> qkv;
    View<B, S> o;
    Mat<typename B::Scalar> lse, tables;  // (tokens, Heads), (Heads ids, ids)
  };

  template <class B, class S>
  auto forward(B& be, const Params<B>& p, View<B, S> x) const {
    static_assert(whole_heads, "LabelAttention: the width must be a multiple of the number of heads");
    const auto tables = make_matrix(be, Heads * ids, ids);
    multiply(be, Form::tn, flat(tables), p.multiple.mat(), flat(p.prior.mat()));  // (Heads, 1) (1, ids²)
    auto qkv = Qkv{}.forward(be, p.qkv, x).y;
    auto o = make<S>(be, x.layout());
    const auto lse = make_matrix(be, x.segments.rows(), Heads);
    attention(be, o.mat(), lse, qkv.mat(), tables, shape_of(x));
    auto y = Proj{}.forward(be, p.proj, o).y;
    return Step<View<B, S>, Saved<B, S>>{y, {x, qkv, o, lse, tables}};
  }
  template <class B, class S>
  View<B, S> backward(B& be, const Params<B>& p, const Saved<B, S>& s, View<B, S> dy, Params<B>& g) const {
    auto dx = make<S>(be, s.x.layout());
    TapeScope scope{be};
    const typename Proj::template Saved<B, S> proj_saved{s.o};
    const auto d_o = Proj{}.backward(be, p.proj, proj_saved, dy, g.proj);
    auto d_qkv = make<LabelTokens<3 * D>>(be, s.x.layout());
    const auto d_tables = make_matrix(be, Heads * ids, ids);
    set_zero(be, d_tables);
    attention_backward(be, d_qkv.mat(), d_tables, d_o.mat(), s.qkv.mat(), s.o.mat(), s.lse, s.tables, shape_of(s.x));
    multiply(be, Form::nt, g.multiple.mat(), flat(p.prior.mat()), flat(d_tables), 1, true);
    Qkv{}.backward_parameters(be, typename Qkv::template Saved<B, S>{s.x}, d_qkv, g.qkv);
    affine_backward_input(be, dx.mat(), d_qkv.mat(), p.qkv.weight.mat());
    return dx;
  }
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    Qkv::visit(f, at / "qkv", p.qkv);
    Proj::visit(f, at / "proj", p.proj);
    f(at / "multiple", Init::constant(initial_multiple), p.multiple);
    f(at / "prior", Init::statistic(0), p.prior);
  }

 private:
  /// Each (ids, ids) table as one row.
  template <class T>
  static Mat<T> flat(Mat<T> tables) {
    return matrix(tables.data, tables.rows / ids, ids * ids);
  }
  template <class B, class S>
  static AttentionShape shape_of(View<B, S> x) {
    return {x.segments, Heads, false, 0, {}, x.ids};
  }
};

}  // namespace hashweave
