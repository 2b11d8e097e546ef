#pragma once
#include <concepts>
#include <hashweave/core/view.hpp>
#include <type_traits>

namespace hashweave {

/// What `forward` gives: the value, and what `backward` will need of it.
template <class Y, class Saved>
struct Step {
  Y y;
  Saved saved;
};
template <class Y, class Saved>
Step(Y, Saved) -> Step<Y, Saved>;

/// Samples S can be fed to L: L declares an `Output` for them.
template <class L, class S>
concept Accepts = requires { typename L::template Output<S>; };

/// What L makes of samples S.
template <class L, class S>
using OutputOf = typename L::template Output<S>;

/// What L saves of samples S for its backward, on backend B.
template <class L, class B, class S>
using SavedOf = typename L::template Saved<B, S>;

/// A layer on samples S and backend B. `forward` computes and saves; `backward` adds into the gradients `g` and gives
/// the gradient with respect to the input. A layer may also have `infer`, which saves nothing.
template <class L, class S, class B>
concept Layer =
    Backend<B> && Accepts<L, S> &&
    requires(const L& layer, B& be, const typename L::template Params<B>& p, typename L::template Params<B>& g,
             View<B, S> x, View<B, OutputOf<L, S>> dy, const SavedOf<L, B, S>& saved) {
      { layer.forward(be, p, x) } -> std::same_as<Step<View<B, OutputOf<L, S>>, SavedOf<L, B, S>>>;
      { layer.backward(be, p, saved, dy, g) } -> std::same_as<GradientOf<B, S>>;
    };

/// A layer that writes its output into a place that is chosen for it: `save` gives what `backward` will need of x,
/// `compute` writes y from that alone. Both together are its `forward`. With a member `light` = true it says that
/// computing costs little beside keeping the output: `Chain` then does not keep it, and computes it again for
/// `backward`. With `heavy` = true it is a product: `Chain` keeps its output, in half the memory where the backend
/// wants that (`keep_half`). A member `passes` says that the layer gives what it takes, as it is, and saves nothing;
/// `reads_input` = false, that `backward` does not read x and `compute` may write y over it. A member `backward_over`
/// is `backward` writing over dy.
template <class L, class S, class B>
concept Placed = requires(const L& layer, B& be, const typename L::template Params<B>& p, View<B, S> x,
                          const SavedOf<L, B, S>& saved, View<B, OutputOf<L, S>> y) {
  { layer.save(be, x) } -> std::same_as<SavedOf<L, B, S>>;
  layer.compute(be, p, saved, y);
};

/// Computing the layer's output again costs little beside keeping it.
template <class L>
consteval bool says_light() {
  if constexpr (requires { L::light; }) return L::light;
  return false;
}
/// The layer's output is a product.
template <class L>
consteval bool says_heavy() {
  if constexpr (requires { L::heavy; }) return L::heavy;
  return false;
}
/// The layer's output is a batch of its own, never its input or a part of it: it says so by a member `own_output`.
template <class L>
consteval bool makes_own_output() {
  if constexpr (requires { L::own_output; }) return L::own_output;
  return false;
}

/// The layer's `backward` reads the values of its input.
template <class L>
consteval bool reads_input_again() {
  if constexpr (requires { L::reads_input; }) return L::reads_input;
  return true;
}

namespace detail {
template <class L>
bool passes(const L& layer) {
  if constexpr (requires { layer.passes(); }) return layer.passes();
  return false;
}
}  // namespace detail

/// What `forward` of a layer gives that is `Placed`, the output being written to y.
template <class L, Backend B, class S>
auto forward_to(B& be, const L& layer, const typename L::template Params<B>& p, View<B, S> x,
                View<B, OutputOf<L, S>> y) {
  const auto saved = layer.save(be, x);
  layer.compute(be, p, saved, y);
  return Step<View<B, OutputOf<L, S>>, SavedOf<L, B, S>>{y, saved};
}

/// `forward` of a layer that is `Placed`.
template <class L, Backend B, class S>
auto forward_placed(B& be, const L& layer, const typename L::template Params<B>& p, View<B, S> x) {
  return forward_to(be, layer, p, x, make<OutputOf<L, S>>(be, x.layout()));
}

/// As `forward`, but the output may be gone with the `BriefScope` around: for what keeps no view of it. With `over`
/// nobody else reads x, and the layer may write over it.
template <class L, Backend B, class S>
auto forward_briefly(B& be, const L& layer, const typename L::template Params<B>& p, View<B, S> x,
                     [[maybe_unused]] bool over = false) {
  if constexpr (requires { layer.forward_briefly(be, p, x); }) {
    return layer.forward_briefly(be, p, x);
  } else if constexpr (Placed<L, S, B>) {
    if (detail::passes(layer)) return layer.forward(be, p, x);
    if constexpr (!reads_input_again<L>()) {
      if (over) return forward_to(be, layer, p, x, x);
    }
    return forward_to(be, layer, p, x, make_brief<OutputOf<L, S>>(be, x.layout()));
  } else {
    return layer.forward(be, p, x);
  }
}

/// y = layer(x) with nothing saved, for use rather than training: dropout does not act.
template <class L, Backend B, class S>
View<B, OutputOf<L, S>> infer(B& be, const L& layer, const typename L::template Params<B>& p, View<B, S> x) {
  if constexpr (requires { layer.infer(be, p, x); }) {
    return layer.infer(be, p, x);
  } else {
    return layer.forward(be, p, x).y;
  }
}

/// As `infer`, where nobody reads x any more: the layer may write over it. What it gives then lies where x lay, or is
/// an output of its own. A layer whose output may be written over its input says so by `in_place` = true; one made of
/// layers has an `infer_over`.
template <class L, Backend B, class S>
View<B, OutputOf<L, S>> infer_over(B& be, const L& layer, const typename L::template Params<B>& p, View<B, S> x) {
  if constexpr (requires { layer.infer_over(be, p, x); }) {
    return layer.infer_over(be, p, x);
  } else if constexpr (requires { requires L::in_place; }) {
    return forward_to(be, layer, p, x, x).y;
  } else {
    return infer(be, layer, p, x);
  }
}

/// Calls f on every leaf layer and every `Recompute` of a composition, to set what is a value rather than a type, e.g.
/// LayerNorm's eps:
/// `for_each_layer(tower, [](auto& layer) { if constexpr (requires { layer.eps; }) layer.eps = 1e-12; });`
template <class L, class F>
constexpr void for_each_layer(L& layer, F&& f) {
  if constexpr (requires { layer.each_layer(f); }) {
    layer.each_layer(f);
  } else {
    f(layer);
  }
}

/// One joint of a model: a layer and the samples that reach it. Its name carries the story into the compiler's message.
/// (The assertions stand in functions because clang gives up a class in which one fails, and reports all its users.)
template <class Layer, class Reaching>
struct Joint {
  static consteval bool fits() {
    static_assert(Accepts<Layer, Reaching>, "this layer does not accept what reaches it: see Joint<Layer, Reaching>");
    return Accepts<Layer, Reaching>;
  }
};

/// The same for a layer that must give back what it takes, such as the branch of a residual.
template <class Layer, class Takes, class Gives>
struct GivesBack {
  static consteval bool fits() {
    static_assert(std::same_as<Takes, Gives>,
                  "this layer must give back what it takes: see GivesBack<Layer, Takes, Gives>");
    return std::same_as<Takes, Gives>;
  }
};

/// For layers made of layers: checks the joints of L on samples S up to the first that does not fit, and gives whether
/// all do. L may have `joints<S>()` of its own.
template <class L, class S>
consteval bool joints_fit() {
  if constexpr (requires { L::template joints<S>(); }) {
    return L::template joints<S>();
  } else {
    return Joint<L, S>::fits();
  }
}

/// True where L takes samples S; elsewhere it does not compile, with one message that names the layer and what reached
/// it: `static_assert(fits<Tower, Pixels<3, 224, 224>>());`
template <class L, class S>
consteval bool fits() {
  return joints_fit<L, S>() || true;
}

/// Parameters of a layer that has none.
struct Empty {};

/// A backend that exists only to ask a layer about its parameters.
struct NoBackend {
  using Scalar = float;
};
/// The layer has parameters.
template <class L>
inline constexpr bool has_parameters = !std::is_empty_v<typename L::template Params<NoBackend>>;

}  // namespace hashweave
