#pragma once
#include <cstdint>
#include <hashweave/core/activation.hpp>
#include <hashweave/core/backend.hpp>
#include <hashweave/core/mat.hpp>
#include <hashweave/core/samples.hpp>
#include <hashweave/core/segments.hpp>

namespace hashweave {

/// A batch of samples S in the memory of backend B: non-owning, trivially copyable. `layout()` is what is not in the
/// type: the number of rows, or the segments. A layer reads the views it is given and never writes into one that it did
/// not allocate: another layer may have saved it for its backward.
template <class B, class S>
struct View;

template <class B, Size D>
struct View<B, Vectors<D>> {
  using Sample = Vectors<D>;
  typename B::Scalar* data = nullptr;
  Size rows = 0;

  constexpr Mat<typename B::Scalar> mat() const { return matrix(data, rows, D); }
  constexpr Size layout() const { return rows; }
  static constexpr Size scalars(Size rows) { return rows * D; }
};

template <class B, Size D>
struct View<B, Tokens<D>> {
  using Sample = Tokens<D>;
  typename B::Scalar* data = nullptr;
  Segments segments;

  constexpr Mat<typename B::Scalar> mat() const { return matrix(data, segments.rows(), D); }
  constexpr Segments layout() const { return segments; }
  static constexpr Size scalars(Segments segments) { return segments.rows() * D; }
};

/// What is not in the type of a batch of label tokens: the sequences, and the id of each token.
struct LabelLayout {
  Segments segments;
  const std::int32_t* ids = nullptr;
};
template <class B, Size D>
struct View<B, LabelTokens<D>> {
  using Sample = LabelTokens<D>;
  typename B::Scalar* data = nullptr;
  Segments segments;
  const std::int32_t* ids = nullptr;

  constexpr View() = default;
  constexpr View(typename B::Scalar* values, LabelLayout layout)
      : data{values}, segments{layout.segments}, ids{layout.ids} {}
  constexpr Mat<typename B::Scalar> mat() const { return matrix(data, segments.rows(), D); }
  constexpr LabelLayout layout() const { return {segments, ids}; }
  static constexpr Size scalars(LabelLayout layout) { return layout.segments.rows() * D; }
};

template <class B, Size C, Size H, Size W>
struct View<B, Pixels<C, H, W>> {
  using Sample = Pixels<C, H, W>;
  typename B::Scalar* data = nullptr;
  Size batch = 0;

  constexpr Mat<typename B::Scalar> mat() const { return matrix(data, batch, C * H * W); }
  constexpr Size layout() const { return batch; }
  static constexpr Size scalars(Size batch) { return batch * C * H * W; }
};

template <class B>
struct View<B, TokenIds> {
  using Sample = TokenIds;
  const std::int32_t* ids = nullptr;
  Segments segments;
  const std::int32_t* types = nullptr;  ///< one a token, or null: all 0

  constexpr Segments layout() const { return segments; }
};

/// A new, uninitialised batch on the tape.
template <class S, Backend B, class Layout>
View<B, S> make(B& be, const Layout& layout) {
  return {be.tape().template take<typename B::Scalar>(View<B, S>::scalars(layout)), layout};
}

/// The same on the tape's second stack, gone with the `BriefScope` that it is made in.
template <class S, Backend B, class Layout>
View<B, S> make_brief(B& be, const Layout& layout) {
  return {be.tape().brief().template take<typename B::Scalar>(View<B, S>::scalars(layout)), layout};
}

/// A new, uninitialised matrix on the tape.
template <Backend B>
Mat<typename B::Scalar> make_matrix(B& be, Size rows, Size cols) {
  return matrix(be.tape().template take<typename B::Scalar>(rows * cols), rows, cols);
}

/// A backend that can keep outputs of products for `backward` as bf16: `keeps_half` says at run time whether it does.
/// Its kernels for that are `round_to_half` and `from_half`.
template <class B>
concept KeepsHalf = requires(const B& be) {
  { be.keeps_half() } -> std::same_as<bool>;
};
template <Backend B>
bool keeps_half([[maybe_unused]] const B& be) {
  if constexpr (KeepsHalf<B>) return be.keeps_half();
  return false;
}
/// The values of y as bf16, on the tape; y gets the rounded values. For backends that say `keeps_half`.
template <Backend B>
std::uint16_t* keep_half([[maybe_unused]] B& be, [[maybe_unused]] Mat<typename B::Scalar> y) {
  if constexpr (KeepsHalf<B>) {
    auto* half = be.tape().template take<std::uint16_t>(y.size());
    round_to_half(be, y, half);
    return half;
  }
  return nullptr;
}
/// y = what `keep_half` has kept.
template <Backend B>
void restore_half([[maybe_unused]] B& be, [[maybe_unused]] Mat<typename B::Scalar> y,
                  [[maybe_unused]] const std::uint16_t* half) {
  if constexpr (KeepsHalf<B>) from_half(be, y, half);
}

/// A backend with a kernel for an affine map and an activation behind it: `affine_activate(be, f, y, x, w, bias)` is
/// y = f(x wᵀ + bias).
template <class B>
concept ActivatesProducts =
    Backend<B> && requires(B& be, Mat<typename B::Scalar> m) { affine_activate(be, Activation::relu, m, m, m, m); };

/// n values that host code writes and kernels read as well, such as offsets, valid as long as what is on the tape: on
/// the tape itself, or in memory of its own where the host cannot reach the backend's (`be.take_shared`).
template <class T, Backend B>
T* take_shared(B& be, Size n) {
  if constexpr (requires { be.template take_shared<T>(n); }) {
    return be.template take_shared<T>(n);
  } else {
    return be.tape().template take<T>(n);
  }
}

/// Segments of `count` sequences of `length` rows each, on the tape.
template <Backend B>
Segments equal_segments(B& be, Size count, Size length) {
  Size* offsets = take_shared<Size>(be, count + 1);
  for (Size i = 0; i <= count; ++i) offsets[i] = i * length;
  return {offsets, count};
}

/// What `backward` gives for an input that has no gradient, such as token ids.
struct NoGradient {};

namespace detail {
template <class B, class S>
struct GradientType {
  using type = View<B, S>;
};
template <class B>
struct GradientType<B, TokenIds> {
  using type = NoGradient;
};
}  // namespace detail
/// The type of the gradient with respect to a batch of samples S.
template <class B, class S>
using GradientOf = typename detail::GradientType<B, S>::type;

}  // namespace hashweave
