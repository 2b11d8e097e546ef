#pragma once
#include <cstdint>
#include <functional>
#include <hashweave/core/form.hpp>
#include <hashweave/core/mat.hpp>
#include <hashweave/core/memory.hpp>
#include <hashweave/cpu/engine.hpp>
#include <map>
#include <span>
#include <tuple>
#include <utility>

namespace hashweave::cpu {

/// Weights as products have laid them out, kept from product to product while they do not change.
template <class T>
class Constants {
 public:
  /// Of which values operands are kept from now on. @returns those before.
  std::span<const T> keep(std::span<const T> values) { return std::exchange(values_, values); }
  /// These values have changed, or are no more.
  void forget(std::span<const T> values) {
    std::erase_if(kept_, [&](const auto& one) { return within(std::get<0>(one.first), values); });
  }
  /// Bytes held.
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const auto& [key, operand] : kept_) sum += operand.bytes();
    return sum;
  }

  /// The right operand `b` of products of this form, so many bytes when it is laid out: as it was kept, or made by
  /// fill(to) if it is one to be kept; null for any other.
  template <class F>
  const std::int32_t* find(Mat<const T> b, Form form, const Arithmetic& how, std::size_t bytes, F&& fill) {
    if (!within(b.data, values_)) return nullptr;
    const Key key{b.data, b.rows, b.cols, b.ld, form, how.engine, how.precision};
    auto at = kept_.find(key);
    if (at == kept_.end()) {
      Buffer<std::byte, HostMemory> operand{static_cast<Size>(bytes)};
      fill(reinterpret_cast<std::int32_t*>(operand.data()));
      at = kept_.emplace(key, std::move(operand)).first;
    }
    return reinterpret_cast<const std::int32_t*>(at->second.data());
  }

 private:
  using Key = std::tuple<const T*, Size, Size, Size, Form, Engine, Precision>;
  static bool within(const T* at, std::span<const T> values) {
    return !values.empty() && std::less_equal{}(values.data(), at) && std::less{}(at, values.data() + values.size());
  }

  std::span<const T> values_{};
  std::map<Key, Buffer<std::byte, HostMemory>> kept_;
};

}  // namespace hashweave::cpu
