#pragma once
#include <hashweave/core/layer.hpp>
#include <hashweave/core/parameters.hpp>

namespace hashweave {

namespace detail {
template <class Arch, class... Inputs>
consteval bool composition_fits() {
  if constexpr (sizeof...(Inputs) == 1) {
    return joints_fit<Arch, Inputs...>();
  } else {
    return Arch::template joints<Inputs...>();
  }
}
}  // namespace detail

/// An architecture bound to a backend and to what is fed to it, with its parameters and their gradients: the door
/// through which values enter. A composition that does not fit stops here with one message that names the layer and
/// what reached it.
///
///     Model<Cpu<float>, Tower, Pixels<3, 224, 224>> model;
///     model.params.initialise(2022);
template <Backend B, class Arch, class... Inputs>
struct Model {
  static_assert(detail::composition_fits<Arch, Inputs...>() || true);  // its own message is the only one

  Arch arch;
  Parameters<B, Arch> params;
  Parameters<B, Arch> grads;

  auto forward(B& be, View<B, Inputs>... x) const { return arch.forward(be, *params, x...); }
  auto infer(B& be, View<B, Inputs>... x) const {
    if constexpr (sizeof...(Inputs) == 1) {
      return hashweave::infer(be, arch, *params, x...);
    } else {
      return arch.infer(be, *params, x...);
    }
  }
  /// Adds into `grads`. `dy` is what the loss gave for the outputs.
  template <class Saved, class... Gradients>
  auto backward(B& be, const Saved& saved, const Gradients&... dy) {
    return arch.backward(be, *params, saved, dy..., *grads);
  }
};

}  // namespace hashweave
