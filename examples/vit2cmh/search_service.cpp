#include "search_service.hpp"

#include <algorithm>
#include <hashweave/data/dataset_image.hpp>
#include <hashweave/io/json.hpp>
#include <hashweave/io/lines.hpp>
#include <numeric>

namespace vit2cmh {
using nlohmann::json;

namespace {

using Clock = std::chrono::steady_clock;

/// The ids of an index and where the data set has them.
std::unordered_map<std::int64_t, Size> items_by_id(const SearchService::Settings& from, const CaptionDataset& data,
                                                   const std::vector<std::int64_t>& ids) {
  require(!ids.empty(), from.index.string(), "codes of the index", "at least 1", "none");
  std::unordered_map<std::int64_t, Size> all, found;
  for (Size i = 0; i < data.size(); ++i) all.emplace(data.owner(i), i);
  for (const std::int64_t id : ids) {
    const auto at = all.find(id);
    if (at == all.end())
      fail(from.index.string(), "ids of the index",
           "those of images of " + from.data.data.string() + ", as `encode --data ... --modality image` writes them",
           std::to_string(id));
    require(data.has_image(at->second), from.data.data.string(), "items with an image", "all of the index's",
            "none of item " + std::to_string(id));
    found.emplace(id, at->second);
  }
  return found;
}

std::vector<Size> ascending(const std::unordered_map<std::int64_t, Size>& items) {
  std::vector<Size> places;
  for (const auto& [id, place] : items) places.push_back(place);
  std::ranges::sort(places);
  return places;
}

std::unique_ptr<AnyIndex> index_of(const CodeSet& codes) {
  CodeTable table{codes.bits, packed_bytes(codes.values, codes.bits), std::vector<std::int64_t>(codes.owners.size())};
  std::iota(table.ids.begin(), table.ids.end(), 0);
  auto index = make_index(codes.bits, SearchKind::automatic, "captions");
  index->add(table);
  return index;
}

/// Of a file that came from elsewhere: less is allowed than of one's own.
Image image_in(Bytes file) {
  ImageLimits limits;
  limits.max_bytes = Size{16} << 20;
  limits.max_memory = Size{256} << 20;
  return decode_image(file, limits);
}

}  // namespace

SearchService::SearchService(const Settings& settings)
    : threads_{settings.threads},
      ready_{settings.checkpoint, settings.data.computing, settings.threads},
      data_{settings.data.open()},
      images_{open_searched(settings.index)},
      items_{items_by_id(settings, data_, images_.index->ids())},
      captions_{data_, ascending(items_)},
      feed_{*ready_.stored.model, data_, ready_.tokenizer, {.threads = settings.threads}} {
  require(ready_.stored.model->facts().bits == bits(), settings.index.string(), "bits of the codes, as of the model",
          ready_.stored.model->facts().bits, bits());
  if (captions() == 0) return;
  Progress progress{"encoding captions", captions(), "captions"};
  caption_codes_ = index_of(encode_captions(feed_, ascending(items_), &progress));
  progress.finish();
}

Size SearchService::item(std::int64_t id) const {
  const auto at = items_.find(id);
  if (at == items_.end())
    throw NotThere{"request: id: expected one of an image of the index, got " + std::to_string(id)};
  return at->second;
}

Image SearchService::image(std::int64_t id) const {
  const Size at = item(id);
  try {
    return load_image(data_, at);
  } catch (const MachineError&) {
    throw;
  } catch (const Error&) {  // which would name the file
    throw NotThere{"request: image " + std::to_string(id) +
                   ": expected a JPEG or PNG file, got one that does not decode"};
  }
}

std::vector<ScoredHit> SearchService::nearest(const AnyIndex& index, CodeSet codes, Size k) const {
  Request request;
  request.k = k;
  request.threads = threads_;
  request.asymmetric = true;
  request.shortlist = 10 * k;
  return index.search(queries_of(std::move(codes.values), codes.bits), request).front();
}

json SearchService::images_for(const std::string& text, Size k) {
  require(text.find_first_not_of(" \t\r\n") != std::string::npos, "request", "text", "at least a word", "none");
  require(text.size() <= longest_text, "request", "bytes of the text", Phrase{"at most ", longest_text}, text.size());
  std::vector<ScoredHit> found;
  {
    const std::lock_guard lock{one_at_a_time_};
    found = nearest(*images_.index, encode_texts(feed_, {text}, nullptr), k);
  }
  json hits = json::array();
  for (const ScoredHit& hit : found) {
    json one = as_json(hit, std::ssize(hits) + 1, true, images_.names);
    one["captions"] = data_[items_.at(hit.id)].captions;
    hits.push_back(std::move(one));
  }
  return {{"finds", "images"}, {"hits", std::move(hits)}};
}

json SearchService::captions_for(const Image& image, Size k) {
  std::vector<ScoredHit> found;
  if (caption_codes_ != nullptr) {
    const std::lock_guard lock{one_at_a_time_};
    CodeSet codes{bits(), std::vector<float>(static_cast<std::size_t>(bits())), {0}, {}};
    const ImageView view = image;
    feed_.model().encode(feed_.pixels({&view, 1}), codes.values);
    found = nearest(*caption_codes_, std::move(codes), k);
  }
  json hits = json::array();
  for (const ScoredHit& hit : found) {
    json one = as_json(hit, std::ssize(hits) + 1, true, {});
    one["id"] = captions_.owner(hit.id);
    one["caption"] = captions_[hit.id];
    hits.push_back(std::move(one));
  }
  return {{"finds", "captions"}, {"hits", std::move(hits)}};
}

json SearchService::answer(std::string_view request) {
  const auto start = Clock::now();
  const json asked = parse_json(request, "request", {.bytes = std::size_t{1} << 20, .depth = 4});
  require(asked.is_object() && asked.contains("text") != asked.contains("id"), "request", "JSON",
          R"({"text": ...} or {"id": ...}, with "k" if wanted)", asked.is_object() ? "an object without" : "no object");
  const Size k = asked.contains("k") ? hits_asked_for(asked["k"].dump()) : usual_hits;
  json answer;
  if (asked.contains("text")) {
    require(asked["text"].is_string(), "request", "text", "a string", asked["text"].type_name());
    answer = images_for(asked["text"].get<std::string>(), k);
  } else {
    require(asked["id"].is_number_integer(), "request", "id", "a whole number", asked["id"].type_name());
    answer = captions_for(image(asked["id"].get<std::int64_t>()), k);
  }
  return finished(std::move(answer), start);
}

json SearchService::answer_image(Bytes file, Size k) {
  const auto start = Clock::now();
  return finished(captions_for(image_in(file), k), start);
}

json SearchService::finished(json answer, Clock::time_point start) const {
  answer["bits"] = bits();
  answer["seconds"] = std::chrono::duration<double>(Clock::now() - start).count();
  return answer;
}

Size SearchService::hits_asked_for(const std::string& number) {
  const auto k = hashweave::detail::whole_number<Size>(number);
  require(k && *k >= 1 && *k <= most_hits, "request", "k", Phrase{"a whole number from 1 to ", most_hits},
          legible(number));
  return *k;
}

PictureFile SearchService::picture(std::int64_t id, Size side) const { return thumbnail(image(id), side); }

}  // namespace vit2cmh
