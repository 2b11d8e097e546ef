#include "program.hpp"

#include "mean.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <hashweave/core/error.hpp>
#include <hashweave/io/file.hpp>
#include <new>
#include <system_error>
#include <thread>

namespace examples {
namespace fs = std::filesystem;

Common::Common() : threads{std::max<Size>(1, static_cast<Size>(std::thread::hardware_concurrency()))} {}

void Common::add_json(CLI::App& command) {
  command.add_option("--json", json_file, "write the result as JSON to this file; - for standard output");
}
void Common::add(CLI::App& command) {
  add_json(command);
  command.add_option("--threads", threads, "threads of computation")
      ->check(CLI::Range(Size{1}, Size{1024}))
      ->capture_default_str();
}
void Common::give(const nlohmann::ordered_json& result) const {
  if (json_file.empty()) return;
  // a file's name may be no UTF-8
  const std::string text = result.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  if (to_output())
    std::fputs(text.c_str(), stdout);
  else
    write_atomically(json_file, [&](FileWriter& out) { out.write(text); });
}

int run_command(CLI::App& app, int argc, char** argv, const Common& common, const Todo& todo,
                const char* when_out_of_memory) {
  const auto say = [&](const char* what) { std::fprintf(stderr, "%s: %s\n", app.get_name().c_str(), what); };
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& fault) {
    return app.exit(fault) == 0 ? 0 : 2;
  }
  try {
    common.give(todo());
    return 0;
  } catch (const CLI::Error& fault) {
    say(fault.what());
    return 2;
  } catch (const MachineError& fault) {
    say(fault.what());
    return 3;
  } catch (const std::bad_alloc&) {
    say((std::string{"out of memory; "} + when_out_of_memory).c_str());
    return 3;
  } catch (const std::system_error& fault) {
    say(fault.what());
    return 3;
  } catch (const std::exception& fault) {
    say(fault.what());
    return 1;
  }
}

std::string command_line_of(int argc, char** argv) {
  std::string text;
  for (int i = 0; i < argc; ++i) text += (i == 0 ? "" : " ") + std::string{argv[i]};
  return text;
}

Precision precision_named(const std::string& name) { return name == "bf16" ? Precision::bf16 : Precision::full; }
void add_precision(CLI::App& command, std::string& precision) {
  command.add_option("--precision", precision, "of products: f32 or bf16")
      ->check(CLI::IsMember({"f32", "bf16"}))
      ->capture_default_str();
}
void add_on_bad(CLI::App& command, std::string& on_bad) {
  command.add_option("--on-bad-item", on_bad, "a broken line or image: error or skip")
      ->check(CLI::IsMember({"error", "skip"}))
      ->capture_default_str();
}

Split split_of(const std::string& name) {
  const auto split = split_named(name);
  require(split.has_value(), "--split", "split", "train, val, test or rest", name);
  return *split;
}

void add_mean(CLI::App& app, Common& common, Todo& todo) {
  const auto files = std::make_shared<std::vector<std::string>>();
  CLI::App& c = *app.add_subcommand("mean", "mean and spread of the figures of several runs");
  common.add(c);
  c.add_option("files", *files, "label=file each; files by eval --json, or results.json of runs")->required();
  c.callback([&todo, &common, files] {
    todo = [&common, files] {
      nlohmann::ordered_json means = mean_of_runs(*files);
      if (!common.to_output()) std::fputs(as_lines(means).c_str(), stdout);
      return means;
    };
  });
}

fs::path weights_folder() {
  if (const char* named = std::getenv("HASHWEAVE_CACHE")) return named;
  const char* home = std::getenv("HOME");
  return fs::path{home == nullptr ? "." : home} / ".cache" / "hashweave";
}

DatasetOptions dataset_options(const fs::path& images, bool skip_bad) {
  DatasetOptions options;
  options.images = images;
  if (skip_bad) {
    options.on_bad_item = OnBadItem::skip;
    options.check = ImageCheck::header;
  }
  return options;
}

fs::path weights_or_default(const fs::path& given, std::string_view name, const char* option) {
  if (!given.empty()) return given;
  const fs::path there = weights_folder() / name;
  require(fs::exists(there), option, "pretrained weights",
          there.string() +
              " (tools/get_weights.sh fetches dinov2-s and minilm-l6; docs/weights.md says how to import others)",
          "nothing there");
  return there;
}

namespace {

std::atomic<bool> asked_to_stop{false};
struct sigaction old_int {
}, old_term{};

}  // namespace

StopSignals::StopSignals() {
  asked_to_stop = false;
  struct sigaction action {};
  action.sa_handler = [](int) { asked_to_stop = true; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, &old_int);
  sigaction(SIGTERM, &action, &old_term);
}
StopSignals::~StopSignals() {
  sigaction(SIGINT, &old_int, nullptr);
  sigaction(SIGTERM, &old_term, nullptr);
}
bool StopSignals::asked() { return asked_to_stop; }

}  // namespace examples
