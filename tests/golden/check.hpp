#pragma once
#include <golden/names.hpp>
#include <golden/test.hpp>
#include <hashweave/core/parameters.hpp>
#include <set>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace hashweave::golden {

/// Compares computed values with one case's tensors and notes what differs.
///
/// The error of an output is max|a - b| / max|b|, that of a gradient max|a - b| / max(max|b|, a tenth of the case's
/// largest gradient): some gradients are zero by mathematics, and the file holds only rounding noise.
class Comparison {
 public:
  Comparison(const Case& values, std::string precision, double tolerance);

  /// The type under test was written for this value of the configuration.
  void expect(const std::string& key, const Setting& wanted);
  double number(const std::string& key);

  /// @throws Error when the file has no such tensor.
  const Tensor& tensor(const std::string& name);
  bool has(const std::string& name) const { return case_.tensors.contains(name); }
  /// The tensor is no business of this test.
  void leave_out(const std::string& name) { tensor(name); }

  void output(const std::string& name, const std::vector<double>& got, const std::vector<double>& wanted);
  void output(const std::string& name, const std::vector<double>& got) { output(name, got, tensor(name).values); }
  void gradient(const std::string& name, const std::vector<double>& got, const std::vector<double>& wanted);
  void gradient(const std::string& name, const std::vector<double>& got) { gradient(name, got, tensor(name).values); }

  /// @throws Error naming every weight of the file that no parameter takes, and every parameter that finds none.
  void match_weights(std::span<const ParameterEntry> entries, const Family& family);
  /// The values of a parameter, put together from the checkpoint's tensors.
  std::vector<double> parameter(const ParameterEntry& entry, const Family& family);
  /// Compares a parameter's gradient, tensor by tensor of the checkpoint.
  void parameter_gradient(const ParameterEntry& entry, const Family& family, const std::vector<double>& got);

  /// The outcome; what of the case was not used is a fault.
  Outcome outcome();

 private:
  const Setting& setting(const std::string& key);
  void note(const std::string& what, const std::string& expected, const std::string& got);
  void compare(const std::string& name, const std::vector<double>& got, const std::vector<double>& wanted,
               double scale);

  const Case& case_;
  std::string precision_;
  double tolerance_;
  double largest_gradient_ = 0;
  std::set<std::string> seen_, asked_{"note"};
  Outcome outcome_;
};

template <class To, class From>
std::vector<To> converted(const From& from) {
  std::vector<To> to;
  to.reserve(from.size());
  for (const auto value : from) to.push_back(static_cast<To>(value));
  return to;
}

/// The comparison of what a backend of scalar T computes.
template <class T>
class Check : public Comparison {
 public:
  static constexpr bool single = std::is_same_v<T, float>;

  explicit Check(const Case& values) : Comparison{values, single ? "float" : "double", single ? 1e-5 : 1e-6} {}

  std::vector<T> values(const std::string& name) { return converted<T>(tensor(name).values); }

  /// Sets every parameter from the checkpoint's tensors.
  template <class B, class L>
  void load(Parameters<B, L>& params, const Family& family) {
    match_weights(params.entries(), family);
    for (const ParameterEntry& e : params.entries()) params.assign(e.name, converted<T>(parameter(e, family)));
  }
  template <class B, class L>
  void gradients(const Parameters<B, L>& grads, const Family& family) {
    for (const ParameterEntry& e : grads.entries()) {
      parameter_gradient(e, family, converted<double>(grads.values(e.name)));
    }
  }
};

/// Declares the test of the case of that name: `const Golden linear{"linear", [](auto& check) { … }};`
struct Golden {
  template <class F>
  Golden(std::string name, F test) {
#ifdef HASHWEAVE_ON_DEVICE  // for which double is not compiled
    tests().push_back({std::move(name), runner<float>(test), runner<float>(test)});
#else
    tests().push_back({std::move(name), runner<float>(test), runner<double>(test)});
#endif
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
