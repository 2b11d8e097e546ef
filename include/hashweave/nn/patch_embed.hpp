#pragma once
#include <hashweave/core/array.hpp>
#include <hashweave/core/layer.hpp>
#include <hashweave/nn/linear.hpp>

namespace hashweave {

/// Whether `PatchEmbed::backward` computes the gradient with respect to the image; a training step has no use for it.
enum class ImageGradient { computed, skipped };

/// z_0 = [cls ; patch_1 E + e ; … ; patch_N E + e] + positions, with N = (H/P)(W/P) patches of P x P pixels, row by
/// row.
///
/// Shapes: (batch, C, H, W) -> batch sequences of N + 1 tokens, D wide. proj.weight is (D, C P P) with the pixels of a
/// patch in the order channel, row, column: a convolution's (D, C, P, P) laid flat. cls_token begins as zeros (the
/// paper's I_CLS), pos_embed normal.
/// Saved: the patches, laid out as rows.
/// Source: Dosovitskiy et al., ICLR 2021, equation 1; Li et al. (ViT2CMH), 2023, equations 3 and 4.
template <Size C, Size H, Size W, Size P, Size D, class Bias = WithBias>
struct PatchEmbed {
  static constexpr bool whole_patches = P > 0 && H % P == 0 && W % P == 0;
  static constexpr Size patches = (H / P) * (W / P);
  static constexpr Size tokens = patches + 1;
  using Projection = Linear<C * P * P, D, Bias>;

  ImageGradient image_gradient = ImageGradient::computed;

  template <class S>
    requires std::same_as<S, Pixels<C, H, W>>
  using Output = Tokens<D>;
  template <class S>
  static consteval bool joints() {
    static_assert(whole_patches, "PatchEmbed: the patch must divide the image's height and width");
    return whole_patches && Joint<PatchEmbed, S>::fits();
  }
  template <class B>
  struct Params {
    Array<B, 1, D> cls_token;
    Array<B, tokens, D> pos_embed;
    typename Projection::template Params<B> proj;
  };
  template <class B, class S>
  struct Saved {
    View<B, Vectors<C * P * P>> patches;
  };

  template <class B, class S>
  auto forward(B& be, const Params<B>& p, View<B, S> x) const {
    static_assert(whole_patches, "PatchEmbed: the patch must divide the image's height and width");
    require(x.batch > 0, "PatchEmbed", "images in the batch", "at least 1", x.batch);
    auto rows = make<Vectors<C * P * P>>(be, x.batch * patches);
    to_patches(be, rows.mat(), x.mat(), C, H, W, P);
    auto y = make<Tokens<D>>(be, equal_segments(be, x.batch, tokens));
    TapeScope scope{be};
    const auto projected = Projection{}.forward(be, p.proj, rows).y;
    join_cls(be, y.mat(), projected.mat(), p.cls_token.mat(), p.pos_embed.mat(), patches);
    return Step<View<B, Tokens<D>>, Saved<B, S>>{y, {rows}};
  }
  template <class B, class S>
  View<B, S> backward(B& be, const Params<B>& p, const Saved<B, S>& s, View<B, Tokens<D>> dy, Params<B>& g) const {
    const Size batch = dy.segments.count;
    auto dx = View<B, S>{nullptr, batch};
    if (image_gradient == ImageGradient::computed) dx = make<S>(be, batch);
    TapeScope scope{be};
    auto d_rows = make<Vectors<D>>(be, batch * patches);
    split_cls_backward(be, d_rows.mat(), g.cls_token.mat(), g.pos_embed.mat(), dy.mat(), patches);
    const typename Projection::template Saved<B, Vectors<C * P * P>> saved{s.patches};
    if (image_gradient == ImageGradient::skipped) {
      Projection{}.backward_parameters(be, saved, d_rows, g.proj);
      return dx;
    }
    auto d_patches = Projection{}.backward(be, p.proj, saved, d_rows, g.proj);
    from_patches(be, dx.mat(), d_patches.mat(), C, H, W, P);
    return dx;
  }
  template <class F, class Q>
  static void visit(F&& f, const Path& at, Q& p) {
    f(at / "cls_token", Init::zeros(), p.cls_token);
    f(at / "pos_embed", Init::normal(0.02), p.pos_embed);
    Projection::visit(f, at / "proj", p.proj);
  }
};

}  // namespace hashweave
