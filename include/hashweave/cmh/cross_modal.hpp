#pragma once
#include <hashweave/core/array.hpp>
#include <hashweave/core/layer.hpp>

namespace hashweave {

/// A value for each strand.
template <class I, class T>
struct Pair {
  I image;
  T text;
};
template <class I, class T>
Pair(I, T) -> Pair<I, T>;

/// What reaches the shared trunk from the two towers.
template <class Trunk, class FromImages, class FromTexts>
struct TrunkJoint {
  static consteval bool fits() {
    static_assert(std::same_as<FromImages, FromTexts>,
                  "CrossModal: both towers must give the same samples to the trunk: see TrunkJoint<Trunk, FromImages, "
                  "FromTexts>");
    return std::same_as<FromImages, FromTexts>;
  }
};

/// What the trunk makes of it: one code a sample.
template <class Trunk, class Gives>
struct TrunkGives {
  static consteval bool fits() {
    static_assert(std::same_as<Gives, Vectors<Gives::width>>,
                  "CrossModal: the trunk must give one vector a sample: see TrunkGives<Trunk, Gives>");
    return std::same_as<Gives, Vectors<Gives::width>>;
  }
};

namespace detail {

/// Images' rows and texts' rows end to end, as one batch.
template <class B, Size D>
View<B, Tokens<D>> concatenate(B& be, View<B, Tokens<D>> a, View<B, Tokens<D>> b) {
  const Size n = a.segments.count, m = b.segments.count;
  Size* offsets = take_shared<Size>(be, n + m + 1);
  for (Size i = 0; i <= n; ++i) offsets[i] = a.segments.offsets[i];
  for (Size i = 1; i <= m; ++i) offsets[n + i] = a.segments.rows() + b.segments.offsets[i];
  auto both = make<Tokens<D>>(be, Segments{offsets, n + m});
  copy(be, rows_of(both.mat(), 0, a.segments.rows()), a.mat());
  copy(be, rows_of(both.mat(), a.segments.rows(), b.segments.rows()), b.mat());
  return both;
}
template <class B, Size D>
View<B, Vectors<D>> concatenate(B& be, View<B, Vectors<D>> a, View<B, Vectors<D>> b) {
  auto both = make<Vectors<D>>(be, a.rows + b.rows);
  copy(be, rows_of(both.mat(), 0, a.rows), a.mat());
  copy(be, rows_of(both.mat(), a.rows, b.rows), b.mat());
  return both;
}
/// The two parts of such a batch, as views into it.
template <class B, Size D>
Pair<View<B, Tokens<D>>, View<B, Tokens<D>>> split(View<B, Tokens<D>> both, View<B, Tokens<D>> a,
                                                   View<B, Tokens<D>> b) {
  return {{both.data, a.segments}, {both.data + a.segments.rows() * D, b.segments}};
}
template <class B, Size D, class A>
Pair<View<B, Vectors<D>>, View<B, Vectors<D>>> split(View<B, Vectors<D>> both, Size first, const A&) {
  return {{both.data, first}, {both.data + first * D, both.rows - first}};
}
template <class B, Size D>
Size samples(View<B, Tokens<D>> x) {
  return x.segments.count;
}
template <class B, Size D>
Size samples(View<B, Vectors<D>> x) {
  return x.rows;
}

}  // namespace detail

/// Two towers over one trunk: h_image = trunk(image(x)), h_text = trunk(text(t)). The trunk's parameters serve both
/// strands and its gradient is the sum over both; both go through it as one packed batch.
///
/// Shapes: images and as many texts as the caller likes -> one code vector for each. The trunk gives `Vectors`.
/// Parameters: image.…, text.…, trunk.….
/// Source: Li et al. (ViT2CMH), 2023, figure 2.
template <class ImageTower, class TextTower, class Trunk>
struct CrossModal {
  [[no_unique_address]] ImageTower image;
  [[no_unique_address]] TextTower text;
  [[no_unique_address]] Trunk trunk;

  template <class X>
  struct Through {  // as in `Chain`
    using Output = OutputOf<Trunk, OutputOf<ImageTower, X>>;
  };
  template <class X, class Y>
    requires(Accepts<ImageTower, X> && Accepts<TextTower, Y> &&
             std::same_as<OutputOf<ImageTower, X>, OutputOf<TextTower, Y>> && Accepts<Trunk, OutputOf<ImageTower, X>>)
  using Output = typename Through<X>::Output;
  template <class B>
  struct Params {
    typename ImageTower::template Params<B> image;
    typename TextTower::template Params<B> text;
    typename Trunk::template Params<B> trunk;
  };
  template <class B, class X, class Y>
  struct Saved {
    using Joined = OutputOf<ImageTower, X>;
    SavedOf<ImageTower, B, X> image;
    SavedOf<TextTower, B, Y> text;
    SavedOf<Trunk, B, Joined> trunk;
    View<B, Joined> image_tokens, text_tokens;
    typename BufferStack<typename B::Memory>::Mark trunk_begin, trunk_end;
  };
  template <class X, class Y>
  static consteval bool joints() {
    if constexpr (!joints_fit<ImageTower, X>()) {
      return false;
    } else if constexpr (!joints_fit<TextTower, Y>()) {
      return false;
    } else if constexpr (!TrunkJoint<Trunk, OutputOf<ImageTower, X>, OutputOf<TextTower, Y>>::fits()) {
      return false;
    } else if constexpr (!joints_fit<Trunk, OutputOf<ImageTower, X>>()) {
      return false;
    } else {
      return TrunkGives<Trunk, OutputOf<Trunk, OutputOf<ImageTower, X>>>::fits();
    }
  }

  template <class B, class X, class Y>
  auto forward(B& be, const Params<B>& p, View<B, X> images, View<B, Y> texts) const {
    auto a = image.forward(be, p.image, images);
    auto b = text.forward(be, p.text, texts);
    const auto trunk_begin = be.tape().mark();
    auto h = trunk.forward(be, p.trunk, detail::concatenate(be, a.y, b.y));
    auto codes = detail::split(h.y, detail::samples(a.y), 0);
    return Step<decltype(codes), Saved<B, X, Y>>{codes,
                                                 {a.saved, b.saved, h.saved, a.y, b.y, trunk_begin, be.tape().mark()}};
  }
  /// Codes of images alone; of texts alone; nothing saved.
  template <class B, class X>
  auto infer_image(B& be, const Params<B>& p, View<B, X> images) const {
    return hashweave::infer(be, trunk, p.trunk, hashweave::infer(be, image, p.image, images));
  }
  template <class B, class Y>
  auto infer_text(B& be, const Params<B>& p, View<B, Y> texts) const {
    return hashweave::infer(be, trunk, p.trunk, hashweave::infer(be, text, p.text, texts));
  }
  template <class B, class X, class Y>
  auto infer(B& be, const Params<B>& p, View<B, X> images, View<B, Y> texts) const {
    return Pair{infer_image(be, p, images), infer_text(be, p, texts)};
  }
  template <class B, class X, class Y, class Gradient>
  auto backward(B& be, const Params<B>& p, const Saved<B, X, Y>& s, const Gradient& d_codes, Params<B>& g) const {
    auto both = detail::concatenate(be, d_codes.image, d_codes.text);
    auto d_trunk = trunk.backward(be, p.trunk, s.trunk, both, g.trunk);
    auto d = [&] {
      if constexpr (requires { s.image_tokens.segments; }) {
        return detail::split(d_trunk, s.image_tokens, s.text_tokens);
      } else {
        return detail::split(d_trunk, s.image_tokens.rows, 0);
      }
    }();
    be.tape().hand_back(s.trunk_begin, s.trunk_end);  // the codes as well
    be.tape().hand_back_unused();
    auto d_texts = text.backward(be, p.text, s.text, d.text, g.text);
    auto d_images = image.backward(be, p.image, s.image, d.image, g.image);
    return Pair{d_images, d_texts};
  }
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    ImageTower::visit(f, at / "image", p.image);
    TextTower::visit(f, at / "text", p.text);
    Trunk::visit(f, at / "trunk", p.trunk);
  }
  template <class F>
  constexpr void each_layer(F&& f) {
    for_each_layer(image, f);
    for_each_layer(text, f);
    for_each_layer(trunk, f);
  }
};

}  // namespace hashweave
