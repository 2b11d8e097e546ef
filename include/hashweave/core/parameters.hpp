#pragma once
#include <algorithm>
#include <array>
#include <hashweave/core/array.hpp>
#include <hashweave/core/error.hpp>
#include <hashweave/core/layer.hpp>
#include <hashweave/core/memory.hpp>
#include <hashweave/core/random.hpp>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

namespace hashweave {

/// One parameter of a block: its dotted name and where it lies.
struct ParameterEntry {
  std::string name;
  Size offset = 0;  ///< in scalars, from the start of the block
  Size rows = 0, cols = 0;
  Init init;

  Size size() const { return rows * cols; }
  bool statistic() const { return init.kind == Init::Kind::statistic; }
};

namespace detail {
/// What a model's `visit` finds. One type for all models, so that what they have in common is compiled once.
template <class Scalar>
struct ParameterList {
  std::vector<ParameterEntry> entries;
  std::vector<Scalar**> addresses;  ///< of the typed view

  template <class A>
  void operator()(const Path& at, const Init& init, A& array) {
    entries.push_back({at.text(), 0, A::rows, A::cols, init});
    addresses.push_back(&array.data);
  }
};
}  // namespace detail

/// One block of memory for many parameters, which go by name: what of `Parameters` does not depend on the model's type.
/// Optimisers and checkpoints work on it. Every parameter starts on a cache line, the gaps are zero. Statistics lie
/// behind the trainable part, so that clipping and optimisers are one pass over `trainable()`. Numbers are the
/// backend's, or another kind of them (`Adam` can keep its moments as `BFloat16`).
template <class B, class Number = typename B::Scalar>
class ParameterBlock {
 public:
  using Scalar = Number;
  using Memory = typename B::Memory;

  /// Gives each entry its place and allocates, all zero.
  /// @throws Error when two parameters have the same name.
  explicit ParameterBlock(std::vector<ParameterEntry> entries);
  ParameterBlock(ParameterBlock&&) noexcept = default;
  ParameterBlock& operator=(ParameterBlock&&) noexcept = default;

  std::span<const ParameterEntry> entries() const { return entries_; }
  /// The number of learnable scalars (gaps and statistics not counted).
  Size count() const {
    Size n = 0;
    for (const ParameterEntry& e : entries_) n += e.statistic() ? 0 : e.size();
    return n;
  }

  std::size_t bytes() const { return block_.bytes(); }

  /// The whole block; its trainable part; one entry.
  Mat<Scalar> flat() { return matrix(block_.data(), 1, size_); }
  Mat<const Scalar> flat() const { return matrix(block_.data(), 1, size_); }
  /// Where all of them lie.
  std::span<const Scalar> values() const { return {block_.data(), static_cast<std::size_t>(size_)}; }
  Mat<Scalar> trainable() { return matrix(block_.data(), 1, trainable_); }
  Mat<const Scalar> trainable() const { return matrix(block_.data(), 1, trainable_); }
  Mat<Scalar> at(const ParameterEntry& e) { return matrix(block_.data() + e.offset, e.rows, e.cols); }
  Mat<const Scalar> at(const ParameterEntry& e) const { return matrix(block_.data() + e.offset, e.rows, e.cols); }

  /// The entry of that name. @throws Error when there is none.
  const ParameterEntry& entry(std::string_view name) const;

  /// In the host's memory a large block gives its pages back: what nothing is added to takes no memory, and of tables
  /// that are used by rows a few pages.
  void zero() {
    block_.zero();
    expect_few_rows();
  }
  /// Of tables that are used by rows (`Init::by_rows`) few rows will be written: in gradients and moments.
  void expect_few_rows() {
    if constexpr (requires { Memory::use_small_pages(block_.data(), 0); }) {
      for (const ParameterEntry& e : entries_) {
        if (!e.init.by_rows) continue;
        Memory::use_small_pages(block_.data() + e.offset, static_cast<std::size_t>(e.size()) * sizeof(Scalar));
      }
    }
  }

  /// Copies values given in host memory, row-major. @throws Error when the number of values is another.
  void assign(std::string_view name, std::span<const Scalar> values);
  /// The values of one entry, in host memory.
  std::vector<Scalar> values(std::string_view name) const;

  /// Fills every parameter by its own rule. The numbers depend on the seed, the parameter's name and the position in it
  /// alone: adding a layer changes no other layer's beginning.
  void initialise(std::uint64_t seed);

 private:
  static constexpr Size gap = static_cast<Size>(64 / sizeof(typename B::Scalar));  // whatever the numbers: one layout

  std::vector<ParameterEntry> entries_;
  Buffer<Scalar, Memory> block_;
  Size size_ = 0, trainable_ = 0;
};

// Defined apart from the class, so that a project can compile them once (cpu/kernel_list.inc).
template <class B, class Number>
ParameterBlock<B, Number>::ParameterBlock(std::vector<ParameterEntry> entries) : entries_{std::move(entries)} {
  for (const bool statistics : {false, true}) {
    for (ParameterEntry& e : entries_) {
      if (e.statistic() == statistics) {
        e.offset = size_;
        size_ += (e.size() + gap - 1) / gap * gap;
      }
    }
    if (!statistics) trainable_ = size_;
  }
  std::unordered_set<std::string_view> names;
  for (const ParameterEntry& e : entries_) {
    require(names.insert(e.name).second, "parameters", "names", "each once", "'" + e.name + "' twice");
  }
  block_ = Buffer<Scalar, Memory>{size_};
}

template <class B, class Number>
const ParameterEntry& ParameterBlock<B, Number>::entry(std::string_view name) const {
  for (const ParameterEntry& e : entries_) {
    if (e.name == name) return e;
  }
  fail("parameters", "name", "one of the model's " + std::to_string(entries_.size()) + " parameters", name);
}

template <class B, class Number>
void ParameterBlock<B, Number>::assign(std::string_view name, std::span<const Scalar> values) {
  const ParameterEntry& e = entry(name);
  require(static_cast<Size>(values.size()) == e.size(), e.name, "number of values", e.size(), values.size());
  Memory::copy_from_host(block_.data() + e.offset, values.data(), values.size_bytes());
}

template <class B, class Number>
std::vector<Number> ParameterBlock<B, Number>::values(std::string_view name) const {
  const ParameterEntry& e = entry(name);
  std::vector<Scalar> out(static_cast<std::size_t>(e.size()));
  Memory::copy_to_host(out.data(), block_.data() + e.offset, out.size() * sizeof(Scalar));
  return out;
}

template <class B, class Number>
void ParameterBlock<B, Number>::initialise(std::uint64_t seed) {
  std::vector<Scalar> host;
  for (const ParameterEntry& e : entries_) {
    host.assign(static_cast<std::size_t>(e.size()), static_cast<Scalar>(e.init.mean));
    const RandomStream stream{seed ^ name_hash(e.name), 0, 0};
    const bool normals = e.init.kind == Init::Kind::normal;
    std::size_t a_group = 0;  // so many numbers come of a group's 64 words
    if (normals) a_group = 32;
    if (e.init.kind == Init::Kind::uniform) a_group = 64;
    for (std::size_t first = 0; a_group > 0 && first < host.size(); first += a_group) {
      const std::array<std::uint32_t, 64> bits = stream.group(first / a_group);
      for (std::size_t i = 0; i < std::min(a_group, host.size() - first); ++i) {
        const double number = normals ? normal(bits[2 * i], bits[2 * i + 1]) : 2.0 * uniform(bits[i]) - 1.0;
        host[first + i] += static_cast<Scalar>(e.init.spread * number);
      }
    }
    Memory::copy_from_host(block_.data() + e.offset, host.data(), host.size() * sizeof(Scalar));
  }
}

/// The names, shapes and beginnings of model L's parameters, without places.
template <class L, class B = NoBackend>
std::vector<ParameterEntry> parameters_of() {
  detail::ParameterList<typename B::Scalar> list;
  typename L::template Params<B> values{};
  L::visit(list, Path{}, values);
  return std::move(list.entries);
}

/// The typed view of model L into a block that has parameters of its names: of a part of a larger model.
/// @throws Error for a name that the block does not have.
template <class L, class B>
typename L::template Params<B> view_into(ParameterBlock<B>& block) {
  typename L::template Params<B> values{};
  detail::ParameterList<typename B::Scalar> list;
  L::visit(list, Path{}, values);
  for (std::size_t i = 0; i < list.addresses.size(); ++i)
    *list.addresses[i] = block.at(block.entry(list.entries[i].name)).data;
  return values;
}

/// All parameters of model L on backend B: a `ParameterBlock` and the typed view of it that layers take. Gradients have
/// the same type.
template <class B, class L>
class Parameters : public ParameterBlock<B> {
 public:
  using Values = typename L::template Params<B>;

  /// Allocates, all zero.
  /// @throws Error when two parameters have the same name.
  Parameters() : ParameterBlock<B>{parameters_of<L, B>()}, values_{view_into<L>(*this)} {}
  /// The same values in a block of their own.
  Parameters clone() const {
    Parameters copy;
    B::Memory::copy(copy.flat().data, this->flat().data, this->bytes());
    return copy;
  }

  Values& operator*() { return values_; }
  const Values& operator*() const { return values_; }
  Values* operator->() { return &values_; }
  const Values* operator->() const { return &values_; }

 private:
  Values values_;
};

}  // namespace hashweave
