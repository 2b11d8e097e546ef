#pragma once
/// What the commands have in common. Each is a function that adds itself to the command line, and that says, when it
/// was chosen, what is to be done.
#include "run_folder.hpp"
#include "train.hpp"

#include <CLI/CLI.hpp>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>

namespace vit2cmh {

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

Precision precision_named(const std::string& name);
void add_precision(CLI::App& command, std::string& precision);
void add_on_bad(CLI::App& command, std::string& on_bad);
Split split_of(const std::string& name);

/// The data set that a command works on. `--images` is left to the command.
struct DataOptions {
  std::filesystem::path data, images;
  std::string split = "test", on_bad = "error", precision = "f32";

  void add(CLI::App& command, bool required, const std::string& about_images);
  CaptionDataset open() const;
};

/// A stored model with its tokenizer.
struct Ready {
  StoredModel stored;
  BertTokenizer tokenizer;

  Ready(const std::filesystem::path& checkpoint, const std::string& precision, Size threads);
};

CodeSet encode_files(Feed& feed, const std::vector<std::filesystem::path>& files, Progress* progress);
CodeSet encode_texts(Feed& feed, const std::vector<std::string>& texts, Progress* progress);
/// (n, bits / 8) bytes as numpy.packbits writes them, of (n, bits) numbers: a bit is 1 where the number is above 0.
std::vector<std::uint8_t> packed_bytes(std::span<const float> relaxed, Size bits);

void add_encode(CLI::App& app, Common& common, Todo& todo);
void add_index(CLI::App& app, Common& common, Todo& todo);
void add_search(CLI::App& app, Common& common, Todo& todo);

}  // namespace vit2cmh
