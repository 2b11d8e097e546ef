#pragma once
#include <hashweave/core/array.hpp>
#include <hashweave/core/layer.hpp>

namespace hashweave {

/// y = (x - mean) / sqrt(var + eps) * weight + bias, column by column.
///
/// Shapes: (rows, D) -> (rows, D). `forward` takes mean and (biased) variance from the batch, `infer` takes the running
/// ones. Saved: x and, for each column, the batch's mean and 1/deviation.
/// `backward` leaves momentum * (batch - running) in the gradients of running_mean and running_var (the variance
/// unbiased, as PyTorch's); `update_statistics` adds it. Parameters stay constant within a step.
/// @throws Error when a training batch has fewer than two rows.
/// Source: Ioffe, Szegedy, "Batch normalization", arXiv:1502.03167, algorithms 1 and 2.
template <Size D>
struct BatchNorm {
  double eps = 1e-5;
  double momentum = 0.1;

  template <class S>
    requires RowsOf<S, D>
  using Output = S;
  template <class B>
  struct Params {
    Array<B, 1, D> weight;
    Array<B, 1, D> bias;
    Array<B, 1, D> running_mean;
    Array<B, 1, D> running_var;
  };
  template <class B, class S>
  struct Saved {
    View<B, S> x;
    Mat<typename B::Scalar> moments;  // (2, D): mean, 1/deviation
  };

  template <class B, class S>
  auto forward(B& be, const Params<B>& p, View<B, S> x) const {
    require(x.mat().rows >= 2, "BatchNorm", "rows of a training batch", "at least 2", x.mat().rows);
    auto y = make<S>(be, x.layout());
    auto moments = make_matrix(be, 2, D);
    column_moments(be, moments, x.mat(), eps);
    normalise_columns(be, y.mat(), x.mat(), moments, p.weight.mat(), p.bias.mat());
    return Step<View<B, S>, Saved<B, S>>{y, {x, moments}};
  }
  template <class B, class S>
  View<B, S> infer(B& be, const Params<B>& p, View<B, S> x) const {
    auto y = make<S>(be, x.layout());
    TapeScope scope{be};
    auto moments = make_matrix(be, 2, D);
    running_moments(be, moments, p.running_mean.mat(), p.running_var.mat(), eps);
    normalise_columns(be, y.mat(), x.mat(), moments, p.weight.mat(), p.bias.mat());
    return y;
  }
  template <class B, class S>
  View<B, S> backward(B& be, const Params<B>& p, const Saved<B, S>& s, View<B, S> dy, Params<B>& g) const {
    auto dx = make<S>(be, dy.layout());
    batch_norm_backward(be, dx.mat(), g.weight.mat(), g.bias.mat(), dy.mat(), s.x.mat(), s.moments, p.weight.mat());
    running_update(be, g.running_mean.mat(), g.running_var.mat(), p.running_mean.mat(), p.running_var.mat(), s.moments,
                   s.x.mat().rows, eps, momentum);
    return dx;
  }
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    f(at / "weight", Init::ones(), p.weight);
    f(at / "bias", Init::zeros(), p.bias);
    f(at / "running_mean", Init::statistic(0), p.running_mean);
    f(at / "running_var", Init::statistic(1), p.running_var);
  }
};

}  // namespace hashweave
