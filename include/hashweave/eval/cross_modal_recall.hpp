#pragma once
#include <algorithm>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/eval/recall.hpp>
#include <span>
#include <vector>

namespace hashweave {

/// Both directions between images and captions; `rsum` is the sum of all their recalls, in percent, and so at most
/// 600 for three values of K.
struct CrossModalRecall {
  RecallReport image_to_text;
  RecallReport text_to_image;
  double rsum = 0;
};

/// The sum of the recalls of both directions, in percent.
inline double rsum(const RecallReport& a, const RecallReport& b) {
  double sum = 0;
  for (const double value : a.recall) sum += value;
  for (const double value : b.recall) sum += value;
  return sum;
}

/// Image to text and text to image. The two tables are of images (queries) by captions (items) and the other way round;
/// they differ where a query is compared in another form than an item, as in `AsymmetricScores`. An image may have any
/// number of captions, at least one; owners are equal where an image and a caption belong together.
/// Throws `Error` as `recall_report` does.
template <DistanceTable T, DistanceTable U>
CrossModalRecall cross_modal_recall(const T& images_by_captions, const U& captions_by_images,
                                    std::span<const std::int64_t> image_owner,
                                    std::span<const std::int64_t> caption_owner,
                                    const std::vector<Size>& ks = {1, 5, 10}, Ties ties = Ties::order) {
  CrossModalRecall out{recall_report(images_by_captions, SameOwner{image_owner, caption_owner}, ks, ties),
                       recall_report(captions_by_images, SameOwner{caption_owner, image_owner}, ks, ties)};
  out.rsum = rsum(out.image_to_text, out.text_to_image);
  return out;
}
/// The same where one table serves both directions.
template <DistanceTable T>
CrossModalRecall cross_modal_recall(const T& images_by_captions, std::span<const std::int64_t> image_owner,
                                    std::span<const std::int64_t> caption_owner,
                                    const std::vector<Size>& ks = {1, 5, 10}, Ties ties = Ties::order) {
  return cross_modal_recall(images_by_captions, transposed(images_by_captions), image_owner, caption_owner, ks, ties);
}

/// A run of consecutive images.
struct Fold {
  Size first = 0;
  Size count = 0;
};

/// `count` folds of consecutive images; the first `images % count` of them have one more.
/// Throws `Error` unless 0 < count <= images.
inline std::vector<Fold> folds(Size images, Size count) {
  require(count > 0 && count <= images, "folds", "number of folds", "1 to the number of images", count);
  std::vector<Fold> out;
  for (Size f = 0, first = 0; f < count; ++f) {
    const Size size = images / count + (f < images % count ? 1 : 0);
    out.push_back({first, size});
    first += size;
  }
  return out;
}

/// Folds, and the mean of each of their figures.
struct FoldedRecall {
  std::vector<CrossModalRecall> folds;
  CrossModalRecall mean;
};

/// The mean of reports for the same values of K, figure by figure. There must be at least one.
inline RecallReport mean_report(const std::vector<RecallReport>& reports) {
  const auto count = static_cast<double>(reports.size());
  const std::size_t ks = reports.front().recall.size();
  RecallReport mean{std::vector<double>(ks), std::vector<double>(ks)};
  for (const RecallReport& report : reports) {
    for (std::size_t i = 0; i < ks; ++i) {
      mean.recall[i] += report.recall[i] / count;
      mean.recall_fraction[i] += report.recall_fraction[i] / count;
    }
    mean.median_rank += report.median_rank / count;
    mean.mean_rank += report.mean_rank / count;
  }
  return mean;
}

/// `cross_modal_recall` of each of `count` folds of consecutive images with their captions (and no others), and the
/// mean over the folds. Five folds of MS-COCO's 5,000 test images are its "1K" protocol.
/// Throws `Error` as `folds` and `recall_report` do, and if a caption's owner is no image's.
template <DistanceTable T, DistanceTable U>
FoldedRecall folded_recall(const T& images_by_captions, const U& captions_by_images,
                           std::span<const std::int64_t> image_owner, std::span<const std::int64_t> caption_owner,
                           Size count, const std::vector<Size>& ks = {1, 5, 10}, Ties ties = Ties::order) {
  require_same_sizes(images_by_captions, SameOwner{image_owner, caption_owner}, "folded_recall");
  require_same_sizes(captions_by_images, SameOwner{caption_owner, image_owner}, "folded_recall");
  FoldedRecall out;
  std::vector<RecallReport> to_text;
  std::vector<RecallReport> to_image;
  Size captions_used = 0;
  for (const Fold fold : folds(std::ssize(image_owner), count)) {
    Subset<T> part{images_by_captions, {}, {}};
    std::vector<std::int64_t> owners;
    std::vector<std::int64_t> caption_owners;
    for (Size i = fold.first; i < fold.first + fold.count; ++i) {
      part.query_rows.push_back(i);
      owners.push_back(image_owner.data()[i]);
    }
    std::vector<std::int64_t> known(owners);
    std::ranges::sort(known);
    for (Size c = 0; c < std::ssize(caption_owner); ++c)
      if (const std::int64_t owner = caption_owner.data()[c]; std::ranges::binary_search(known, owner)) {
        part.item_rows.push_back(c);
        caption_owners.push_back(owner);
      }
    captions_used += std::ssize(caption_owners);
    const Subset<U> back{captions_by_images, part.item_rows, part.query_rows};
    out.folds.push_back(cross_modal_recall(part, back, owners, caption_owners, ks, ties));
    to_text.push_back(out.folds.back().image_to_text);
    to_image.push_back(out.folds.back().text_to_image);
  }
  require(captions_used == std::ssize(caption_owner), "folded_recall", "captions in the folds, each in one",
          std::ssize(caption_owner), captions_used);
  out.mean = {mean_report(to_text), mean_report(to_image)};
  out.mean.rsum = rsum(out.mean.image_to_text, out.mean.text_to_image);
  return out;
}
/// The same where one table serves both directions.
template <DistanceTable T>
FoldedRecall folded_recall(const T& images_by_captions, std::span<const std::int64_t> image_owner,
                           std::span<const std::int64_t> caption_owner, Size count,
                           const std::vector<Size>& ks = {1, 5, 10}, Ties ties = Ties::order) {
  return folded_recall(images_by_captions, transposed(images_by_captions), image_owner, caption_owner, count, ks, ties);
}

}  // namespace hashweave
