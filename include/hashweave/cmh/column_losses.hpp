#pragma once
#include <array>
#include <concepts>
#include <hashweave/core/loss.hpp>

namespace hashweave {

/// A loss on the columns [First, First + Count) of its codes; the gradient of the others is 0. Further inputs (labels,
/// targets) are handed on.
template <class L, Size First, Size Count>
struct OnColumns {
  static constexpr std::string_view name = L::name;
  L loss;

  template <class B, Size Width, class... More>
    requires(First + Count <= Width &&
             requires(const L& l, B& be, View<B, Vectors<Count>> x, const More&... more) { l(be, x, more...); })
  LossStep<B, View<B, Vectors<Width>>> operator()(B& be, View<B, Vectors<Width>> x, const More&... more) const {
    auto value = make_matrix(be, 1, 1);
    auto dx = make<Vectors<Width>>(be, x.rows);
    TapeScope scope{be};
    auto part = make<Vectors<Count>>(be, x.rows);
    copy(be, part.mat(), cols_of(x.mat(), First, Count));
    const auto step = loss(be, part, more...);
    copy(be, value, step.value);
    set_zero(be, dx.mat());
    copy(be, cols_of(dx.mat(), First, Count), step.gradient.mat());
    return {value, value, dx};
  }
};

/// A loss on each of several codes that stand side by side, summed: heads of Widths… bits, which make up all columns.
/// The heads' losses may differ in their values: they can be given as a function of the head's bits.
/// Source: Chen et al. (TransHash), ICMR 2022, section 3.4: the loss of the global code and of each local one.
template <class L, Size... Widths>
struct PerHead {
  static constexpr std::string_view name = L::name;
  static constexpr Size width = (Widths + ...);
  std::array<L, sizeof...(Widths)> losses{};

  PerHead() = default;
  explicit PerHead(const L& loss) : losses{(static_cast<void>(Widths), loss)...} {}
  template <std::invocable<Size> F>
  explicit PerHead(F loss_of_bits) : losses{loss_of_bits(Widths)...} {}

  template <class B, class... More>
    requires(requires(const L& l, B& be, View<B, Vectors<Widths>>... x, const More&... more) {
      (l(be, x, more...), ...);
    })
  LossStep<B, View<B, Vectors<width>>> operator()(B& be, View<B, Vectors<width>> h, const More&... more) const {
    auto value = make_matrix(be, 1, 1);
    auto dh = make<Vectors<width>>(be, h.rows);
    set_zero(be, value);
    Size first = 0;
    auto loss = losses.begin();
    const auto add_head = [&]<Size Count>(std::integral_constant<Size, Count>) {
      TapeScope scope{be};
      auto head = make<Vectors<Count>>(be, h.rows);
      copy(be, head.mat(), cols_of(h.mat(), first, Count));
      const auto step = (*loss++)(be, head, more...);
      add_scaled(be, value, step.value, 1);
      copy(be, cols_of(dh.mat(), first, Count), step.gradient.mat());
      first += Count;
    };
    (add_head(std::integral_constant<Size, Widths>{}), ...);
    return {value, value, dh};
  }
};

}  // namespace hashweave
