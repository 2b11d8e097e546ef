#pragma once
#include <functional>
#include <golden/case.hpp>
#include <string>
#include <vector>

namespace hashweave::golden {

/// What a case came to: its worst error, and everything that is wrong.
struct Outcome {
  double error = 0;
  std::string tensor = "-";
  std::vector<std::string> faults;
};

/// The test of one case, in both precisions.
struct Test {
  std::string name;
  std::function<Outcome(const Case&)> in_float, in_double;
};

/// All that were declared.
std::vector<Test>& tests();

/// The cases that INDEX.json lists.
std::vector<std::string> case_names();

}  // namespace hashweave::golden
