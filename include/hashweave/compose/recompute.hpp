#pragma once
#include <hashweave/compose/chain.hpp>
#include <limits>

namespace hashweave {

namespace detail {

/// Samples [first, first + count) of a batch, as a view into it.
template <class B, Size D>
View<B, Vectors<D>> slice_of(B&, View<B, Vectors<D>> x, Size first, Size count) {
  return {x.data + first * D, count};
}
template <class B, Size D>
View<B, Tokens<D>> slice_of(B& be, View<B, Tokens<D>> x, Size first, Size count) {
  const Size begin = x.segments.begin(first);
  Size* offsets = take_shared<Size>(be, count + 1);
  for (Size i = 0; i <= count; ++i) offsets[i] = x.segments.offsets[first + i] - begin;
  return {x.data + begin * D, {offsets, count}};
}
template <class B, Size D>
Size samples_of(View<B, Vectors<D>> x) {
  return x.rows;
}
template <class B, Size D>
Size samples_of(View<B, Tokens<D>> x) {
  return x.segments.count;
}

}  // namespace detail

/// y = f(x) that keeps only x: the branch's intermediate results are given back after `forward` and computed again in
/// `backward`, with the same random numbers. Memory falls from the branch's activations to its input, at the price of
/// one more forward. Layers with running statistics (BatchNorm) count their batch once: they add to them in `backward`.
/// With `active` false it is the branch as it is. `set_recompute` sets that in a whole composition.
///
/// With `samples` less than the batch's, of `Vectors` or `Tokens`, all this is done for so many samples at a time: the
/// memory falls to that of a slice. f then treats each sample by itself (no BatchNorm: each slice would be a batch of
/// its own), gradients are summed over the slices in their order, and dropout draws its numbers slice by slice.
/// @throws Error when `samples` is less than 1.
/// Source: Chen, Xu, Zhang, Guestrin, "Training deep nets with sublinear memory cost", arXiv:1604.06174, section 4;
/// with `samples` the cut is along the batch as well.
template <class... Ls>
struct Recompute {
  static constexpr Size all_samples = std::numeric_limits<Size>::max();
  using Branch = Chain<Ls...>;
  [[no_unique_address]] Branch branch;
  Size samples = all_samples;
  bool active = true;

  static constexpr bool names_itself = Branch::names_itself, own_output = Branch::own_output;
  template <class S>
    requires(Accepts<Branch, S> && RowWise<S> &&
             std::same_as<OutputOf<Branch, S>, Resized<S, OutputOf<Branch, S>::width>>)
  using Output = OutputOf<Branch, S>;
  template <class B>
  using Params = typename Branch::template Params<B>;
  template <class B, class S>
  struct Saved {
    View<B, S> x;
    RandomState random;
    SavedOf<Branch, B, S> branch;  ///< unless active
  };
  template <class S>
  static consteval bool joints() {
    if constexpr (joints_fit<Branch, S>()) return Joint<Recompute, S>::fits();
    return false;
  }

  template <class B, class S>
  auto forward(B& be, const Params<B>& p, View<B, S> x) const {
    const RandomState before = be.random();
    if (!active) {
      auto step = branch.forward(be, p, x);
      return Step<View<B, Output<S>>, Saved<B, S>>{step.y, {x, before, step.saved}};
    }
    auto y = make<Output<S>>(be, x.layout());
    for_slices(be, x, [&](const auto& part) { copy(be, part(y).mat(), branch.forward(be, p, part(x)).y.mat()); });
    return Step<View<B, Output<S>>, Saved<B, S>>{y, {x, before, {}}};
  }
  template <class B, class S>
  auto infer(B& be, const Params<B>& p, View<B, S> x) const {
    if (!cut(x)) return branch.infer(be, p, x);
    auto y = make<Output<S>>(be, x.layout());
    for_slices(be, x, [&](const auto& part) { copy(be, part(y).mat(), branch.infer(be, p, part(x)).mat()); });
    return y;
  }
  template <class B, class S>
  auto infer_over(B& be, const Params<B>& p, View<B, S> x) const {
    return cut(x) ? infer(be, p, x) : branch.infer_over(be, p, x);
  }
  template <class B, class S, class O>
  View<B, S> backward(B& be, const Params<B>& p, const Saved<B, S>& s, View<B, O> dy, Params<B>& g) const {
    if (!active) return branch.backward(be, p, s.branch, dy, g);
    auto dx = make<S>(be, s.x.layout());
    const RandomState after = be.random();
    be.random() = s.random;
    for_slices(be, s.x, [&](const auto& part) {
      auto again = branch.forward(be, p, part(s.x));
      copy(be, part(dx).mat(), branch.backward(be, p, again.saved, part(dy), g).mat());
    });
    be.random() = after;
    return dx;
  }
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    Branch::visit(f, at, p);
  }
  template <class F>
  constexpr void each_layer(F&& f) {
    f(*this);
    branch.each_layer(f);
  }

 private:
  template <class B, class S>
  static constexpr bool can_cut = requires(B& be, View<B, S> x) { detail::slice_of(be, x, 0, detail::samples_of(x)); };

  template <class B, class S>
  bool cut(const View<B, S>& x) const {
    require(samples >= 1, "Recompute", "samples of a slice", "at least 1", samples);
    if constexpr (can_cut<B, S>) return active && samples < detail::samples_of(x);
    return false;
  }
  /// f(part) for each slice, on tape memory of its own; part(v) is the slice's part of a view of the batch.
  template <class B, class S, class F>
  void for_slices(B& be, const View<B, S>& x, F&& f) const {
    if (!cut(x)) {
      TapeScope scope{be};
      f([](const auto& v) { return v; });
      return;
    }
    if constexpr (can_cut<B, S>) {
      const Size all = detail::samples_of(x);
      for (Size first = 0; first < all; first += samples) {
        TapeScope scope{be};
        f([&](const auto& v) { return detail::slice_of(be, v, first, std::min(samples, all - first)); });
      }
    }
  }
};

/// `Recompute` that is not active until `set_recompute` makes it so: what the blocks of the towers are.
template <class... Ls>
struct Recomputable : Recompute<Ls...> {
  constexpr Recomputable() { this->active = false; }
};

/// `Recompute` in slices of 16 samples unless set otherwise: their intermediate results stay in the caches, so that
/// small layers on many rows become faster altogether.
template <class... Ls>
struct InSlices : Recompute<Ls...> {
  constexpr InSlices() { this->samples = 16; }
  template <class S>
  static consteval bool joints() {
    if constexpr (joints_fit<Chain<Ls...>, S>()) return Joint<InSlices, S>::fits();
    return false;
  }
};

namespace detail {
struct RecomputeSetter {
  bool active;
  Size samples;
  template <class L>
  void operator()(L& layer) const {
    if constexpr (requires { layer.active; }) {
      layer.active = active;
      if (samples > 0) layer.samples = samples;
    }
  }
};
}  // namespace detail

/// Makes every `Recompute` of a composition (an `InSlices` is one) active or not, in slices of so many samples (0: as
/// they are set). Neither outputs nor gradients change by it, but for rounding and dropout's places where there are
/// slices.
template <class L>
void set_recompute(L& layer, bool active, Size samples = 0) {
  for_each_layer(layer, detail::RecomputeSetter{active, samples});
}

}  // namespace hashweave
