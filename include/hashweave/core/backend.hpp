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

/// Gives back, at the end of the scope, the tape memory taken within it.
template <Backend B>
class TapeScope {
 public:
  explicit TapeScope(B& be) : tape_{be.tape()}, mark_{tape_.mark()} {}
  TapeScope(const TapeScope&) = delete;
  TapeScope& operator=(const TapeScope&) = delete;
  ~TapeScope() { tape_.release(mark_); }

 private:
  Tape<typename B::Memory>& tape_;
  typename Tape<typename B::Memory>::Mark mark_;
};

}  // namespace hashweave
