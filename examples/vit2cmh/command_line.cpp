#include "command_line.hpp"

#include <algorithm>
#include <cstdio>
#include <hashweave/data/decode.hpp>
#include <hashweave/io/file.hpp>

namespace vit2cmh {
namespace fs = std::filesystem;

void DataOptions::add(CLI::App& command, bool required, const std::string& about_images) {
  auto* option = command.add_option("--data", data, "data set: a folder or file (docs/datasets.md)");
  if (required) option->required();
  command.add_option("--images", images, about_images);
  add_on_bad(command, on_bad);
  computing.add(command);
}
void DataOptions::add_split(CLI::App& command) {
  command.add_option("--split", split, "train, val, test or rest")->capture_default_str();
}
void Computing::add(CLI::App& command) {
  add_precision(command, precision);
  command.add_option("--backend", machine.backend, "cpu, or cuda where it was built with it (docs/cuda.md)")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->capture_default_str();
  command.add_flag("--pin", machine.pin,
                   "bind threads of computation to processors, for a machine that nothing else uses");
}
CaptionDataset DataOptions::open() const {
  CaptionDataset set = open_dataset(data, dataset_options(images, on_bad == "skip"));
  for (const std::string& fault : set.faults().messages) std::fprintf(stderr, "left out: %s\n", fault.c_str());
  return set;
}

Ready::Ready(const fs::path& checkpoint, const Computing& computing, Size threads)
    : stored{open_model(checkpoint, computing.with(threads))},
      tokenizer{tokenizer_for(*stored.model, stored.vocabulary, stored.about.value("max_tokens", Size{32}))} {
  stored.model->use(precision_named(computing.precision));
}

namespace {

Image read_image(const fs::path& file) {
  const Blob bytes = map_file(file);
  try {
    return decode_image(bytes.bytes);
  } catch (const Error& fault) {
    throw Error{file.string() + ": " + fault.what()};
  }
}

}  // namespace

CodeSet encode_files(Feed& feed, const std::vector<fs::path>& files, Progress* progress) {
  return encode_in_batches(
      feed, std::ssize(files),
      [&](CodeSet& set, Size first, Size n, std::span<float> codes) {
        std::vector<Image> images;
        for (Size i = first; i < first + n; ++i) {
          images.push_back(read_image(files[static_cast<std::size_t>(i)]));
          set.owners.push_back(i);
        }
        const std::vector<ImageView> views(images.begin(), images.end());
        feed.model().encode(feed.pixels(views), codes);
      },
      progress);
}

CodeSet encode_texts(Feed& feed, const std::vector<std::string>& texts, Progress* progress) {
  return encode_in_batches(
      feed, std::ssize(texts),
      [&](CodeSet& set, Size first, Size n, std::span<float> codes) {
        const std::vector<std::string_view> part(texts.begin() + first, texts.begin() + first + n);
        for (Size i = first; i < first + n; ++i) set.owners.push_back(i);
        feed.model().encode(feed.texts(part), codes);
      },
      progress);
}

}  // namespace vit2cmh
