#pragma once
#include <cmath>
#include <hashweave/core/form.hpp>
#include <hashweave/core/loss.hpp>
#include <hashweave/core/owners.hpp>
#include <numbers>

namespace hashweave {

/// The gradient of a loss on an image and a text batch.
template <class B, class S>
struct PairGradient {
  View<B, S> image;
  View<B, S> text;
};

/// Whether a loss is summed over its batch or averaged.
enum class Reduction { sum, mean };

namespace detail {

/// A batch of codes on the unit sphere, as cosine similarity sees them.
template <class B, class S>
struct UnitRows {
  View<B, S> y;
  Mat<typename B::Scalar> norm;

  UnitRows(B& be, View<B, S> x) : y{make<S>(be, x.layout())}, norm{make_matrix(be, x.mat().rows, 1)} {
    normalise_rows(be, y.mat(), norm, x.mat(), 1e-12);
  }
  View<B, S> backward(B& be, View<B, S> dy) const {
    auto dx = make<S>(be, y.layout());
    normalise_rows_backward(be, dx.mat(), dy.mat(), y.mat(), norm);
    return dx;
  }
};

template <class B, class S>
void check_pairs(View<B, S> image, View<B, S> text, const Owners& owners, std::string_view where) {
  require(image.mat().rows > 0, where, "pairs in the batch", "at least 1", image.mat().rows);
  require(image.mat().rows == text.mat().rows, where, "texts", Phrase{"", image.mat().rows, " (one an image)"},
          text.mat().rows);
  owners.check(image.mat().rows, where);
}
inline double weight_of(Reduction reduction, Size n) {
  return reduction == Reduction::sum ? 1 : 1 / static_cast<double>(n);
}

}  // namespace detail

/// Triplet loss with the hardest negative of the mini-batch in each direction:
/// Σ_i [m - s(i,i) + max_j s(i,j)]₊ + [m - s(i,i) + max_j s(j,i)]₊, s the cosine similarity of image code i and text
/// code j, j running over the pairs of other owners.
///
/// Inputs: image and text codes (pairs, Bits), row i belongs to row i; owners (image ids).
/// @throws Error for an empty batch, unequal numbers of images and texts, or owners of another length.
/// Source: Li et al. (ViT2CMH), 2023, equations 7 and 8; Faghri et al., VSE++, BMVC 2018, equation 6.
struct HardestTriplet {
  static constexpr std::string_view name = "triplet";
  double margin = 0.2;
  Reduction reduction = Reduction::sum;

  template <class B, class S>
  LossStep<B, PairGradient<B, S>> operator()(B& be, View<B, S> image, View<B, S> text, Owners owners = {}) const {
    detail::check_pairs(image, text, owners, "HardestTriplet");
    const Size n = image.mat().rows;
    const detail::UnitRows<B, S> i{be, image}, c{be, text};
    auto s = make_matrix(be, n, n), ds = make_matrix(be, n, n), value = make_matrix(be, 1, 1);
    multiply(be, Form::nt, s, i.y.mat(), c.y.mat());
    hardest_triplet(be, value, ds, s, owners, margin, detail::weight_of(reduction, n));
    auto di = make<S>(be, image.layout()), dc = make<S>(be, image.layout());
    multiply(be, Form::nn, di.mat(), ds, c.y.mat());
    multiply(be, Form::tn, dc.mat(), ds, i.y.mat());
    return {value, value, {i.backward(be, di), c.backward(be, dc)}};
  }
};

/// Angular loss with the hardest negative of the mini-batch in each direction:
/// Σ_i log(1 + exp max_j F(i, c_i, c_j)) + log(1 + exp max_j F(c_i, i, i_j)) with
/// F(a, p, n) = 4 tan²α (a + p)·n - 2 (1 + tan²α) a·p on L2-normalised codes; α in degrees.
///
/// Inputs and errors as `HardestTriplet`'s; also @throws Error unless 0 < α < 90.
/// Source: Li et al. (ViT2CMH), 2023, equations 11 to 13; Wang et al., "Deep metric learning with angular loss", ICCV
/// 2017.
struct Angular {
  static constexpr std::string_view name = "angular";
  double alpha_degrees = 45;
  Reduction reduction = Reduction::sum;

  template <class B, class S>
  LossStep<B, PairGradient<B, S>> operator()(B& be, View<B, S> image, View<B, S> text, Owners owners = {}) const {
    detail::check_pairs(image, text, owners, "Angular");
    require(alpha_degrees > 0 && alpha_degrees < 90, "Angular", "alpha", "between 0 and 90 degrees", alpha_degrees);
    const Size n = image.mat().rows;
    const double tangent = std::tan(alpha_degrees * std::numbers::pi / 180);
    const double weight = detail::weight_of(reduction, n);
    const detail::UnitRows<B, S> i{be, image}, c{be, text};
    auto both = make<S>(be, image.layout()), d_both = make<S>(be, image.layout());
    auto p = make_matrix(be, n, 1), dp = make_matrix(be, n, 1), value = make_matrix(be, 1, 1);
    auto m = make_matrix(be, n, n), dm = make_matrix(be, n, n);
    add(be, both.mat(), i.y.mat(), c.y.mat());
    row_dots(be, p, i.y.mat(), c.y.mat());
    set_zero(be, dp);
    set_zero(be, value);
    auto di = make<S>(be, image.layout()), dc = make<S>(be, image.layout());
    // Texts as negatives, then images: m = (i + c) nᵀ.
    multiply(be, Form::nt, m, both.mat(), c.y.mat());
    hardest_angular(be, value, dm, dp, m, p, owners, tangent * tangent, weight);
    multiply(be, Form::nn, d_both.mat(), dm, c.y.mat());
    multiply(be, Form::tn, dc.mat(), dm, both.mat());
    multiply(be, Form::nt, m, both.mat(), i.y.mat());
    hardest_angular(be, value, dm, dp, m, p, owners, tangent * tangent, weight);
    multiply(be, Form::nn, d_both.mat(), dm, i.y.mat(), 1, true);
    multiply(be, Form::tn, di.mat(), dm, both.mat());
    add_scaled(be, di.mat(), d_both.mat(), 1);
    add_scaled(be, dc.mat(), d_both.mat(), 1);
    add_scaled_rows(be, di.mat(), c.y.mat(), dp);
    add_scaled_rows(be, dc.mat(), i.y.mat(), dp);
    return {value, value, {i.backward(be, di), c.backward(be, dc)}};
  }
};

/// Symmetric InfoNCE: the mean over pairs of -log(exp(s_ii/τ) / Σ_j exp(s_ij/τ)), j over i and the pairs of other
/// owners, and the same over columns, halved; s the cosine similarity.
///
/// Inputs and errors as `HardestTriplet`'s; also @throws Error unless τ > 0.
/// Source: van den Oord et al., arXiv:1807.03748, equation 4; Radford et al. (CLIP), ICML 2021, figure 3.
struct InfoNce {
  static constexpr std::string_view name = "info_nce";
  double temperature = 0.07;

  template <class B, class S>
  LossStep<B, PairGradient<B, S>> operator()(B& be, View<B, S> image, View<B, S> text, Owners owners = {}) const {
    detail::check_pairs(image, text, owners, "InfoNce");
    require(temperature > 0, "InfoNce", "temperature", "more than 0", temperature);
    const Size n = image.mat().rows;
    const detail::UnitRows<B, S> i{be, image}, c{be, text};
    auto s = make_matrix(be, n, n), ds = make_matrix(be, n, n), value = make_matrix(be, 1, 1);
    multiply(be, Form::nt, s, i.y.mat(), c.y.mat());
    info_nce(be, value, ds, s, owners, temperature);
    auto di = make<S>(be, image.layout()), dc = make<S>(be, image.layout());
    multiply(be, Form::nn, di.mat(), ds, c.y.mat());
    multiply(be, Form::tn, dc.mat(), ds, i.y.mat());
    return {value, value, {i.backward(be, di), c.backward(be, dc)}};
  }
};

/// A loss on pairs of the codes' signs, as binary codes are compared: L(sign(h_image), sign(h_text)); the gradient
/// passes the signs as if they were h.
///
/// Inputs and errors as L's. Source: Bengio et al., arXiv:1308.3432, section 4 (straight-through estimator).
template <class L>
struct OnSigns {
  static constexpr std::string_view name = "on_signs";
  L loss;

  template <class B, class S>
  LossStep<B, PairGradient<B, S>> operator()(B& be, View<B, S> image, View<B, S> text, Owners owners = {}) const {
    auto image_signs = make<S>(be, image.layout()), text_signs = make<S>(be, text.layout());
    signs(be, image_signs.mat(), image.mat());
    signs(be, text_signs.mat(), text.mat());
    return loss(be, image_signs, text_signs, owners);
  }
};

/// A loss on one batch as a loss on pairs: loss(images) + loss(texts).
template <class L>
struct OnBoth {
  static constexpr std::string_view name = L::name;
  L loss;

  template <class B, class S>
  LossStep<B, PairGradient<B, S>> operator()(B& be, View<B, S> image, View<B, S> text, Owners = {}) const {
    auto a = loss(be, image);
    auto b = loss(be, text);
    auto value = make_matrix(be, 1, 1);
    add(be, value, a.value, b.value);
    return {value, value, {a.gradient, b.gradient}};
  }
};

}  // namespace hashweave
