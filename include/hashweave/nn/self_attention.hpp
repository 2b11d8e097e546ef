#pragma once
#include <hashweave/core/array.hpp>
#include <hashweave/core/attention.hpp>
#include <hashweave/core/layer.hpp>
#include <hashweave/nn/linear.hpp>

namespace hashweave {

/// No additive bias on the attention logits.
struct NoLogitBias {
  static constexpr Size tokens = 0;
};
/// A learned bias for each head and pair of positions of sequences up to `Tokens` long.
template <Size Tokens>
struct LearnedLogitBias {
  static_assert(Tokens > 0, "LearnedLogitBias: at least one token");
  static constexpr Size tokens = Tokens;
};

/// Multi-head self-attention within each sequence of a packed batch:
/// [q k v] = x W_qkvᵀ + b_qkv; o_h = softmax(q_h k_hᵀ / sqrt(D/Heads) + bias) v_h; y = [o_1 … o_Heads] W_projᵀ +
/// b_proj.
///
/// Shapes: (tokens, D) -> (tokens, D). qkv.weight (3D, D) with the rows of q, k, v in this order, proj.weight (D, D);
/// the logit bias, if any, is (Heads T, T), head by head.
/// Visibility: `Full` or `Causal` (a token sees itself and those before it, CLIP's text tower).
/// `dropout` acts on the attention weights, in `forward` only.
/// Saved: x, qkv, o (in half where the backend keeps products so) and the log-sum-exp of each row and head; no (T, T)
/// matrix outlives the kernel.
/// @throws Error when a sequence is longer than the logit bias's T.
/// Source: Vaswani et al., NeurIPS 2017, section 3.2; memory: Dao et al., arXiv:2205.14135, section 3.1.
template <Size D, Size Heads, class Visibility = Full, class LogitBias = NoLogitBias>
struct SelfAttention {
  static constexpr Size heads = Heads;
  static constexpr Size bias_tokens = LogitBias::tokens;
  static constexpr bool whole_heads = Heads > 0 && D % Heads == 0, own_output = true, heavy = true;
  using Qkv = Linear<D, 3 * D>;
  using Proj = Linear<D, D>;

  double dropout = 0;

  template <class S>
    requires std::same_as<S, Tokens<D>>
  using Output = S;
  template <class S>
  static consteval bool joints() {
    static_assert(whole_heads, "SelfAttention: the width must be a multiple of the number of heads");
    return whole_heads && Joint<SelfAttention, S>::fits();
  }
  template <class B>
  struct Params {
    typename Qkv::template Params<B> qkv;
    typename Proj::template Params<B> proj;
    [[no_unique_address]] std::conditional_t<
        (bias_tokens > 0), Array<B, Heads*(bias_tokens > 0 ? bias_tokens : 1), (bias_tokens > 0 ? bias_tokens : 1)>,
        Empty>
        bias;
  };
  template <class B, class S>
  struct Saved {
    View<B, S> x;
    View<B, Tokens<3 * D>> qkv;
    View<B, S> o;
    Mat<typename B::Scalar> lse;  // (tokens, Heads)
    RandomStream stream;
    std::uint16_t *half_qkv, *half_o;  ///< instead of qkv and o, in half the memory
  };

  template <class B, class S>
  auto forward(B& be, const Params<B>& p, View<B, S> x) const {
    const auto y = make<S>(be, x.segments);
    BriefScope scope{be};
    return run(be, p, x, y, dropout, stream_of(be), keeps_half(be));
  }
  template <class B, class S>
  auto forward_briefly(B& be, const Params<B>& p, View<B, S> x) const {
    const auto y = make_brief<S>(be, x.segments);
    BriefScope scope{be};
    return run(be, p, x, y, dropout, stream_of(be), keeps_half(be));
  }
  template <class B, class S>
  View<B, S> infer(B& be, const Params<B>& p, View<B, S> x) const {
    return run(be, p, x, make<S>(be, x.segments), 0, {}, false).y;
  }
  template <class B, class S>
  View<B, S> backward(B& be, const Params<B>& p, const Saved<B, S>& s, View<B, S> dy, Params<B>& g) const {
    auto dx = make<S>(be, s.x.segments);
    TapeScope scope{be};
    BriefScope brief{be};
    const auto o = s.half_o == nullptr ? s.o : restored<S>(be, s, s.half_o);
    const auto qkv = s.half_qkv == nullptr ? s.qkv : restored<Tokens<3 * D>>(be, s, s.half_qkv);
    Proj{}.backward_parameters(be, typename Proj::template Saved<B, S>{o}, dy, g.proj);
    const auto d_o = make_brief<S>(be, s.x.segments);
    affine_backward_input(be, d_o.mat(), dy.mat(), p.proj.weight.mat());
    auto d_qkv = make<Tokens<3 * D>>(be, s.x.segments);
    const AttentionShape shape = shape_of(s.x.segments, dropout, s.stream);
    attention_backward(be, d_qkv.mat(), bias_of(g), d_o.mat(), qkv.mat(), o.mat(), s.lse, bias_of(p), shape);
    Qkv{}.backward_parameters(be, typename Qkv::template Saved<B, S>{s.x}, d_qkv, g.qkv);
    affine_backward_input(be, dx.mat(), d_qkv.mat(), p.qkv.weight.mat());
    return dx;
  }
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    Qkv::visit(f, at / "qkv", p.qkv);
    Proj::visit(f, at / "proj", p.proj);
    if constexpr (bias_tokens > 0) f(at / "bias", Init::zeros(), p.bias);
  }

 private:
  template <class O, class B, class Saved>
  static View<B, O> restored(B& be, const Saved& s, const std::uint16_t* half) {
    const auto view = make_brief<O>(be, s.x.segments);
    restore_half(be, view.mat(), half);
    return view;
  }
  template <class B>
  RandomStream stream_of(B& be) const {
    return dropout > 0 ? be.random().next() : RandomStream{};
  }
  template <class B, class S>
  auto run(B& be, const Params<B>& p, View<B, S> x, View<B, S> y, double rate, RandomStream stream, bool half) const {
    static_assert(whole_heads, "SelfAttention: the width must be a multiple of the number of heads");
    require(rate >= 0 && rate < 1, "SelfAttention", "dropout", "at least 0 and less than 1", rate);
    if constexpr (bias_tokens > 0) {
      require(x.segments.longest() <= bias_tokens, "SelfAttention", "length of the longest sequence",
              Phrase{"at most ", bias_tokens}, x.segments.longest());
    }
    using Joined = Tokens<3 * D>;
    auto qkv = half ? make_brief<Joined>(be, x.segments) : make<Joined>(be, x.segments);
    auto o = half ? make_brief<S>(be, x.segments) : make<S>(be, x.segments);
    Qkv{}.compute(be, p.qkv, typename Qkv::template Saved<B, S>{x}, qkv);
    std::uint16_t *half_qkv = half ? keep_half(be, qkv.mat()) : nullptr, *half_o = nullptr;
    auto lse = make_matrix(be, x.segments.rows(), Heads);
    attention(be, o.mat(), lse, qkv.mat(), bias_of(p), shape_of(x.segments, rate, stream));
    if (half) half_o = keep_half(be, o.mat());
    Proj{}.compute(be, p.proj, typename Proj::template Saved<B, S>{o}, y);
    return Step<View<B, S>, Saved<B, S>>{y, {x, qkv, o, lse, stream, half_qkv, half_o}};
  }
  static AttentionShape shape_of(Segments segments, double rate, RandomStream stream) {
    return {segments, Heads, std::same_as<Visibility, Causal>, rate, stream};
  }
  template <class P>
  static auto bias_of(P& p) {
    if constexpr (bias_tokens > 0) {
      return p.bias.mat();
    } else {
      return decltype(p.qkv.bias.mat()){};
    }
  }
};

}  // namespace hashweave
