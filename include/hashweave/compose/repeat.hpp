#pragma once
#include <array>
#include <hashweave/core/array.hpp>
#include <hashweave/core/layer.hpp>

namespace hashweave {

/// N copies of L in a row, each with parameters of its own, named by number. One instantiation whatever N is.
/// In `infer` and in `backward` each copy's tape memory is given back as soon as its result is known. What a copy saved
/// in `forward` is handed back to the system when its gradients are known, if the tape may (`Tape::may_hand_back`).
template <Size N, class L>
struct Repeat {
  static_assert(N > 0, "Repeat: at least one copy");
  [[no_unique_address]] L block;

  static constexpr bool own_output = makes_own_output<L>();
  template <class S>
    requires(Accepts<L, S> && std::same_as<OutputOf<L, S>, S>)
  using Output = S;
  template <class B>
  using Params = std::array<typename L::template Params<B>, static_cast<std::size_t>(N)>;
  template <class B, class S>
  struct Saved {
    std::array<SavedOf<L, B, S>, static_cast<std::size_t>(N)> blocks;
    std::array<typename BufferStack<typename B::Memory>::Mark, static_cast<std::size_t>(N) + 1> marks;
  };
  template <class S>
  static consteval bool joints() {
    if constexpr (joints_fit<L, S>()) {
      return GivesBack<L, S, OutputOf<L, S>>::fits();
    }
    return false;
  }

  template <class B, class S>
  auto forward(B& be, const Params<B>& p, View<B, S> x) const {
    Saved<B, S> saved;
    saved.marks[0] = be.tape().mark();
    for (std::size_t i = 0; i < p.size(); ++i) {
      auto step = block.forward(be, p[i], x);
      saved.blocks[i] = step.saved;
      saved.marks[i + 1] = be.tape().mark();
      x = step.y;
    }
    return Step<View<B, S>, Saved<B, S>>{x, saved};
  }
  template <class B, class S>
  auto infer(B& be, const Params<B>& p, View<B, S> x) const {
    auto y = make<S>(be, x.layout());
    for (std::size_t i = 0; i < p.size(); ++i) {
      TapeScope scope{be};
      const auto out = i == 0 ? hashweave::infer(be, block, p[i], x) : hashweave::infer_over(be, block, p[i], y);
      if (out.data != y.data) copy(be, y.mat(), out.mat());
    }
    return y;
  }
  template <class B, class S>
  View<B, S> backward(B& be, const Params<B>& p, const Saved<B, S>& s, View<B, S> dy, Params<B>& g) const {
    auto dx = make<S>(be, dy.layout());
    for (std::size_t i = p.size(); i-- > 0;) {
      TapeScope scope{be};
      copy(be, dx.mat(), block.backward(be, p[i], s.blocks[i], i + 1 == p.size() ? dy : dx, g[i]).mat());
      be.tape().hand_back(s.marks[i], s.marks[i + 1]);
    }
    return dx;
  }
  template <class F, class P>
  static void visit(F&& f, const Path& at, P& p) {
    for (std::size_t i = 0; i < p.size(); ++i) L::visit(f, at / static_cast<Size>(i), p[i]);
  }
  template <class F>
  constexpr void each_layer(F&& f) {
    for_each_layer(block, f);
  }
};

}  // namespace hashweave
