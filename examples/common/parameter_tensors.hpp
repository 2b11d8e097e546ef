#pragma once
/// A model's parameters as the tensors of a file.
#include <algorithm>
#include <hashweave/core/parameters.hpp>
#include <hashweave/io/checkpoint.hpp>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace examples {
using namespace hashweave;

inline Shape shape_of(const ParameterEntry& e) { return e.rows == 1 ? Shape{e.cols} : Shape{e.rows, e.cols}; }

/// What is taken of a block of parameters: names for which `take` is true.
struct TakeAll {
  bool operator()(std::string_view) const { return true; }
};

/// Appends the tensors of a block under a prefix; the memory is the block's.
template <class B, class Number, class Take = TakeAll>
void add_tensors(std::vector<NamedTensor>& to, const ParameterBlock<B, Number>& from, const std::string& prefix,
                 const Take& take = {}) {
  for (const ParameterEntry& e : from.entries()) {
    if (!take(e.name)) continue;
    const std::span values{from.at(e).data, static_cast<std::size_t>(e.size())};
    to.push_back({prefix + e.name, view_of(values, shape_of(e))});
  }
}

/// Where the tensors of a file go. Blocks are added, each under its prefix, then all is read at once.
class TensorTargets {
 public:
  template <class B, class Number, class Take = TakeAll>
  void add(ParameterBlock<B, Number>& block, const std::string& prefix, const Take& take = {}) {
    for (const ParameterEntry& e : block.entries())
      if (take(e.name))
        add(prefix + e.name, std::span{block.at(e).data, static_cast<std::size_t>(e.size())}, shape_of(e));
  }
  template <class Number>
  void add(const std::string& name, std::span<Number> values, Shape shape) {
    wanted_.emplace(name, Target{values, std::move(shape)});
  }
  /// @throws Error that lists names and shapes that do not fit; nothing is changed then. `what`: for the message.
  void read(const TensorFile& file, const std::string& what) const {
    hashweave::detail::Complaints complaints;
    for (const auto& [name, target] : wanted_) {
      if (!file.contains(name))
        complaints.missing.push_back(name);
      else if (file.shape(name) != target.shape)
        complaints.shapes.push_back(name + " " + to_string(file.shape(name)) + ", expected " + to_string(target.shape));
    }
    for (const auto& [name, tensor] : file.tensors())
      if (!wanted_.contains(name)) complaints.unexpected.push_back(name);
    complaints.raise(file.where() + " as " + what);
    for (const auto& [name, target] : wanted_) {
      if (const auto* floats = std::get_if<std::span<float>>(&target.values)) {
        file.copy(name, *floats);
      } else {
        const auto& halves = std::get<std::span<BFloat16>>(target.values);
        const auto stored = span_of<BFloat16>(file.at(name), file.where() + ", tensor " + name);
        std::copy(stored.begin(), stored.end(), halves.begin());
      }
    }
  }

 private:
  struct Target {
    std::variant<std::span<float>, std::span<BFloat16>> values;
    Shape shape;
  };
  std::map<std::string, Target> wanted_;
};

}  // namespace examples
