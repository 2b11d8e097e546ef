#include <algorithm>
#include <catch2/catch.hpp>
#include <eval/brute_force.hpp>
#include <hashweave/eval/cross_modal_recall.hpp>
#include <hashweave/eval/recall.hpp>
#include <vector>

using namespace hashweave;

namespace {

// Two images with two captions each. Image 0 ranks the captions 1 2 3 0, image 1 ranks them 0 1 2 3.
const std::vector<double> recall_scores{0.1, 0.9, 0.8, 0.3,  //
                                        0.7, 0.6, 0.5, 0.2};
const std::vector<std::int64_t> image_owner{7, 9};
const std::vector<std::int64_t> caption_owner{7, 7, 9, 9};

auto recall_table() { return score_table(matrix(recall_scores.data(), 2, 4)); }

}  // namespace

TEST_CASE("Recall counts queries with any positive in the top K", "[eval][recall]") {
  // Image 0 has its captions at places 1 and 4, image 1 at 3 and 4.
  REQUIRE(recall(recall_table(), image_owner, caption_owner, {1, 2, 3, 4}) == std::vector<double>{50, 50, 100, 100});
  REQUIRE(median_rank(recall_table(), image_owner, caption_owner) == 1);  // of 1 and 3 the lower
  // Caption to image: of captions 0, 2, 3 the image is second, of caption 1 first.
  const auto captions = transposed(recall_table());
  REQUIRE(recall(captions, caption_owner, image_owner, {1, 2}) == std::vector<double>{25, 100});
  REQUIRE(median_rank(captions, caption_owner, image_owner) == 2);
  const RecallReport report = recall_report(captions, SameOwner{caption_owner, image_owner}, {1});
  REQUIRE(report.mean_rank == 1.75);
}

TEST_CASE("Recall fraction counts the share of positives in the top K", "[eval][recall]") {
  // Top 1: 1/2 and 0; top 3: 1/2 and 1/2; top 4 and beyond: all.
  REQUIRE(recall_fraction(recall_table(), image_owner, caption_owner, {1, 3, 4, 99}) ==
          std::vector<double>{25, 50, 100, 100});
}

TEST_CASE("Both directions and their sum come from one table", "[eval][recall]") {
  const CrossModalRecall both = cross_modal_recall(recall_table(), image_owner, caption_owner, {1, 2});
  REQUIRE(both.image_to_text.recall == std::vector<double>{50, 50});
  REQUIRE(both.text_to_image.recall == std::vector<double>{25, 100});
  REQUIRE(both.rsum == 225);
}

TEST_CASE("Recall of codes agrees with the definition, ties in database order", "[eval][recall]") {
  const Size images = 30;
  std::vector<std::int64_t> owner_of_image;
  std::vector<std::int64_t> owner_of_caption;
  for (Size i = 0; i < images; ++i) {
    owner_of_image.push_back(100 + i);
    for (Size c = 0; c < 1 + i % 4; ++c) owner_of_caption.push_back(100 + i);  // one to four captions
  }
  std::shuffle(owner_of_caption.begin(), owner_of_caption.end(), std::mt19937_64(5));
  const Size captions = std::ssize(owner_of_caption);
  const auto image_codes = brute_force::random_codes<16>(images, 1);
  const auto caption_codes = brute_force::random_codes<16>(captions, 2);
  const std::vector<Size> ks{1, 5, 10, 40};
  const RecallReport report =
      recall_report(hamming_table(image_codes, caption_codes), SameOwner{owner_of_image, owner_of_caption}, ks);
  std::vector<double> ranks;
  std::vector<double> hit(ks.size());
  std::vector<double> share(ks.size());
  for (std::size_t q = 0; q < image_codes.size(); ++q) {
    std::vector<Size> distances;
    std::vector<int> positive;
    for (std::size_t d = 0; d < caption_codes.size(); ++d) {
      distances.push_back(hamming(image_codes[q], caption_codes[d]));
      positive.push_back(owner_of_image[q] == owner_of_caption[d] ? 1 : 0);
    }
    const auto ranking = brute_force::ranked(distances, positive);
    ranks.push_back(brute_force::first_rank(ranking));
    for (std::size_t i = 0; i < ks.size(); ++i) {
      hit[i] += brute_force::found_in_top(ranking, ks[i]) > 0 ? 1 : 0;
      share[i] += brute_force::found_in_top(ranking, ks[i]) / brute_force::total(ranking);
    }
  }
  for (std::size_t i = 0; i < ks.size(); ++i) {
    REQUIRE(report.recall[i] == Approx(100 * hit[i] / 30).epsilon(1e-12));
    REQUIRE(report.recall_fraction[i] == Approx(100 * share[i] / 30).epsilon(1e-12));
  }
  std::sort(ranks.begin(), ranks.end());
  REQUIRE(report.median_rank == ranks[14]);  // the lower of the middle two of 30
}

TEST_CASE("The median of an even number is the lower of the middle two", "[eval][recall]") {
  REQUIRE(lower_median({4, 1, 3, 2}) == 2);
  REQUIRE(lower_median({9, 1, 5}) == 5);
  REQUIRE(lower_median({3}) == 3);
}

TEST_CASE("Folds are consecutive and cover every image once", "[eval][recall]") {
  const auto sizes = [](Size images, Size count) {
    std::vector<std::pair<Size, Size>> out;
    for (const Fold fold : folds(images, count)) out.emplace_back(fold.first, fold.count);
    return out;
  };
  using Pairs = std::vector<std::pair<Size, Size>>;
  REQUIRE(sizes(5000, 5) == Pairs{{0, 1000}, {1000, 1000}, {2000, 1000}, {3000, 1000}, {4000, 1000}});
  REQUIRE(sizes(7, 3) == Pairs{{0, 3}, {3, 2}, {5, 2}});
  REQUIRE_THROWS_AS(folds(4, 5), Error);
  REQUIRE_THROWS_AS(folds(4, 0), Error);
}

TEST_CASE("Each direction may have a table of its own", "[eval][recall]") {
  // queries h, items sign(h): image 0 scores the captions .8, 1.0, image 1 scores them .3, -.1;
  // caption 0 scores the images -.2, .6, caption 1 scores them 1.3, .1: the other one is first each time
  const std::vector<float> images{0.9F, 0.1F, 0.1F, -0.2F}, image_signs{1, 1, 1, -1};
  const std::vector<float> captions{0.2F, -0.4F, 0.7F, 0.6F}, caption_signs{1, -1, 1, 1};
  const auto rows = [](const std::vector<float>& values) { return matrix(values.data(), 2, 2); };
  const auto there = inner_product_table(rows(images), rows(caption_signs));
  const auto back = inner_product_table(rows(captions), rows(image_signs));
  const std::vector<std::int64_t> owners{4, 5};
  const CrossModalRecall both = cross_modal_recall(there, back, owners, owners, {1});
  REQUIRE(both.rsum == 0);
  const std::vector<std::int64_t> crossed{5, 4};
  REQUIRE(cross_modal_recall(there, back, owners, crossed, {1}).rsum == 200);
  REQUIRE(cross_modal_recall(there, owners, crossed, {1}).rsum == 150);  // transposed: caption 0 scores .8, .3
  REQUIRE(folded_recall(there, back, owners, owners, 2, {1}).mean.rsum == 200);
  REQUIRE(folded_recall(there, back, owners, crossed, 1, {1}).mean.rsum == 200);
  REQUIRE_THROWS_AS(folded_recall(there, recall_table(), owners, owners, 1), Error);
}

TEST_CASE("A folded recall is the mean over folds that see only their own images and captions", "[eval][recall]") {
  const Size images = 12;
  const auto image_codes = brute_force::random_codes<16>(images, 3);
  std::vector<std::int64_t> owner_of_image;
  std::vector<std::int64_t> owner_of_caption;
  for (Size i = 0; i < images; ++i) owner_of_image.push_back(50 - 3 * i);
  for (Size c = 0; c < 3 * images; ++c) owner_of_caption.push_back(50 - 3 * (c % images));  // not next to each other
  const auto caption_codes = brute_force::random_codes<16>(3 * images, 4);
  const auto table = hamming_table(image_codes, caption_codes);
  const std::vector<Size> ks{1, 5};
  const FoldedRecall folded = folded_recall(table, owner_of_image, owner_of_caption, 3, ks);
  REQUIRE(folded.folds.size() == 3);

  double recall_at_1 = 0;
  double rank = 0;
  double sum = 0;
  for (Size f = 0; f < 3; ++f) {  // the fold's own codes, copied out
    std::vector<Code<16>> codes;
    std::vector<Code<16>> texts;
    std::vector<std::int64_t> owners;
    std::vector<std::int64_t> text_owners;
    for (Size i = 4 * f; i < 4 * f + 4; ++i) {
      codes.push_back(image_codes.data()[i]);
      owners.push_back(owner_of_image.data()[i]);
    }
    for (Size c = 0; c < 3 * images; ++c)
      if (c % images / 4 == f) {
        texts.push_back(caption_codes.data()[c]);
        text_owners.push_back(owner_of_caption.data()[c]);
      }
    const auto alone = cross_modal_recall(hamming_table(codes, texts), owners, text_owners, ks);
    REQUIRE(folded.folds.data()[f].image_to_text.recall == alone.image_to_text.recall);
    REQUIRE(folded.folds.data()[f].text_to_image.recall == alone.text_to_image.recall);
    recall_at_1 += alone.image_to_text.recall[0] / 3;
    rank += alone.text_to_image.median_rank / 3;
    sum += alone.rsum / 3;
  }
  REQUIRE(folded.mean.image_to_text.recall[0] == Approx(recall_at_1));
  REQUIRE(folded.mean.text_to_image.median_rank == Approx(rank));
  REQUIRE(folded.mean.rsum == Approx(sum));

  const auto whole = cross_modal_recall(table, owner_of_image, owner_of_caption, ks);
  REQUIRE(folded_recall(table, owner_of_image, owner_of_caption, 1, ks).mean.rsum == Approx(whole.rsum));
}

TEST_CASE("Recall refuses what it can't count", "[eval][recall]") {
  const std::vector<std::int64_t> strangers{7, 8};
  REQUIRE_THROWS_WITH(recall(recall_table(), strangers, caption_owner, {1}),
                      "recall: positives of query 1: expected at least 1, got 0");
  REQUIRE_THROWS_WITH(recall(recall_table(), image_owner, caption_owner, {1, 0}),
                      "recall: K: expected at least 1, got 0");
  REQUIRE_THROWS_AS(recall(recall_table(), image_owner, caption_owner, {}), Error);
  REQUIRE_THROWS_AS(recall(recall_table(), image_owner, image_owner, {1}), Error);
  REQUIRE_THROWS_AS(recall(recall_table(), {}, caption_owner, {1}), Error);
  REQUIRE_THROWS_AS(folded_recall(recall_table(), image_owner, image_owner, 2), Error);
  const std::vector<std::int64_t> with_orphan{7, 9, 9, 11};
  REQUIRE_THROWS_WITH(folded_recall(recall_table(), image_owner, with_orphan, 2),
                      "folded_recall: captions in the folds, each in one: expected 4, got 3");
}
