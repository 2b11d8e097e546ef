#pragma once
/// The options of a method, known by name: on the command line, in a run's config.json and in the model's metadata.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <hashweave/core/types.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace examples {
using namespace hashweave;

/// One option. Its default gives its kind: a whole number, a number, a text, or a flag (bool).
struct Setting {
  std::string name;  ///< as on the command line, without the dashes
  nlohmann::json value;
  std::string help;
  std::vector<std::string> one_of{};  ///< what a text may be; empty: anything
};

class Settings {
 public:
  Settings() = default;
  explicit Settings(std::vector<Setting> all) : all_{std::move(all)} {}

  /// Sets the default of an option that is there, or adds one.
  void set(Setting setting);
  void add_to(CLI::App& command);

  /// @throws Error where there is no such option, or it is of another kind.
  double number(const std::string& name) const;
  Size whole(const std::string& name) const;
  std::string text(const std::string& name) const;
  bool flag(const std::string& name) const;

  const std::vector<Setting>& all() const { return all_; }
  nlohmann::json as_json() const;
  /// Takes the values of these options from a stored model. @throws Error naming what is missing or of another kind.
  void take(const nlohmann::json& stored, const std::string& where);

 private:
  const Setting& find(const std::string& name) const;
  std::vector<Setting> all_;
};

}  // namespace examples
