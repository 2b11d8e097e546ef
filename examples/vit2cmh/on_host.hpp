#pragma once
/// Numbers of a backend where files and the app's host code can read and write them.
#include <concepts>
#include <hashweave/core/parameters.hpp>
#include <hashweave/cpu.hpp>
#include <optional>
#include <span>
#include <vector>

namespace vit2cmh {
using namespace hashweave;

/// A block of parameters in host memory: the block itself, or where its memory is a device's a copy, made when it is
/// first asked for.
template <class B>
class OnHost {
 public:
  using Block = ParameterBlock<Cpu<typename B::Scalar>>;
  static constexpr bool itself = std::same_as<typename B::Memory, HostMemory>;

  /// The values as they are now.
  const Block& read(const ParameterBlock<B>& block) {
    if constexpr (itself)
      return block;
    else
      return copy_of(block);
  }
  /// f changes the values. Where it throws, a device's stay as they were.
  template <class F>
  void change(ParameterBlock<B>& block, F&& f) {
    if constexpr (itself) {
      f(block);
    } else {
      Block& copy = copy_of(block);
      f(copy);
      B::Memory::copy_from_host(block.flat().data, copy.flat().data, block.bytes());
    }
  }

 private:
  Block& copy_of(const ParameterBlock<B>& block) {
    if (!copy_) copy_.emplace(std::vector<ParameterEntry>(block.entries().begin(), block.entries().end()));
    B::Memory::copy_to_host(copy_->flat().data, block.flat().data, block.bytes());
    return *copy_;
  }
  std::optional<Block> copy_;
};

/// While it lives, a model encodes with parameters that do not change.
template <class B>
struct Unchanged {
  Unchanged(B&, std::span<const typename B::Scalar>) {}
};
template <class T>
struct Unchanged<Cpu<T>> : ConstantScope<T> {
  using ConstantScope<T>::ConstantScope;
};

/// Numbers in host memory as kernels of this backend read them: where they are, or copied to the tape.
template <class B>
typename B::Scalar* for_kernels(B& be, std::span<const typename B::Scalar> values) {
  using T = typename B::Scalar;
  if constexpr (OnHost<B>::itself) {
    return const_cast<T*>(values.data());  // layers only read what they are given
  } else {
    T* const there = be.tape().template take<T>(static_cast<Size>(values.size()));
    B::Memory::copy_from_host(there, values.data(), values.size_bytes());
    return there;
  }
}

}  // namespace vit2cmh
