#pragma once
#include <concepts>
#include <hashweave/core/random.hpp>
#include <hashweave/core/tape.hpp>
#include <hashweave/core/types.hpp>

namespace hashweave {

/// Where numbers live and who computes with them: a scalar type, a memory, a tape for the step's intermediate results,
/// and the state of the random numbers. Its kernels are free functions in its own namespace, found by
/// argument-dependent lookup; layers name no backend.
template <class B>
concept Backend = requires(B& be) {
  typename B::Scalar;
  typename B::Memory;
  { be.tape() } -> std::same_as<Tape<typename B::Memory>&>;
  { be.random() } -> std::same_as<RandomState&>;
};

namespace detail {
template <class Memory>
class StackScope {
 public:
  explicit StackScope(BufferStack<Memory>& stack) : stack_{stack}, mark_{stack.mark()} {}
  StackScope(const StackScope&) = delete;
  StackScope& operator=(const StackScope&) = delete;
  ~StackScope() { stack_.release(mark_); }

 private:
  BufferStack<Memory>& stack_;
  typename BufferStack<Memory>::Mark mark_;
};
}  // namespace detail

/// Gives back, at the end of the scope, the tape memory taken within it.
template <Backend B>
struct TapeScope : detail::StackScope<typename B::Memory> {
  explicit TapeScope(B& be) : detail::StackScope<typename B::Memory>{be.tape()} {}
};
/// The same for the tape's second stack, of what nobody keeps.
template <Backend B>
struct BriefScope : detail::StackScope<typename B::Memory> {
  explicit BriefScope(B& be) : detail::StackScope<typename B::Memory>{be.tape().brief()} {}
};

}  // namespace hashweave
