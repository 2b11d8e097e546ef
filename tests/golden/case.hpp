#pragma once
#include <hashweave/core/types.hpp>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace hashweave::golden {

/// A tensor of a file, its values as double whatever they are stored as.
struct Tensor {
  std::vector<Size> shape;
  std::vector<double> values;

  Size size() const { return static_cast<Size>(values.size()); }
};
using Tensors = std::map<std::string, Tensor>;

/// A value of a case's configuration: a number (true is 1) or a text.
using Setting = std::variant<double, std::string>;

/// One case of the golden values: what INDEX.json says of it and what its file holds.
struct Case {
  std::string name;
  std::map<std::string, Setting> config;
  Tensors tensors;
};

}  // namespace hashweave::golden
