#include "run_folder.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <hashweave/io/crc32c.hpp>
#include <hashweave/io/file.hpp>
#include <hashweave/io/json.hpp>
#include <hashweave/io/safetensors_writer.hpp>
#include <sys/stat.h>
#include <unistd.h>

namespace examples {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

void make_folder(const fs::path& path) {
  std::error_code fault;
  fs::create_directories(path, fault);
  if (fault) fail_system(path, "making the folder", fault.value());
}

void write_text(const fs::path& path, const std::string& text) {
  write_atomically(path, [&](FileWriter& out) { out.write(text); });
}

json read_json(const fs::path& path) {
  const Blob file = map_file(path);
  return parse_json(as_text(file.bytes), path.string());
}

std::string checkpoint_name(Size step) {
  std::string digits = std::to_string(step);
  return "step_" + std::string(digits.size() < 8 ? 8 - digits.size() : 0, '0') + digits;
}

/// The checkpoints' folders, newest first.
std::vector<fs::path> checkpoints_in(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code fault;
  for (fs::directory_iterator entry{folder, fault}, end; !fault && entry != end; entry.increment(fault))
    if (entry->path().filename().string().starts_with("step_") && entry->path().extension().empty())
      found.push_back(entry->path());
  std::sort(found.rbegin(), found.rend());
  return found;
}

constexpr std::array<const char*, 3> parts{"model.safetensors", "optim.safetensors", "state.json"};

json described(const fs::path& folder) {
  json files = json::object();
  for (const char* name : parts) {
    const Blob file = map_file(folder / name);
    files[name] = {{"bytes", file.bytes.size()}, {"crc32c", crc32c(file.bytes)}};
  }
  return {{"format", "hashweave checkpoint 2"}, {"files", files}};
}

/// A folder that is removed, unless `folder` is cleared: a disk that is full needs the room.
struct Unfinished {
  fs::path folder;
  ~Unfinished() {
    std::error_code ignored;
    if (!folder.empty()) fs::remove_all(folder, ignored);
  }
};

}  // namespace

RunFolder::RunFolder(fs::path path) : path_{std::move(path)} {
  make_folder(path_);
  std::vector<fs::path> unfinished;  // a sitting was killed while it wrote them
  std::error_code fault;
  for (fs::directory_iterator entry{path_ / "checkpoints", fault}, end; !fault && entry != end; entry.increment(fault))
    if (entry->path().extension() == ".tmp") unfinished.push_back(entry->path());
  for (const fs::path& folder : unfinished) fs::remove_all(folder, fault);
}

void RunFolder::begin(const json& options, const json& besides, bool resume,
                      const std::vector<std::string>& may_change) const {
  const fs::path file = path_ / "config.json";
  if (fs::exists(file) && (has_checkpoints() || resume)) {
    require(resume, path_.string(), "folder of the run", "a new one, or --resume to go on", "a run");
    const json was = read_json(file);
    for (const auto& [key, value] : options.items()) {
      const bool fixed = std::find(may_change.begin(), may_change.end(), key) == may_change.end();
      if (fixed && was.contains(key) && was[key] != value)
        fail(path_.string(), "--" + key + " of the run that goes on", was[key].dump(), value.dump());
    }
  } else {
    require(!resume || !has_checkpoints(), path_.string(), "config.json", "that of the run", "none");
  }
  json all = options;
  all.update(besides);
  write_json("config.json", all);
}
void RunFolder::write_json(const std::string& name, const json& value) const {
  write_text(path_ / name, value.dump(1) + "\n");
}

void RunFolder::log(const json& line) {
  const fs::path file = path_ / "metrics.jsonl";
  const std::string text = line.dump() + "\n";
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor < 0) fail_system(file, "opening it to add a line", errno);
  const auto written = ::write(descriptor, text.data(), text.size());
  const int fault = written < 0 ? errno : ENOSPC;
  ::close(descriptor);
  if (written != static_cast<ssize_t>(text.size())) fail_system(file, "adding a line", fault);
}

void RunFolder::sync_log() {
  const fs::path file = path_ / "metrics.jsonl";
  const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return;  // no line yet
  const int fault = ::fsync(descriptor) != 0 ? errno : 0;
  ::close(descriptor);
  if (fault != 0) fail_system(file, "syncing it to the disk", fault);
}

void RunFolder::forget_after(Size step) {
  const fs::path file = path_ / "metrics.jsonl";
  std::ifstream in{file};
  std::string kept, line;
  while (std::getline(in, line)) {
    const json value = json::parse(line, nullptr, false);
    if (value.is_object() && value.value("step", Size{0}) <= step) kept += line + "\n";
  }
  in.close();
  if (fs::exists(file)) write_text(file, kept);
}

void RunFolder::save(const Checkpointed& model, const RunState& state) {
  const fs::path all = path_ / "checkpoints", final = all / checkpoint_name(state.step);
  const fs::path work = all / (checkpoint_name(state.step) + ".tmp");
  make_folder(all);
  sync_log();
  std::error_code ignored;
  fs::remove_all(work, ignored);
  make_folder(work);
  Unfinished unfinished{work};
  write_safetensors(work / parts[0], model.trained());
  write_safetensors(work / parts[1], model.moments());
  const json told{{"step", state.step},           {"optimiser_steps", state.optimiser_steps},
                  {"skipped", state.skipped},     {"best_score", state.best_score},
                  {"best_step", state.best_step}, {"seconds", state.seconds}};
  write_text(work / parts[2], told.dump(1) + "\n");
  write_text(work / "MANIFEST.json", described(work).dump(1) + "\n");
  fs::remove_all(final, ignored);  // of an earlier sitting, at the same step
  if (::rename(work.c_str(), final.c_str()) != 0) fail_system(final, "renaming the checkpoint", errno);
  unfinished.folder.clear();
  FileCalls calls;
  detail::sync_folder(calls, final);
  const auto existing = checkpoints_in(all);
  for (std::size_t i = 2; i < existing.size(); ++i)
    if (existing[i].filename() != checkpoint_name(state.best_step)) fs::remove_all(existing[i], ignored);
}

bool RunFolder::has_checkpoints() const { return !checkpoints_in(path_ / "checkpoints").empty(); }

std::optional<RunState> RunFolder::load_newest(Checkpointed& model) const {
  const auto all = checkpoints_in(path_ / "checkpoints");
  for (const fs::path& folder : all) {
    try {
      require(read_json(folder / "MANIFEST.json") == described(folder), folder.string(), "checkpoint",
              "files as MANIFEST.json says", "others");
      const json told = read_json(folder / parts[2]);
      RunState state;
      state.step = told.at("step");
      state.optimiser_steps = told.at("optimiser_steps");
      state.skipped = told.at("skipped");
      state.best_score = told.at("best_score");
      state.best_step = told.at("best_step");
      state.seconds = told.at("seconds");
      model.load_trained(open_safetensors(folder / parts[0]));
      model.load_moments(open_safetensors(folder / parts[1]), state.optimiser_steps, state.skipped);
      std::fprintf(stderr, "going on after step %td\n", state.step);
      return state;
    } catch (const std::exception& fault) {
      std::fprintf(stderr, "passed over: %s: %s\n", folder.filename().c_str(), fault.what());
    }
  }
  require(all.empty(), path_.string(), "checkpoint to go on from", "one that is whole", "none");
  return std::nullopt;
}

}  // namespace examples
