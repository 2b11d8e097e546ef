#pragma once
#include <hashweave/core/loss.hpp>

namespace hashweave {

/// Quantisation loss: mean ||h| - 1|^p. Inputs: codes (samples, Bits). p = 1 is DSH's regulariser, 2 ITQ's and DPSH's,
/// 3 GreedyHash's.
/// @throws Error for an empty batch, or p below 1.
/// Source: Gong et al., ITQ, TPAMI 2013 (as a penalty: Zhu et al., DHN, AAAI 2016).
struct Quantisation {
  static constexpr std::string_view name = "quantisation";
  double power = 2;

  template <class B, class S>
  LossStep<B, View<B, S>> operator()(B& be, View<B, S> h) const {
    require(h.mat().rows > 0, "Quantisation", "codes in the batch", "at least 1", h.mat().rows);
    require(power >= 1, "Quantisation", "power", "at least 1", power);
    auto value = make_matrix(be, 1, 1);
    auto dh = make<S>(be, h.layout());
    quantisation(be, value, dh.mat(), h.mat(), power);
    return {value, value, dh};
  }
};

/// Cauchy quantisation loss: mean_i log(1 + D(|h_i|, 1)/γ), D(a, b) = Bits/2 (1 - cos(a, b)) with cos clamped.
/// @throws Error for an empty batch. Source: Cao et al., DCH, CVPR 2018, equation 8.
struct CauchyQuantisation {
  static constexpr std::string_view name = "cauchy_quantisation";
  double gamma = 20;
  double clamp = 0.99;

  template <class B, class S>
  LossStep<B, View<B, S>> operator()(B& be, View<B, S> h) const {
    require(h.mat().rows > 0, "CauchyQuantisation", "codes in the batch", "at least 1", h.mat().rows);
    auto value = make_matrix(be, 1, 1);
    auto dh = make<S>(be, h.layout());
    cauchy_quantisation(be, value, dh.mat(), h.mat(), gamma, clamp);
    return {value, value, dh};
  }
};

namespace detail {
template <class T, class U>
void check_target(const Mat<T>& x, const Mat<U>& target, std::string_view where) {
  require(x.rows > 0, where, "rows in the batch", "at least 1", x.rows);
  require(target.rows == x.rows, where, "rows of the target", x.rows, target.rows);
  require(target.cols == x.cols, where, "columns of the target", x.cols, target.cols);
}
}  // namespace detail

/// Binary cross entropy on logits: mean (log(1 + e^x) - t x), t in [0, 1].
/// @throws Error for an empty batch or a target of another shape.
struct BinaryCrossEntropy {
  static constexpr std::string_view name = "bce";

  template <class B, class S>
  LossStep<B, View<B, S>> operator()(B& be, View<B, S> x, In<typename B::Scalar> target) const {
    detail::check_target(x.mat(), target, "BinaryCrossEntropy");
    auto value = make_matrix(be, 1, 1);
    auto dx = make<S>(be, x.layout());
    binary_cross_entropy(be, value, dx.mat(), x.mat(), target);
    return {value, value, dx};
  }
};

/// Cross entropy of softmax on logits: mean_i -Σ_c t_ic log softmax(x_i)_c, where each row of the target is divided by
/// its sum: one class, or several in equal parts. A row of zeros has no class and adds nothing. Where `classes` is set,
/// logits from that column on are padding: they count for nothing and have no gradient.
/// @throws Error for an empty batch, a target of another shape, or more classes than logits.
struct SoftmaxCrossEntropy {
  static constexpr std::string_view name = "cross_entropy";
  Size classes = 0;

  template <class B, class S>
  LossStep<B, View<B, S>> operator()(B& be, View<B, S> x, In<typename B::Scalar> target) const {
    const Size used = classes == 0 ? x.mat().cols : classes;
    require(used >= 1 && used <= x.mat().cols, "SoftmaxCrossEntropy", "classes", Phrase{"1 to ", x.mat().cols}, used);
    detail::check_target(cols_of(x.mat(), 0, used), target, "SoftmaxCrossEntropy");
    auto value = make_matrix(be, 1, 1);
    auto dx = make<S>(be, x.layout());
    set_zero(be, cols_of(dx.mat(), used, x.mat().cols - used));
    softmax_cross_entropy(be, value, cols_of(dx.mat(), 0, used), cols_of(x.mat(), 0, used), target);
    return {value, value, dx};
  }
};

/// Mean squared error: mean (x - t)². @throws Error for an empty batch or a target of another shape.
struct MeanSquaredError {
  static constexpr std::string_view name = "mse";

  template <class B, class S>
  LossStep<B, View<B, S>> operator()(B& be, View<B, S> x, In<typename B::Scalar> target) const {
    detail::check_target(x.mat(), target, "MeanSquaredError");
    auto value = make_matrix(be, 1, 1);
    auto dx = make<S>(be, x.layout());
    mean_squared_error(be, value, dx.mat(), x.mat(), target);
    return {value, value, dx};
  }
};

}  // namespace hashweave
