#pragma once
/// What the search page asks for, as JSON. Nothing here knows of HTTP.
#include "command_line.hpp"
#include "searched.hpp"
#include "thumbnail.hpp"

#include <chrono>
#include <hashweave/data/image.hpp>
#include <hashweave/io/bytes.hpp>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>

namespace vit2cmh {

/// What was asked for is not there.
struct NotThere : Error {
  using Error::Error;
};

/// Answers queries about the images of an index and about their captions in a data set: a text finds images, an image
/// finds captions. May be called from many threads: the model computes for one at a time.
class SearchService {
 public:
  struct Settings {
    std::filesystem::path index, checkpoint;
    DataOptions data;
    Size threads = 1;
  };
  static constexpr Size most_hits = 100, usual_hits = 10;
  static constexpr std::size_t longest_text = std::size_t{64} << 10;  ///< bytes; the model reads the first tokens

  /// Opens everything, and computes the codes of the images' captions.
  /// @throws Error where an id of the index is no image of the data set, or the code lengths differ.
  explicit SearchService(const Settings& settings);

  Size images() const { return std::ssize(items_); }
  Size captions() const { return captions_.size(); }
  Size bits() const { return images_.index->bits(); }

  /// `{"text": ...}`, `{"id": ...}` of an image; both with `"k"` from 1 to `most_hits`, 10 by default.
  /// -> `{"bits", "finds": "images" or "captions", "seconds", "hits": [{"rank", "id", "distance", "score",
  /// "captions" or "caption", "name"}]}`; `id` is the image's in the data set. Of the 10 k nearest by Hamming distance
  /// the k with the best asymmetric score.
  /// @throws Error for JSON that is none of these; NotThere for an id.
  nlohmann::json answer(std::string_view request);
  /// The same of a JPEG or PNG file, which finds captions.
  nlohmann::json answer_image(Bytes file, Size k);
  /// How many hits a text asks for. @throws Error unless it is a whole number from 1 to `most_hits`.
  static Size hits_asked_for(const std::string& number);
  /// A picture for the page. @throws NotThere for an id, and where its file does not decode.
  PictureFile picture(std::int64_t id, Size side) const;

 private:
  Size item(std::int64_t id) const;
  Image image(std::int64_t id) const;
  nlohmann::json finished(nlohmann::json answer, std::chrono::steady_clock::time_point start) const;
  nlohmann::json images_for(const std::string& text, Size k);
  nlohmann::json captions_for(const Image& image, Size k);
  std::vector<ScoredHit> nearest(const AnyIndex& index, CodeSet codes, Size k) const;

  Size threads_;
  Ready ready_;
  CaptionDataset data_;
  Searched images_;
  std::unordered_map<std::int64_t, Size> items_;  ///< the places in the data set of the index's ids
  CaptionList captions_;
  std::unique_ptr<AnyIndex> caption_codes_;
  Feed feed_;
  std::mutex one_at_a_time_;
};

}  // namespace vit2cmh
