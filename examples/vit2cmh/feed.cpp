#include "feed.hpp"

#include <cerrno>
#include <fcntl.h>
#include <hashweave/data/dataset_image.hpp>
#include <hashweave/data/prefetch.hpp>
#include <hashweave/data/preprocess.hpp>
#include <hashweave/io/file.hpp>
#include <sys/mman.h>
#include <unistd.h>

namespace vit2cmh {

TokenCache::TokenCache(std::size_t bytes, std::size_t row, const std::filesystem::path& file)
    : row_{row}, rows_{row == 0 ? 0 : bytes / (row * sizeof(float))} {
  bytes_ = rows_ * row_ * sizeof(float);
  if (bytes_ == 0) return;
  int descriptor = -1, flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
  if (!file.empty()) {
    descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0) fail_system(file, "making the file of kept tokens", errno);
    ::unlink(file.c_str());
    if (const int fault = ::posix_fallocate(descriptor, 0, static_cast<off_t>(bytes_)); fault != 0) {
      ::close(descriptor);
      fail_system(file, "making room for kept tokens", fault);
    }
    flags = MAP_SHARED;
  }
  void* memory = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, flags, descriptor, 0);
  const int fault = errno;
  if (descriptor >= 0) ::close(descriptor);
  if (memory == MAP_FAILED) fail_system(file, "mapping memory for kept tokens", fault);
  memory_ = static_cast<float*>(memory);
}
TokenCache::~TokenCache() {
  if (memory_ != nullptr) ::munmap(memory_, bytes_);
}
std::span<const float> TokenCache::find(Size item) const {
  const auto found = places_.find(item);
  return found == places_.end() ? std::span<const float>{}
                                : std::span<const float>{memory_ + found->second * row_, row_};
}
std::span<float> TokenCache::add(Size item) {
  if (places_.size() == rows_) return {};
  const auto [place, added] = places_.emplace(item, places_.size());
  return {memory_ + place->second * row_, row_};
}

Feed::Feed(HashModel& model, const CaptionDataset& data, const BertTokenizer& tokenizer, FeedSettings settings)
    : model_{model},
      data_{data},
      tokenizer_{tokenizer},
      settings_{std::move(settings)},
      planes_{static_cast<std::size_t>(3 * model.facts().side * model.facts().side)},
      row_{static_cast<std::size_t>(model.facts().image_tokens * model.facts().image_width)},
      cache_{settings_.tokens ? settings_.cache_bytes : 0, row_, settings_.cache_file} {}

std::span<const float> Feed::compute(std::span<const Size> items) {
  expected_.clear();
  const Facts& f = model_.facts();
  std::span<float> room = model_.room(items.size() * planes_);
  if (room.empty()) {
    pixels_.resize(items.size() * planes_);
    room = pixels_;
  }
  // An image's planes are written where they belong by the thread that decodes it.
  Prefetcher planes{std::ssize(items), {.threads = settings_.threads, .ahead = std::ssize(items)}, [&](Size i) {
                      const Image image = load_image(data_, items[static_cast<std::size_t>(i)]);
                      preprocess(image, f.preset, f.side, room.subspan(static_cast<std::size_t>(i) * planes_, planes_));
                      return true;
                    }};
  for (std::size_t i = 0; planes.next(); ++i) model_.sent(i * planes_, planes_);
  return room;
}

void Feed::expect(std::span<const Size> items) {
  if (settings_.tokens || !model_.on_device()) return;
  model_.meanwhile = [this, items = std::vector<Size>(items.begin(), items.end())] {
    fault_ = nullptr;
    try {
      ready_ = compute(items);
    } catch (...) {
      fault_ = std::current_exception();  // for whoever asks for these images
    }
    expected_ = items;
  };
}

ImageBatch Feed::images(std::span<const Size> items) {
  if (!settings_.tokens) {
    if (items.empty() || !std::ranges::equal(items, expected_)) return {compute(items), std::ssize(items), false};
    expected_.clear();
    if (fault_) std::rethrow_exception(std::exchange(fault_, nullptr));
    return {ready_, std::ssize(items), false};
  }
  std::vector<Size> missing;
  for (const Size item : items)
    if (cache_.find(item).empty() && std::find(missing.begin(), missing.end(), item) == missing.end())
      missing.push_back(item);
  if (!missing.empty()) {
    const std::span<const float> pixels = compute(missing);
    computed_.resize(missing.size() * row_);
    model_.image_tokens(pixels, std::ssize(missing), computed_);
    for (std::size_t i = 0; i < missing.size(); ++i) {
      const auto from = std::span{computed_}.subspan(i * row_, row_);
      if (const auto room = cache_.add(missing[i]); !room.empty()) std::copy(from.begin(), from.end(), room.begin());
    }
  }
  tokens_.resize(items.size() * row_);
  for (std::size_t i = 0; i < items.size(); ++i) {
    auto from = cache_.find(items[i]);
    if (from.empty()) {
      const auto place = std::find(missing.begin(), missing.end(), items[i]) - missing.begin();
      from = std::span{computed_}.subspan(static_cast<std::size_t>(place) * row_, row_);
    }
    std::copy(from.begin(), from.end(), tokens_.begin() + static_cast<std::ptrdiff_t>(i * row_));
  }
  return {tokens_, std::ssize(items), true};
}

ImageBatch Feed::pixels(std::span<const ImageView> images) {
  pixels_.resize(images.size() * planes_);
  for (std::size_t i = 0; i < images.size(); ++i)
    preprocess(images[i], model_.facts().preset, model_.facts().side, std::span{pixels_}.subspan(i * planes_, planes_));
  return {pixels_, std::ssize(images), false};
}

ImageBatch Feed::blank(Size count) {
  std::vector<float>& values = settings_.tokens ? tokens_ : pixels_;
  values.assign(static_cast<std::size_t>(count) * (settings_.tokens ? row_ : planes_), 0.0F);
  return {values, count, settings_.tokens};
}

TextBatch Feed::texts(std::span<const std::string_view> captions) {
  ids_ = tokenizer_.encode_batch(captions);
  if (!settings_.tokens) return {&ids_, {}};
  text_tokens_.resize(ids_.ids.size() * static_cast<std::size_t>(model_.facts().text_width));
  model_.text_tokens(ids_, text_tokens_);
  return {&ids_, text_tokens_};
}

CodeSet encode_images(Feed& feed, std::span<const Size> items, Progress* progress) {
  return encode_in_batches(
      feed, std::ssize(items),
      [&](CodeSet& set, Size first, Size n, std::span<float> codes) {
        const auto part = items.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(n));
        const ImageBatch batch = feed.images(part);
        const auto rest = items.subspan(static_cast<std::size_t>(first + n));
        if (!rest.empty()) feed.expect(rest.first(std::min(rest.size(), static_cast<std::size_t>(encoded_at_once))));
        feed.model().encode(batch, codes);
        for (const Size item : part) {
          set.owners.push_back(feed.data().owner(item));
          set.items.push_back(item);
        }
      },
      progress);
}

CodeSet encode_captions(Feed& feed, std::span<const Size> items, Progress* progress) {
  const CaptionList captions{feed.data(), items};
  return encode_in_batches(
      feed, captions.size(),
      [&](CodeSet& set, Size first, Size n, std::span<float> codes) {
        std::vector<std::string_view> texts;
        for (Size i = first; i < first + n; ++i) {
          texts.push_back(captions[i]);
          set.owners.push_back(captions.owner(i));
          set.items.push_back(captions.item(i));
        }
        feed.model().encode(feed.texts(texts), codes);
      },
      progress);
}

BertTokenizer tokenizer_for(const HashModel& model, const std::filesystem::path& vocabulary, Size max_tokens) {
  const Facts& f = model.facts();
  require(max_tokens >= 3 && max_tokens <= f.longest_text, "--max-tokens", "tokens of a caption",
          Phrase{"3 to ", f.longest_text}, max_tokens);
  BertTokenizerOptions options;
  options.max_length = max_tokens;
  BertTokenizer tokenizer{vocabulary, options};
  require(tokenizer.vocabulary().size() <= f.vocabulary, vocabulary.string(), "tokens of the vocabulary",
          Phrase{"at most ", f.vocabulary}, tokenizer.vocabulary().size());
  return tokenizer;
}

}  // namespace vit2cmh
