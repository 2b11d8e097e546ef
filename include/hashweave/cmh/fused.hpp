#pragma once
#include <hashweave/cmh/cross_modal.hpp>

namespace hashweave {

/// What the two strands of a fusion give to be added.
template <class FromImages, class FromTexts>
struct FusionJoint {
  static consteval bool fits() {
    static_assert(std::same_as<FromImages, FromTexts>,
                  "Fused: both strands must give the same samples to be added: see FusionJoint<FromImages, FromTexts>");
    return std::same_as<FromImages, FromTexts>;
  }
};

/// Two strands that become one: y = trunk(image(x) + text(t)), sample by sample: a pair of an image and its text has
/// one code. (In `CrossModal` either has its own.)
///
/// Shapes: as many images as texts -> what the trunk gives. Parameters: image.…, text.…, trunk.….
/// @throws Error when the numbers of images and texts differ, or the lengths of their sequences.
/// Source: Tan et al. (BSTH), SIGIR 2022, section 3.2 (concept-level fusion by sum).
template <class ImageStrand, class TextStrand, class Trunk>
struct Fused {
  static constexpr bool names_itself = true;
  [[no_unique_address]] ImageStrand image;
  [[no_unique_address]] TextStrand text;
  [[no_unique_address]] Trunk trunk;

  template <class X>
  struct Through {  // as in `Chain`
    using Output = OutputOf<Trunk, OutputOf<ImageStrand, X>>;
  };
  template <class X, class Y>
    requires(Accepts<ImageStrand, X> && Accepts<TextStrand, Y> &&
             std::same_as<OutputOf<ImageStrand, X>, OutputOf<TextStrand, Y>> &&
             Accepts<Trunk, OutputOf<ImageStrand, X>>)
  using Output = typename Through<X>::Output;
  template <class B>
  struct Params {
    [[no_unique_address]] typename ImageStrand::template Params<B> image;
    [[no_unique_address]] typename TextStrand::template Params<B> text;
    [[no_unique_address]] typename Trunk::template Params<B> trunk;
  };
  template <class B, class X, class Y>
  struct Saved {
    SavedOf<ImageStrand, B, X> image;
    SavedOf<TextStrand, B, Y> text;
    SavedOf<Trunk, B, OutputOf<ImageStrand, X>> trunk;
  };
  template <class X, class Y>
  static consteval bool joints() {
    if constexpr (!joints_fit<ImageStrand, X>()) {
      return false;
    } else if constexpr (!joints_fit<TextStrand, Y>()) {
      return false;
    } else if constexpr (!FusionJoint<OutputOf<ImageStrand, X>, OutputOf<TextStrand, Y>>::fits()) {
      return false;
    } else {
      return joints_fit<Trunk, OutputOf<ImageStrand, X>>();
    }
  }

  template <class B, class X, class Y>
  auto forward(B& be, const Params<B>& p, View<B, X> images, View<B, Y> texts) const {
    auto a = image.forward(be, p.image, images);
    auto b = text.forward(be, p.text, texts);
    auto h = trunk.forward(be, p.trunk, sum(be, a.y, b.y));
    return Step<decltype(h.y), Saved<B, X, Y>>{h.y, {a.saved, b.saved, h.saved}};
  }
  template <class B, class X, class Y>
  auto infer(B& be, const Params<B>& p, View<B, X> images, View<B, Y> texts) const {
    const auto a = hashweave::infer(be, image, p.image, images);
    return hashweave::infer(be, trunk, p.trunk, sum(be, a, hashweave::infer(be, text, p.text, texts)));
  }
  template <class B, class X, class Y, class O>
  auto backward(B& be, const Params<B>& p, const Saved<B, X, Y>& s, View<B, O> dy, Params<B>& g) const {
    const auto d = trunk.backward(be, p.trunk, s.trunk, dy, g.trunk);
    const auto d_texts = text.backward(be, p.text, s.text, d, g.text);
    return Pair{image.backward(be, p.image, s.image, d, g.image), d_texts};
  }
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    ImageStrand::visit(f, at / "image", p.image);
    TextStrand::visit(f, at / "text", p.text);
    Trunk::visit(f, at / "trunk", p.trunk);
  }
  template <class F>
  constexpr void each_layer(F&& f) {
    for_each_layer(image, f);
    for_each_layer(text, f);
    for_each_layer(trunk, f);
  }

 private:
  template <class B, class S>
  static View<B, S> sum(B& be, View<B, S> a, View<B, S> b) {
    require(detail::samples(a) == detail::samples(b), "Fused", "texts",
            Phrase{"", detail::samples(a), " (one an image)"}, detail::samples(b));
    require(a.mat().rows == b.mat().rows, "Fused", "tokens of the texts",
            Phrase{"", a.mat().rows, ", as of the images"}, b.mat().rows);
    auto y = make<S>(be, a.layout());
    add(be, y.mat(), a.mat(), b.mat());
    return y;
  }
};

}  // namespace hashweave
