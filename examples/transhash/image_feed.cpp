#include "image_feed.hpp"

#include <common/progress.hpp>
#include <cstdio>
#include <hashweave/core/random.hpp>
#include <hashweave/data/dataset_image.hpp>
#include <hashweave/data/prefetch.hpp>
#include <hashweave/data/preprocess.hpp>
#include <hashweave/io/crc32c.hpp>
#include <sstream>

namespace transhash {
namespace fs = std::filesystem;

std::span<const float> PixelFeed::pixels(const CaptionDataset& set, std::span<const Size> items,
                                         const std::optional<Variation>& variation) {
  const auto planes = static_cast<std::size_t>(3 * facts_.side * facts_.side);
  pixels_.resize(items.size() * planes);
  Augmentation rule;
  rule.crop = Augmentation::Crop::shifted;
  // An image's planes are written where they belong by the thread that decodes it.
  Prefetcher made{
      std::ssize(items), {.threads = threads_, .ahead = std::max<Size>(1, std::ssize(items))}, [&](Size i) {
        const auto place = static_cast<std::size_t>(i);
        const Image image = load_image(set, items[place]);
        const auto out = std::span{pixels_}.subspan(place * planes, planes);
        if (!variation)
          preprocess(image, facts_.preset, facts_.side, out);
        else
          preprocess(image, facts_.preset, rule,
                     augmentation_stream(variation->seed, variation->epoch, static_cast<std::uint32_t>(items[place])),
                     facts_.side, out);
        return true;
      }};
  while (made.next()) {
  }
  return pixels_;
}

namespace {

/// All that the tokens depend on.
std::string key_of(const HashNetwork& network, const CaptionDataset& set, const std::string& precision) {
  const NetworkFacts& f = network.facts();
  std::uint32_t images = 0;
  for (Size i = 0; i < set.size(); ++i) images = crc32c(set.image_bytes(i).bytes, images);
  std::ostringstream key;
  key << "tokens 1; " << f.architecture << "; " << precision << "; parameters " << network.common_checksum()
      << "; images " << set.size() << " " << images << "; side " << f.side << "; preset "
      << static_cast<int>(f.preset.fit) << " " << static_cast<int>(f.preset.filter) << " " << f.preset.crop_fraction
      << " " << static_cast<int>(f.preset.halving);
  for (const float v : f.preset.mean) key << " " << v;
  for (const float v : f.preset.deviation) key << " " << v;
  return key.str();
}

/// Calls `give(tokens)` for all items in order, a batch at a time.
template <class F>
void compute(HashNetwork& network, const CaptionDataset& set, Size row, Size threads, F give) {
  constexpr Size most = 64;
  PixelFeed feed{network.facts(), threads};
  std::vector<float> tokens;
  std::vector<Size> items;
  Progress progress{"the common blocks' tokens", set.size(), "images", 0};
  for (Size first = 0; first < set.size(); first += most) {
    items.clear();
    for (Size i = first; i < std::min(set.size(), first + most); ++i) items.push_back(i);
    tokens.resize(items.size() * static_cast<std::size_t>(row));
    network.common_tokens(feed.pixels(set, items), std::ssize(items), tokens);
    give(std::span<const float>{tokens});
    progress.add(std::ssize(items), "");
  }
  progress.finish();
}

}  // namespace

TokenStore::TokenStore(HashNetwork& network, const CaptionDataset& set, const fs::path& folder,
                       const std::string& precision, Size threads)
    : row_{network.facts().tokens * network.facts().width} {
  const auto count = static_cast<std::size_t>(set.size() * row_);
  if (folder.empty()) {
    memory_.reserve(count);
    compute(network, set, row_, threads,
            [&](std::span<const float> t) { memory_.insert(memory_.end(), t.begin(), t.end()); });
    values_ = memory_;
    return;
  }
  char name[40];
  std::snprintf(name, sizeof name, "tokens-%016llx.f32",
                static_cast<unsigned long long>(name_hash(key_of(network, set, precision))));
  const fs::path path = folder / name;
  std::error_code ignored;
  fs::create_directories(folder, ignored);
  if (!fs::is_regular_file(path, ignored) || fs::file_size(path, ignored) != count * sizeof(float))
    write_atomically(path, [&](FileWriter& out) {
      compute(network, set, row_, threads, [&](std::span<const float> t) { out.write(std::as_bytes(t)); });
    });
  file_ = map_file(path);
  require(file_.bytes.size() == count * sizeof(float), path.string(), "bytes of the kept tokens", count * sizeof(float),
          file_.bytes.size());
  values_ = {reinterpret_cast<const float*>(file_.bytes.data()), count};
}

}  // namespace transhash
