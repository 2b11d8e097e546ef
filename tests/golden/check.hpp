#pragma once
#include <cmath>
#include <functional>
#include <golden/case.hpp>
#include <golden/names.hpp>
#include <hashweave/core/parameters.hpp>
#include <hashweave/cpu.hpp>
#include <limits>
#include <numeric>
#include <set>
#include <span>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace hashweave::golden {

/// What a case came to: its worst error, and everything that is wrong.
struct Outcome {
  double error = 0;
  std::string tensor = "-";
  std::vector<std::string> faults;
};

/// Compares what Cpu<T> computes with one case's tensors and notes what differs.
///
/// The error of an output is max|a - b| / max|b|, that of a gradient max|a - b| / max(max|b|, a tenth of the case's
/// largest gradient): some gradients are zero by mathematics, and the file holds only rounding noise.
template <class T>
class Check {
 public:
  using Backend = Cpu<T>;
  static constexpr double tolerance = std::is_same_v<T, float> ? 1e-5 : 1e-6;

  explicit Check(const Case& values) : case_{values} {
    for (const auto& [name, tensor] : case_.tensors) {
      if (name.starts_with("grad.")) largest_gradient_ = std::max(largest_gradient_, largest(tensor.values));
    }
  }

  // The configuration.

  /// The type under test was written for this value of the configuration.
  void expect(const std::string& key, const Setting& wanted) {
    const Setting& value = setting(key);
    if (value != wanted) note("configuration, " + key, text(wanted) + " (what this test was written for)", text(value));
  }
  double number(const std::string& key) {
    const Setting& value = setting(key);
    require(std::holds_alternative<double>(value), case_.name, "configuration, " + key, "a number", text(value));
    return std::get<double>(value);
  }

  // The tensors.

  const Tensor& tensor(const std::string& name) {
    const auto at = case_.tensors.find(name);
    require(at != case_.tensors.end(), case_.name, "tensors", "one called " + name, "none");
    seen_.insert(name);
    return at->second;
  }
  bool has(const std::string& name) const { return case_.tensors.contains(name); }
  std::vector<T> values(const std::string& name) { return converted(tensor(name).values); }
  /// The tensor is no business of this test.
  void leave_out(const std::string& name) { tensor(name); }

  static std::vector<T> converted(const std::vector<double>& from) {
    std::vector<T> to(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) to[i] = static_cast<T>(from[i]);
    return to;
  }

  // The comparisons.

  void output(const std::string& name, std::span<const T> got, const std::vector<double>& wanted) {
    compare(name, got, wanted, largest(wanted));
  }
  void output(const std::string& name, std::span<const T> got) { output(name, got, tensor(name).values); }
  void output(const std::string& name, const std::vector<double>& got) {
    const std::vector<T> converted_got = converted(got);
    output(name, std::span<const T>{converted_got});
  }
  void gradient(const std::string& name, std::span<const T> got, const std::vector<double>& wanted) {
    compare(name, got, wanted, std::max(largest(wanted), largest_gradient_ / 10));
  }
  void gradient(const std::string& name, std::span<const T> got) { gradient(name, got, tensor(name).values); }

  /// Sets every parameter from the checkpoint's tensors.
  template <class L>
  void load(Parameters<Backend, L>& params, const Family& family) {
    for (const std::string& name : family.unused) leave_out("w." + name);
    for (const ParameterEntry& e : params.entries()) {
      std::vector<double> joined;
      for (const std::string& name : checkpoint_names(family, e.name)) {
        const Tensor& part = tensor("w." + name);
        if (!folds_into(part, e.cols)) note(name, "a shape that folds into " + sizes(e.rows, e.cols), shape(part));
        joined.insert(joined.end(), part.values.begin(), part.values.end());
      }
      require(!joined.empty(), case_.name, "parameter " + e.name, "a line in the table of names", "none");
      params.assign(e.name, converted(joined));
    }
  }
  /// Compares every parameter's gradient, tensor by tensor of the checkpoint.
  template <class L>
  void gradients(const Parameters<Backend, L>& grads, const Family& family) {
    for (const ParameterEntry& e : grads.entries()) {
      const std::vector<T> all = grads.values(e.name);
      std::span<const T> rest{all};
      for (const std::string& name : checkpoint_names(family, e.name)) {
        const std::size_t count = tensor("grad." + name).values.size();
        require(count <= rest.size(), case_.name, "values of grad." + name, rest.size(), count);
        gradient("grad." + name, rest.first(count));
        rest = rest.subspan(count);
      }
      require(rest.empty(), case_.name, "values of " + e.name + " without a counterpart", 0, rest.size());
    }
  }

  /// The outcome; what of the case was not used is a fault.
  Outcome outcome() {
    for (const auto& [name, tensor] : case_.tensors) {
      if (!seen_.contains(name)) note(name, "a use for this tensor", "none");
    }
    for (const auto& [key, value] : case_.config) {
      if (!asked_.contains(key)) note("configuration, " + key, "a use for this value", text(value));
    }
    return outcome_;
  }

 private:
  static double largest(const std::vector<double>& values) {
    double most = 0;
    for (const double v : values) most = std::max(most, std::abs(v));
    return most;
  }
  static std::string text(const Setting& value) {
    std::ostringstream out;
    std::visit([&](const auto& v) { out << v; }, value);
    return out.str();
  }
  static std::string sizes(Size rows, Size cols) { return std::to_string(rows) + " x " + std::to_string(cols); }
  static std::string shape(const Tensor& tensor) {
    std::string all;
    for (const Size extent : tensor.shape) all += (all.empty() ? "" : " x ") + std::to_string(extent);
    return all;
  }
  /// The last extents of the shape make up one row, or a row is made up of several tensors.
  static bool folds_into(const Tensor& tensor, Size cols) {
    Size row = 1;
    for (auto extent = tensor.shape.rbegin(); extent != tensor.shape.rend() && row < cols; ++extent) row *= *extent;
    return row == cols || (row == tensor.size() && cols % row == 0);
  }

  const Setting& setting(const std::string& key) {
    asked_.insert(key);
    const auto at = case_.config.find(key);
    require(at != case_.config.end(), case_.name, "configuration", "a value called " + key, "none");
    return at->second;
  }
  template <class Expected, class Got>
  void note(const std::string& what, const Expected& expected, const Got& got) {
    std::ostringstream out;
    out << case_.name << (std::is_same_v<T, float> ? " in float: " : " in double: ") << what << ": expected "
        << expected << ", got " << got;
    outcome_.faults.push_back(out.str());
  }
  void compare(const std::string& name, std::span<const T> got, const std::vector<double>& wanted, double scale) {
    if (got.size() != wanted.size()) return note(name + ", number of values", wanted.size(), got.size());
    double worst = 0;
    std::size_t at = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      const double difference = std::abs(static_cast<double>(got[i]) - wanted[i]);
      if (difference <= worst) continue;
      worst = difference;  // also what is not a number
      at = i;
      if (std::isnan(worst)) break;
    }
    const double error = worst == 0 ? 0 : worst / scale;
    if (!(error <= outcome_.error)) {
      outcome_.error = error;
      outcome_.tensor = name;
    }
    if (error <= tolerance) return;
    std::ostringstream limit, value;
    limit.precision(9);
    value.precision(9);
    limit << wanted[at] << " at place " << at << " within an error of " << tolerance;
    value << got[at] << ", error " << error;
    note(name, limit.str(), value.str());
  }

  const Case& case_;
  double largest_gradient_ = 0;
  std::set<std::string> seen_, asked_{"note"};
  Outcome outcome_;
};

/// The test of one case, in both precisions.
struct Test {
  std::string name;
  std::function<Outcome(const Case&)> in_float, in_double;
};
inline std::vector<Test>& tests() {
  static std::vector<Test> all;
  return all;
}

/// Declares the test of the case of that name: `const Golden linear{"linear", [](auto& check) { … }};`
struct Golden {
  template <class F>
  Golden(std::string name, F test) {
    tests().push_back({std::move(name), runner<float>(test), runner<double>(test)});
  }

 private:
  template <class T, class F>
  static std::function<Outcome(const Case&)> runner(F test) {
    return [test](const Case& values) {
      Check<T> check{values};
      test(check);
      return check.outcome();
    };
  }
};

}  // namespace hashweave::golden
