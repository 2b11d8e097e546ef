#pragma once
/// What all programs have in common on the command line. A command is a function that adds itself to the command line,
/// and that says, when it was chosen, what is to be done.
#include <CLI/CLI.hpp>
#include <filesystem>
#include <functional>
#include <hashweave/core/precision.hpp>
#include <hashweave/core/types.hpp>
#include <hashweave/data/dataset_options.hpp>
#include <nlohmann/json.hpp>
#include <string>

namespace examples {
using namespace hashweave;

/// Options of all commands with a result.
struct Common {
  std::string json_file;
  Size threads;

  Common();
  void add_json(CLI::App& command);
  void add(CLI::App& command);
  bool to_output() const { return json_file == "-"; }
  void give(const nlohmann::ordered_json& result) const;
};

/// What the chosen command does; its result goes where --json says.
using Todo = std::function<nlohmann::ordered_json()>;

/// Reads the command line and does what was chosen. Exit status: 0 done, 1 input or data are at fault, 2 wrong usage,
/// 3 a fault of the machine; one line on standard error, after the program's name, says which.
int run_command(CLI::App& app, int argc, char** argv, const Common& common, const Todo& todo,
                const char* when_out_of_memory);
/// The command line as it was given.
std::string command_line_of(int argc, char** argv);

Precision precision_named(const std::string& name);
void add_precision(CLI::App& command, std::string& precision);
void add_on_bad(CLI::App& command, std::string& on_bad);
void add_mean(CLI::App& app, Common& common, Todo& todo);
Split split_of(const std::string& name);
DatasetOptions dataset_options(const std::filesystem::path& images, bool skip_bad);

/// The folder of fetched weights: HASHWEAVE_CACHE, or ~/.cache/hashweave.
std::filesystem::path weights_folder();
/// What an option names, or what lies in that folder under `name`. @throws Error where there is nothing.
std::filesystem::path weights_or_default(const std::filesystem::path& given, std::string_view name, const char* option);

/// While it lives, SIGINT and SIGTERM ask for an end after the step; a second one ends at once. One at a time.
class StopSignals {
 public:
  StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();
  static bool asked();
};

}  // namespace examples
