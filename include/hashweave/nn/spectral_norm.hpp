#pragma once
#include <cmath>
#include <hashweave/core/array.hpp>
#include <hashweave/core/layer.hpp>

namespace hashweave {

/// y = x (W/σ)ᵀ + b, σ the largest singular value of W as power iteration estimates it: a linear map that stretches
/// nothing, for discriminators.
///
/// v = Wᵀ u / |Wᵀ u|, u' = W v / |W v|, `iterations` times; σ = u'ᵀ W v. The gradient goes through σ with u' and v
/// constant, as in PyTorch's spectral_norm. u is a statistic: `forward` begins with the one it finds, `backward` leaves
/// u' - u in the gradients, `update_statistics` adds it, so that step by step σ follows W. `infer` is `forward`.
/// A W of zeros has σ = 1e-12.
///
/// Shapes: (rows, In) -> (rows, Out); weight (Out, In), bias (1, Out), u (1, Out), which begins with equal entries.
/// Saved: x, W/σ, u', v, σ.
/// @throws Error for fewer than one iteration.
/// Source: Miyato et al., "Spectral normalization for generative adversarial networks", ICLR 2018, section 2.1 and
/// algorithm 1.
template <Size In, Size Out>
struct SpectralLinear {
  static_assert(In > 0 && Out > 0, "SpectralLinear: both widths must be positive");

  Size iterations = 1;

  template <class S>
    requires RowsOf<S, In>
  using Output = Resized<S, Out>;
  template <class B>
  struct Params {
    Array<B, Out, In> weight;
    Array<B, 1, Out> bias;
    Array<B, 1, Out> u;
  };
  template <class B, class S>
  struct Saved {
    View<B, S> x;
    Mat<typename B::Scalar> scaled, u, v, sigma;
  };

  template <class B, class S>
  auto forward(B& be, const Params<B>& p, View<B, S> x) const {
    require(iterations >= 1, "SpectralLinear", "iterations", "at least 1", iterations);
    auto y = make<Output<S>>(be, x.layout());
    const auto sigma = make_matrix(be, 1, 1), u = make_matrix(be, 1, Out), v = make_matrix(be, 1, In);
    const auto scaled = make_matrix(be, Out, In);
    power_iteration(be, sigma, u, v, p.weight.mat(), p.u.mat(), iterations);
    divide(be, scaled, p.weight.mat(), sigma);
    affine(be, y.mat(), x.mat(), scaled, p.bias.mat());
    return Step<View<B, Output<S>>, Saved<B, S>>{y, {x, scaled, u, v, sigma}};
  }
  template <class B, class S, class O>
  View<B, S> backward(B& be, const Params<B>& p, const Saved<B, S>& s, View<B, O> dy, Params<B>& g) const {
    auto dx = make<S>(be, s.x.layout());
    affine_backward_input(be, dx.mat(), dy.mat(), s.scaled);
    TapeScope scope{be};
    const auto d_scaled = make_matrix(be, Out, In);
    set_zero(be, d_scaled);
    affine_backward_weight(be, d_scaled, g.bias.mat(), dy.mat(), s.x.mat());
    spectral_backward(be, g.weight.mat(), d_scaled, s.scaled, s.u, s.v, s.sigma);
    add_scaled(be, g.u.mat(), s.u, 1);
    add_scaled(be, g.u.mat(), p.u.mat(), -1);
    return dx;
  }
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    f(at / "weight", Init::fan_in(In), p.weight);
    f(at / "bias", Init::fan_in(In), p.bias);
    f(at / "u", Init::statistic(1 / std::sqrt(static_cast<double>(Out))), p.u);
  }
};

}  // namespace hashweave
