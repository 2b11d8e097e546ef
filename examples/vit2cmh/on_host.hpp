#pragma once
/// Numbers of a backend where files and the app's host code can read and write them.
#include <algorithm>
#include <concepts>
#include <hashweave/core/parameters.hpp>
#include <hashweave/cpu.hpp>
#include <hashweave/text/packed_ids.hpp>
#include <optional>
#include <span>
#include <vector>

namespace vit2cmh {
using namespace hashweave;

/// A block of parameters in host memory: the block itself, or where its memory is a device's a copy, made when it is
/// first asked for.
template <class B, class Number = typename B::Scalar>
class OnHost {
 public:
  using Block = ParameterBlock<Cpu<typename B::Scalar>, Number>;
  static constexpr bool itself = std::same_as<typename B::Memory, HostMemory>;

  /// The values as they are now.
  const Block& read(const ParameterBlock<B, Number>& block) {
    if constexpr (itself)
      return block;
    else
      return copy_of(block);
  }
  /// f changes the values. Where it throws, a device's stay as they were.
  template <class F>
  void change(ParameterBlock<B, Number>& block, F&& f) {
    if constexpr (itself) {
      f(block);
    } else {
      Block& copy = copy_of(block);
      f(copy);
      B::Memory::copy_from_host(block.flat().data, copy.flat().data, block.bytes());
    }
  }

 private:
  Block& copy_of(const ParameterBlock<B, Number>& block) {
    if (!copy_) copy_.emplace(std::vector<ParameterEntry>(block.entries().begin(), block.entries().end()));
    B::Memory::copy_to_host(copy_->flat().data, block.flat().data, block.bytes());
    return *copy_;
  }
  std::optional<Block> copy_;
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

/// The same of segments, and of ids: where they are, or copied to memory that the host shares with kernels.
template <class B, class U>
const U* shared_with_kernels(B& be, std::span<const U> values) {
  if constexpr (OnHost<B>::itself) {
    return values.data();
  } else {
    U* const there = take_shared<U>(be, std::ssize(values));
    std::ranges::copy(values, there);
    return there;
  }
}
template <class B>
Segments segments_for_kernels(B& be, const PackedIds& ids) {
  return {shared_with_kernels<B, Size>(be, ids.offsets), ids.count()};
}
template <class B>
View<B, TokenIds> for_kernels(B& be, const PackedIds& ids) {
  const auto* types = ids.types.empty() ? nullptr : shared_with_kernels<B, std::int32_t>(be, ids.types);
  return {shared_with_kernels<B, std::int32_t>(be, ids.ids), segments_for_kernels(be, ids), types};
}

}  // namespace vit2cmh
