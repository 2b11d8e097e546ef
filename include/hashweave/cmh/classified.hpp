#pragma once
#include <hashweave/compose/chain.hpp>
#include <hashweave/compose/named.hpp>
#include <hashweave/nn/activation.hpp>
#include <hashweave/nn/linear.hpp>

namespace hashweave {

/// Codes and what a classifier makes of them: views, or the gradients with respect to them.
template <class H, class P>
struct CodesAndPredictions {
  H codes;
  P predictions;
};
template <class H, class P>
CodesAndPredictions(H, P) -> CodesAndPredictions<H, P>;

/// σ(h Wᵀ + b): what labels a code speaks of. Shapes: (rows, Bits) -> (rows, Classes). Parameters: linear.
template <Size Bits, Size Classes>
struct LabelClassifier : Chain<Named<"linear", Linear<Bits, Classes>>, Sigmoid> {};

/// Codes under a classifier that is trained along with them: h = hash(x, …), l̃ = classifier(h). `forward` gives both,
/// `infer` the codes alone: the classifier serves training only.
///
/// Shapes: what `Hash` takes (one batch or several) -> codes and predictions. Parameters: those of `Hash` (under hash
/// unless they carry names) and classifier.….
template <class Hash, class Classifier>
struct Classified {
  static constexpr bool names_itself = true;
  template <class... X>
  struct CodesOf;
  template <class X>
    requires Accepts<Hash, X>
  struct CodesOf<X> {
    using Output = OutputOf<Hash, X>;
  };
  template <class X, class Y>
    requires requires { typename Hash::template Output<X, Y>; }
  struct CodesOf<X, Y> {
    using Output = typename Hash::template Output<X, Y>;
  };

  [[no_unique_address]] Hash hash;
  [[no_unique_address]] Classifier classifier;

  template <class... X>
    requires requires { typename CodesOf<X...>::Output; }
  using Output = typename CodesOf<X...>::Output;
  template <class B>
  struct Params {
    [[no_unique_address]] typename Hash::template Params<B> hash;
    [[no_unique_address]] typename Classifier::template Params<B> classifier;
  };
  template <class H, class C>
  struct Saved {
    H hash;
    C classifier;
  };
  template <class... X>
  static consteval bool joints() {
    if constexpr (!hash_joints<X...>()) {
      return false;
    } else {
      return joints_fit<Classifier, Output<X...>>();
    }
  }

  template <class B, class... X>
  auto forward(B& be, const Params<B>& p, View<B, X>... x) const {
    auto h = hash.forward(be, p.hash, x...);
    auto c = classifier.forward(be, p.classifier, h.y);
    using Kept = Saved<decltype(h.saved), decltype(c.saved)>;
    return Step{CodesAndPredictions{h.y, c.y}, Kept{h.saved, c.saved}};
  }
  template <class B, class... X>
  auto infer(B& be, const Params<B>& p, View<B, X>... x) const {
    if constexpr (sizeof...(X) == 1) {
      return hashweave::infer(be, hash, p.hash, x...);
    } else {
      return hash.infer(be, p.hash, x...);
    }
  }
  template <class B, class H, class C, class S, class O>
  auto backward(B& be, const Params<B>& p, const Saved<H, C>& s, const CodesAndPredictions<View<B, S>, View<B, O>>& d,
                Params<B>& g) const {
    auto dh = make<S>(be, d.codes.layout());
    add(be, dh.mat(), d.codes.mat(),
        classifier.backward(be, p.classifier, s.classifier, d.predictions, g.classifier).mat());
    return hash.backward(be, p.hash, s.hash, dh, g.hash);
  }
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    Hash::visit(f, detail::carries_names<Hash>() ? at : at / "hash", p.hash);
    Classifier::visit(f, at / "classifier", p.classifier);
  }
  template <class F>
  constexpr void each_layer(F&& f) {
    for_each_layer(hash, f);
    for_each_layer(classifier, f);
  }

 private:
  template <class... X>
  static consteval bool hash_joints() {
    if constexpr (sizeof...(X) == 1) {
      return joints_fit<Hash, X...>();
    } else {
      return Hash::template joints<X...>();
    }
  }
};

}  // namespace hashweave
