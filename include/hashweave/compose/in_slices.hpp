#pragma once
#include <hashweave/compose/chain.hpp>

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

/// y = f(x), `samples` samples at a time: a slice's intermediate results stay in the caches, are given back once its
/// part of y is known, and are computed again in `backward`. For the price of one more forward the memory of the branch
/// falls to that of a slice, and so does its traffic: small layers on many rows become faster altogether.
///
/// f treats each sample by itself and gives as many rows as it takes: no BatchNorm in it (each slice would be a batch
/// of its own). Gradients are summed over the slices in their order. Dropout draws its numbers slice by slice.
/// Parameters: the chain's. @throws Error when `samples` is less than 1.
/// Source: as `Recompute`'s, with the cut along the batch.
template <class... Ls>
struct InSlices {
  using Branch = Chain<Ls...>;
  [[no_unique_address]] Branch branch;
  Size samples = 16;

  static constexpr bool names_itself = Branch::names_itself;
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
  };
  template <class S>
  static consteval bool joints() {
    if constexpr (joints_fit<Branch, S>()) return Joint<InSlices, S>::fits();
    return false;
  }

  template <class B, class S>
  auto forward(B& be, const Params<B>& p, View<B, S> x) const {
    const RandomState before = be.random();
    auto y = make<Output<S>>(be, x.layout());
    for_slices(be, x, [&](Size first, Size count) {
      copy(be, detail::slice_of(be, y, first, count).mat(),
           branch.forward(be, p, detail::slice_of(be, x, first, count)).y.mat());
    });
    return Step<View<B, Output<S>>, Saved<B, S>>{y, {x, before}};
  }
  template <class B, class S>
  auto infer(B& be, const Params<B>& p, View<B, S> x) const {
    auto y = make<Output<S>>(be, x.layout());
    for_slices(be, x, [&](Size first, Size count) {
      copy(be, detail::slice_of(be, y, first, count).mat(),
           branch.infer(be, p, detail::slice_of(be, x, first, count)).mat());
    });
    return y;
  }
  template <class B, class S, class O>
  View<B, S> backward(B& be, const Params<B>& p, const Saved<B, S>& s, View<B, O> dy, Params<B>& g) const {
    auto dx = make<S>(be, s.x.layout());
    const RandomState after = be.random();
    be.random() = s.random;
    for_slices(be, s.x, [&](Size first, Size count) {
      auto again = branch.forward(be, p, detail::slice_of(be, s.x, first, count));
      copy(be, detail::slice_of(be, dx, first, count).mat(),
           branch.backward(be, p, again.saved, detail::slice_of(be, dy, first, count), g).mat());
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
  template <class B, class S, class F>
  void for_slices(B& be, View<B, S> x, F&& f) const {
    require(samples >= 1, "InSlices", "samples of a slice", "at least 1", samples);
    const Size all = detail::samples_of(x);
    for (Size first = 0; first < all; first += samples) {
      TapeScope scope{be};
      f(first, std::min(samples, all - first));
    }
  }
};

}  // namespace hashweave
