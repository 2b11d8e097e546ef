#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <golden/safetensors.hpp>
#include <golden/test.hpp>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>

using namespace hashweave;
using namespace hashweave::golden;

namespace {

std::filesystem::path folder() {
  const char* other = std::getenv("HASHWEAVE_GOLDEN");
  return other != nullptr && *other != '\0' ? other : HASHWEAVE_GOLDEN_DEFAULT;
}

nlohmann::json index_files() { return nlohmann::json::parse(read_file(folder() / "INDEX.json")).at("files"); }

/// The case of that name. @throws Error unless INDEX.json and the file agree about its tensors.
Case read_case(const std::string& name) {
  const nlohmann::json files = index_files();
  require(files.contains(name), "INDEX.json", "cases", "one called " + name, "none");
  Case values{name, {}, read_safetensors(folder() / (name + ".safetensors"))};
  for (const auto& [key, value] : files.at(name).at("config").items()) {
    if (value.is_string()) {
      values.config[key] = value.get<std::string>();
    } else if (value.is_boolean()) {
      values.config[key] = value.get<bool>() ? 1.0 : 0.0;
    } else {
      values.config[key] = value.get<double>();
    }
  }
  const auto& listed = files.at(name).at("tensors");
  require(listed.size() == values.tensors.size(), name, "tensors of the file", listed.size(), values.tensors.size());
  for (const auto& [tensor, shape] : listed.items()) {
    require(values.tensors.contains(tensor), name, "tensors of the file", "one called " + tensor, "none");
    const std::vector<Size> wanted = shape;
    require(values.tensors.at(tensor).shape == wanted, name, "shape of " + tensor, shape.dump(), "another");
  }
  return values;
}

void run(const Case& values, const std::function<Outcome(const Case&)>& test) {
  const Outcome outcome = test(values);
  for (const std::string& fault : outcome.faults) FAIL_CHECK(fault);
  SUCCEED();
}

}  // namespace

std::vector<std::string> hashweave::golden::case_names() {
  std::vector<std::string> names;
  const nlohmann::json files = index_files();
  for (const auto& [name, entry] : files.items()) names.push_back(name);
  return names;
}

// One section a case: `golden_tests "[golden]" -c vit_hf` runs one alone.
TEST_CASE("The library agrees with PyTorch's values in float and in double", "[golden]") {
  for (const Test& test : tests()) {
    DYNAMIC_SECTION(test.name) {
      const Case values = read_case(test.name);
      run(values, test.in_float);
      run(values, test.in_double);
    }
  }
}

TEST_CASE("Worst error of each golden case", "[.report]") {
  std::cout << "| case | float | tensor | double | tensor |\n|---|---|---|---|---|\n" << std::scientific;
  for (const Test& test : tests()) {
    const Case values = read_case(test.name);
    const Outcome a = test.in_float(values), b = test.in_double(values);
    std::cout << std::setprecision(1) << "| " << test.name << " | " << a.error << " | " << a.tensor << " | " << b.error
              << " | " << b.tensor << " |\n";
    CHECK((a.faults.empty() && b.faults.empty()));
  }
}
