#pragma once
#include <functional>
#include <hashweave/core/mat.hpp>
#include <hashweave/core/memory.hpp>
#include <map>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace hashweave {

/// Weights as products have laid them out (and rounded), kept from product to product while they do not change. `How`
/// is what decides on the layout besides the matrix: of the CPU form, engine and precision, of CUDA the groups.
template <class T, class Memory, class How>
class Constants {
 public:
  /// Of which values operands are kept from now on. @returns those before.
  std::span<const T> keep(std::span<const T> values) { return std::exchange(values_, values); }
  /// These values have changed, or are no more: what was kept of them is given back.
  void forget(std::span<const T> values) {
    const auto gone = std::erase_if(kept_, [&](const auto& one) { return within(std::get<0>(one.first), values); });
    if (gone > 0) ++version_;
  }
  /// These values have changed: the next product lays them out anew, in the memory that there is.
  void renew(std::span<const T> values) {
    for (auto& [key, operand] : kept_) {
      if (within(std::get<0>(key), values)) operand.current = false;
    }
  }
  /// Of which values operands are kept now.
  std::span<const T> values() const { return values_; }
  /// Bytes held.
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const auto& [key, operand] : kept_) sum += operand.memory.bytes();
    return sum;
  }
  /// Another number whenever an operand gets memory or gives it back.
  std::size_t version() const { return version_; }
  /// Which operands are laid out as their values are now, in an order that is the same while `version` is.
  std::vector<bool> current() const {
    std::vector<bool> all;
    for (const auto& [key, operand] : kept_) all.push_back(operand.current);
    return all;
  }
  /// The same work was done again after which `current` was this.
  void set_current(const std::vector<bool>& all) {
    std::size_t i = 0;
    for (auto& [key, operand] : kept_) operand.current = all[i++];
  }

  /// The operand `m`, so many bytes when it is laid out: as it was kept, or made by fill(to) if it is one to be kept;
  /// null for any other.
  template <class F>
  const std::byte* find(Mat<const T> m, const How& how, std::size_t bytes, F&& fill) {
    if (!within(m.data, values_)) return nullptr;
    const Key key{m.data, m.rows, m.cols, m.ld, how};
    auto at = kept_.find(key);
    if (at == kept_.end()) {
      at = kept_.emplace(key, Operand{Buffer<std::byte, Memory>{static_cast<Size>(bytes)}}).first;
      ++version_;
    }
    if (!at->second.current) {
      fill(at->second.memory.data());
      at->second.current = true;
    }
    return at->second.memory.data();
  }

 private:
  struct Operand {
    Buffer<std::byte, Memory> memory;
    bool current = false;
  };
  using Key = std::tuple<const T*, Size, Size, Size, How>;
  static bool within(const T* at, std::span<const T> values) {
    return !values.empty() && std::less_equal{}(values.data(), at) && std::less{}(at, values.data() + values.size());
  }

  std::span<const T> values_{};
  std::map<Key, Operand> kept_;
  std::size_t version_ = 0;
};

/// While it lives, products by weights among these values keep what they lay out of them, for later ones: when few rows
/// are encoded at a time, laying out takes long. On the CPU it takes as much memory again as the weights, half as much
/// in bf16; on CUDA, where only bf16 lays out anything, half as much for all forms of a product. It lasts beyond the
/// scope: whoever changes the values calls `be.constants().forget(values)`, or `renew(values)` where they will be
/// wanted again; whoever gives their memory back calls `forget`.
///
///     const ConstantScope scope{be, model.params.values()};
///     model.infer(be, images);
template <class B>
class ConstantScope {
 public:
  using Values = std::span<const typename B::Scalar>;

  ConstantScope(B& be, Values values) : be_{be}, before_{be.constants().keep(values)} {}
  ConstantScope(const ConstantScope&) = delete;
  ConstantScope& operator=(const ConstantScope&) = delete;
  ~ConstantScope() { be_.constants().keep(before_); }

 private:
  B& be_;
  Values before_;
};

}  // namespace hashweave
