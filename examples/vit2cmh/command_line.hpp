#pragma once
/// What the commands have in common.
#include "stored_model.hpp"
#include "train.hpp"

#include <common/binary_codes.hpp>
#include <common/program.hpp>
#include <string>

namespace vit2cmh {

/// --precision, --backend and --pin.
struct Computing {
  std::string precision = "f32";
  Machine machine;

  void add(CLI::App& command);
  Machine with(Size threads) const { return {machine.backend, threads, machine.pin}; }
};

/// The data set that a command works on. `--images` is left to the command.
struct DataOptions {
  std::filesystem::path data, images;
  std::string split = "test", on_bad = "error";
  Computing computing;

  void add(CLI::App& command, bool required, const std::string& about_images);
  void add_split(CLI::App& command);
  CaptionDataset open() const;
};

/// A stored model with its tokenizer.
struct Ready {
  StoredModel stored;
  BertTokenizer tokenizer;

  Ready(const std::filesystem::path& checkpoint, const Computing& computing, Size threads);
};

CodeSet encode_files(Feed& feed, const std::vector<std::filesystem::path>& files, Progress* progress);
CodeSet encode_texts(Feed& feed, const std::vector<std::string>& texts, Progress* progress);

void add_encode(CLI::App& app, Common& common, Todo& todo);
void add_features(CLI::App& app, Common& common, Todo& todo);
void add_index(CLI::App& app, Common& common, Todo& todo);
void add_rotate(CLI::App& app, Common& common, Todo& todo);
void add_search(CLI::App& app, Common& common, Todo& todo);
void add_serve(CLI::App& app, Common& common, Todo& todo);

}  // namespace vit2cmh
