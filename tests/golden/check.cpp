#include <algorithm>
#include <cmath>
#include <golden/check.hpp>
#include <golden/check_layer.hpp>
#include <sstream>

namespace hashweave::golden {

namespace {

double largest(const std::vector<double>& values) {
  double most = 0;
  for (const double v : values) most = std::max(most, std::abs(v));
  return most;
}
template <class V>
std::string text(const V& value) {
  std::ostringstream out;
  out.precision(9);
  out << value;
  return out.str();
}
std::string text(const Setting& value) {
  return std::visit([](const auto& v) { return text(v); }, value);
}
std::string shape_of(const Tensor& tensor) {
  std::string all;
  for (const Size extent : tensor.shape) all += (all.empty() ? "" : " x ") + std::to_string(extent);
  return all;
}
/// The last extents of the shape make up one row of `cols` values, or part of the one row that several tensors make up.
bool folds_into(const Tensor& tensor, Size cols) {
  Size row = 1;
  for (auto extent = tensor.shape.rbegin(); extent != tensor.shape.rend() && row < cols; ++extent) row *= *extent;
  return row == cols || (row == tensor.size() && cols % row == 0);
}

}  // namespace

std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

Comparison::Comparison(const Case& values, std::string precision, double tolerance)
    : case_{values}, precision_{std::move(precision)}, tolerance_{tolerance} {
  for (const auto& [name, tensor] : case_.tensors) {
    if (name.starts_with("grad.")) largest_gradient_ = std::max(largest_gradient_, largest(tensor.values));
  }
}

void Comparison::expect(const std::string& key, const Setting& wanted) {
  const Setting& value = setting(key);
  if (value != wanted) note("configuration, " + key, text(wanted) + " (what this test was written for)", text(value));
}

double Comparison::number(const std::string& key) {
  const Setting& value = setting(key);
  require(std::holds_alternative<double>(value), case_.name, "configuration, " + key, "a number", text(value));
  return std::get<double>(value);
}

const Tensor& Comparison::tensor(const std::string& name) {
  const auto at = case_.tensors.find(name);
  require(at != case_.tensors.end(), case_.name, "tensors", "one called " + name, "none");
  seen_.insert(name);
  return at->second;
}

void Comparison::output(const std::string& name, const std::vector<double>& got, const std::vector<double>& wanted) {
  compare(name, got, wanted, largest(wanted));
}

void Comparison::gradient(const std::string& name, const std::vector<double>& got, const std::vector<double>& wanted) {
  compare(name, got, wanted, std::max(largest(wanted), largest_gradient_ / 10));
}

void Comparison::match_weights(std::span<const ParameterEntry> entries, const Family& family) {
  std::set<std::string> left;
  for (const auto& [name, tensor] : case_.tensors) {
    if (name.starts_with("w.")) left.insert(name);
  }
  std::string wrong;
  const auto take = [&](const std::string& name) {
    if (left.erase(name) == 0) wrong += " " + name + " (missing)";
    seen_.insert(name);
  };
  for (const std::string& name : family.unused) take("w." + name);
  for (const ParameterEntry& e : entries) {
    const auto names = checkpoint_names(family, e.name);
    if (names.empty()) wrong += " " + e.name + " (a parameter without a name)";
    for (const std::string& name : names) take("w." + name);
  }
  for (const std::string& name : left) wrong += " " + name + " (unused)";
  require(wrong.empty(), case_.name, "weights", "one tensor for each parameter and one use of each tensor",
          "otherwise:" + wrong);
}

std::vector<double> Comparison::parameter(const ParameterEntry& entry, const Family& family) {
  std::vector<double> joined;
  for (const std::string& name : checkpoint_names(family, entry.name)) {
    const Tensor& part = tensor("w." + name);
    require(folds_into(part, entry.cols), case_.name, "shape of w." + name,
            "one that folds into " + text(entry.rows) + " x " + text(entry.cols), shape_of(part));
    joined.insert(joined.end(), part.values.begin(), part.values.end());
  }
  return joined;
}

void Comparison::parameter_gradient(const ParameterEntry& entry, const Family& family, const std::vector<double>& got) {
  auto at = got.begin();
  for (const std::string& name : checkpoint_names(family, entry.name)) {
    const Tensor& part = tensor("grad." + name);
    require(part.size() <= got.end() - at, case_.name, "values of grad." + name, got.end() - at, part.size());
    gradient("grad." + name, {at, at + part.size()});
    at += part.size();
  }
  require(at == got.end(), case_.name, "values of " + entry.name + " without a counterpart", 0, got.end() - at);
}

Outcome Comparison::outcome() {
  for (const auto& [name, tensor] : case_.tensors) {
    if (!seen_.contains(name)) note(name, "a use for this tensor", "none");
  }
  for (const auto& [key, value] : case_.config) {
    if (!asked_.contains(key)) note("configuration, " + key, "a use for this value", text(value));
  }
  return outcome_;
}

const Setting& Comparison::setting(const std::string& key) {
  asked_.insert(key);
  const auto at = case_.config.find(key);
  require(at != case_.config.end(), case_.name, "configuration", "a value called " + key, "none");
  return at->second;
}

void Comparison::note(const std::string& what, const std::string& expected, const std::string& got) {
  outcome_.faults.push_back(case_.name + " in " + precision_ + ": " + what + ": expected " + expected + ", got " + got);
}

void Comparison::compare(const std::string& name, const std::vector<double>& got, const std::vector<double>& wanted,
                         double scale) {
  if (got.size() != wanted.size()) return note(name + ", values", text(wanted.size()), text(got.size()));
  double worst = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < wanted.size() && !std::isnan(worst); ++i) {
    const double difference = std::abs(got[i] - wanted[i]);
    if (difference <= worst) continue;
    worst = difference;  // or not a number, which is worst of all
    at = i;
  }
  const double error = worst == 0 ? 0 : worst / scale;
  if (!(error <= outcome_.error)) {
    outcome_.error = error;
    outcome_.tensor = name;
  }
  if (error <= tolerance_) return;
  note(name, text(wanted[at]) + " at place " + text(at) + " within an error of " + text(tolerance_),
       text(got[at]) + ", error " + text(error));
}

std::vector<double> packed(const Tensor& padded, const std::vector<Size>& lengths) {
  require(padded.shape.size() >= 2, "packed", "extents of a padded batch", "at least 2", padded.shape.size());
  require(std::ssize(lengths) == padded.shape[0], "packed", "sequences", padded.shape[0], lengths.size());
  const Size longest = padded.shape[1], width = padded.size() / std::max<Size>(1, padded.shape[0] * longest);
  std::vector<double> rows;
  auto begin = padded.values.begin();
  for (const Size length : lengths) {
    require(length <= longest, "packed", "length of a sequence", "at most " + text(longest), length);
    rows.insert(rows.end(), begin, begin + length * width);
    begin += longest * width;
  }
  return rows;
}

std::vector<Size> lengths_of_mask(const Tensor& mask) {
  std::vector<Size> lengths;
  const Size longest = mask.shape.at(1);
  for (auto row = mask.values.begin(); row != mask.values.end(); row += longest) {
    lengths.push_back(std::count(row, row + longest, 1.0));
    const auto ones = std::find(row, row + longest, 0.0) - row;
    require(ones == lengths.back(), "mask", "ones, all at the front", lengths.back(), ones);
  }
  return lengths;
}

}  // namespace hashweave::golden
