#include "command_line.hpp"

#include <algorithm>
#include <cstdio>
#include <hashweave/data/decode.hpp>
#include <hashweave/io/file.hpp>
#include <thread>

namespace vit2cmh {
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

void DataOptions::add(CLI::App& command, bool required, const std::string& about_images) {
  auto* option = command.add_option("--data", data, "data set: a folder or file (docs/datasets.md)");
  if (required) option->required();
  command.add_option("--images", images, about_images);
  command.add_option("--split", split, "train, val, test or rest")->capture_default_str();
  add_on_bad(command, on_bad);
  add_precision(command, precision);
}
CaptionDataset DataOptions::open() const {
  CaptionDataset set = open_dataset(data, dataset_options(images, on_bad == "skip"));
  for (const std::string& fault : set.faults().messages) std::fprintf(stderr, "left out: %s\n", fault.c_str());
  return set;
}

Ready::Ready(const fs::path& checkpoint, const std::string& precision, Size threads)
    : stored{open_model(checkpoint, threads)},
      tokenizer{tokenizer_for(*stored.model, stored.vocabulary, stored.about.value("max_tokens", Size{32}))} {
  stored.model->use(precision_named(precision));
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

std::vector<std::uint8_t> packed_bytes(std::span<const float> relaxed, Size bits) {
  require(bits > 0 && bits % 8 == 0, "packing codes", "bits", "a positive multiple of 8", bits);
  std::vector<std::uint8_t> bytes(relaxed.size() / 8);
  for (std::size_t i = 0; i < relaxed.size(); ++i)
    if (relaxed[i] > 0) bytes[i / 8] = static_cast<std::uint8_t>(bytes[i / 8] | 128U >> i % 8);
  return bytes;
}

}  // namespace vit2cmh
