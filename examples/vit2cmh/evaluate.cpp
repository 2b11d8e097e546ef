#include "evaluate.hpp"

#include "thumbnail.hpp"

#include <algorithm>
#include <cmath>
#include <hashweave/data/dataset_image.hpp>
#include <hashweave/eval/code_statistics.hpp>
#include <hashweave/eval/cross_modal_recall.hpp>
#include <hashweave/eval/mean_average_precision.hpp>
#include <numeric>

namespace vit2cmh {
using nlohmann::json;

namespace {

json one_way(const RecallReport& r) {
  return {{"r1", r.recall[0]}, {"r5", r.recall[1]}, {"r10", r.recall[2]}, {"median_rank", r.median_rank}};
}
json both_ways(const CrossModalRecall& r) {
  return {{"image_to_text", one_way(r.image_to_text)}, {"text_to_image", one_way(r.text_to_image)}, {"rsum", r.rsum}};
}
/// The tables are of images by captions and, where that is another, of captions by images.
template <class... Tables>
json recalls(const CodeSet& images, const CodeSet& captions, const EvaluationRules& rules, const Tables&... tables) {
  const std::vector<Size> ks{1, 5, 10};
  if (rules.folds == 1) return both_ways(cross_modal_recall(tables..., images.owners, captions.owners, ks, rules.ties));
  const FoldedRecall all = folded_recall(tables..., images.owners, captions.owners, rules.folds, ks, rules.ties);
  json out = both_ways(all.mean);
  for (const CrossModalRecall& fold : all.folds) out["folds"].push_back(both_ways(fold));
  return out;
}

Mat<const float> matrix_of(const CodeSet& codes) { return matrix(codes.values.data(), codes.rows(), codes.bits); }
/// The bits as -1 and 1.
CodeSet signs_of(CodeSet codes) {
  for (float& h : codes.values) h = h > 0 ? 1.0F : -1.0F;
  return codes;
}

/// The labels of each row's item, (rows, classes).
std::vector<float> labels_of(const CaptionDataset& data, const CodeSet& codes) {
  const std::size_t classes = data.classes().size();
  std::vector<float> out(static_cast<std::size_t>(codes.rows()) * classes);
  for (std::size_t i = 0; i < codes.items.size(); ++i)
    for (const std::int32_t label : data[codes.items[i]].labels) out[i * classes + static_cast<std::size_t>(label)] = 1;
  return out;
}

json maps(const CaptionDataset& data, const HammingDistances& table, const CodeSet& images, const CodeSet& captions,
          Ties ties) {
  const auto of_images = labels_of(data, images), of_captions = labels_of(data, captions);
  const auto classes = static_cast<Size>(data.classes().size());
  const Mat<const float> a = matrix(of_images.data(), images.rows(), classes);
  const Mat<const float> b = matrix(of_captions.data(), captions.rows(), classes);
  const auto one = [&](const auto& distances, const SharedLabels& relevant) {
    return json{{"map_all", map_all(distances, relevant, ties).value},
                {"map_at_50", map_at_k(distances, relevant, 50, ties).value}};
  };
  return {{"image_to_text", one(table, SharedLabels{a, b})},
          {"text_to_image", one(transposed(table), SharedLabels{b, a})}};
}

}  // namespace

json evaluate(const CaptionDataset& data, std::string_view split, const CodeSet& images, const CodeSet& captions,
              const EvaluationRules& rules) {
  require(images.rows() > 0, "evaluate", "images in split " + std::string{split}, "at least 1", 0);
  require(captions.rows() > 0, "evaluate", "captions in split " + std::string{split}, "at least 1", 0);
  json out{{"split", split}, {"images", images.rows()}, {"captions", captions.rows()}, {"bits", images.bits}};
  if (rules.folds > 1) out["folds"] = rules.folds;
  const BinaryCodes image_codes{images.values, images.bits}, caption_codes{captions.values, captions.bits};
  const HammingDistances table{image_codes, caption_codes};
  if (rules.binary) out["binary"] = recalls(images, captions, rules, table);
  if (rules.continuous)
    out["continuous"] = recalls(images, captions, rules, cosine_table(matrix_of(images), matrix_of(captions)));
  if (rules.binary && rules.continuous) {
    const CodeSet image_signs = signs_of(images), caption_signs = signs_of(captions);
    out["asymmetric"] =
        recalls(images, captions, rules, inner_product_table(matrix_of(images), matrix_of(caption_signs)),
                inner_product_table(matrix_of(captions), matrix_of(image_signs)));
  }
  if (rules.binary && data.label_count() > 0) out["map"] = maps(data, table, images, captions, rules.ties);
  return out;
}

double binary_rsum(const json& evaluation) { return evaluation.at("binary").at("rsum").get<double>(); }

json evaluate_random(const CaptionDataset& data, std::string_view split, const CodeSet& images, const CodeSet& captions,
                     std::uint64_t seed) {
  const auto noise = [seed](CodeSet set, std::uint32_t part) {
    const RandomStream stream{seed ^ name_hash("random codes"), part, 0};
    for (std::size_t i = 0; i < set.values.size(); ++i) set.values[i] = 2 * uniform(stream.bits(i)) - 1;
    return set;
  };
  return evaluate(data, split, noise(images, 0), noise(captions, 1));
}

namespace {

struct Ranked {
  Size query = 0, first_right = 0;  ///< rank from 1
  std::vector<Size> top;
};

/// The nearest items of a query, ties by place, and the rank of the first right one.
template <class Table>
Ranked rank(const Table& table, Size query, const CodeSet& of_queries, const CodeSet& of_items, Size k) {
  std::vector<Size> order(static_cast<std::size_t>(table.items()));
  std::iota(order.begin(), order.end(), Size{0});
  std::vector<Size> distance(order.size());
  for (Size d = 0; d < table.items(); ++d) distance[static_cast<std::size_t>(d)] = table(query, d);
  std::stable_sort(order.begin(), order.end(), [&](Size a, Size b) {
    return distance[static_cast<std::size_t>(a)] < distance[static_cast<std::size_t>(b)];
  });
  const std::int64_t owner = of_queries.owners[static_cast<std::size_t>(query)];
  const auto right = std::find_if(order.begin(), order.end(),
                                  [&](Size d) { return of_items.owners[static_cast<std::size_t>(d)] == owner; });
  Ranked out{query, right - order.begin() + 1, {}};
  out.top.assign(order.begin(), order.begin() + std::min<Size>(k, std::ssize(order)));
  return out;
}

struct Gallery {
  const CaptionDataset& data;
  const CodeSet& images;
  const CodeSet& captions;
  std::vector<Size> caption_places;  ///< of row i: its place among its item's captions
  std::map<Size, std::string> pictures{};

  const std::string& picture(Size item) {
    auto& uri = pictures[item];
    if (uri.empty()) uri = thumbnail_data_uri(load_image(data, item));
    return uri;
  }
  json image(Size row) {
    const auto at = static_cast<std::size_t>(row);
    return {{"id", images.owners[at]}, {"image", picture(images.items[at])}};
  }
  json caption(Size row) const {
    const auto at = static_cast<std::size_t>(row);
    return {{"id", captions.owners[at]},
            {"text", data[captions.items[at]].captions[static_cast<std::size_t>(caption_places[at])]}};
  }
};

template <class Table, class Query, class Answer>
json galleries(const Table& table, const CodeSet& of_queries, const CodeSet& of_items, std::span<const Size> queries,
               Query&& query, Answer&& answer) {
  json out = json::array();
  for (const Size q : queries) {
    const Ranked ranked = rank(table, q, of_queries, of_items, 10);
    json hits = json::array();
    for (const Size d : ranked.top) {
      json hit = answer(d);
      hit["rank"] = std::ssize(hits) + 1;
      hit["distance"] = table(q, d);
      hit["right"] = of_items.owners[static_cast<std::size_t>(d)] == of_queries.owners[static_cast<std::size_t>(q)];
      hits.push_back(std::move(hit));
    }
    out.push_back({{"query", query(q)}, {"first_right_rank", ranked.first_right}, {"hits", std::move(hits)}});
  }
  return out;
}

/// `count` of `n` places, spread evenly.
std::vector<Size> spread(Size n, Size count) {
  std::vector<Size> out;
  for (Size i = 0; i < std::min(n, count); ++i) out.push_back(i * n / std::min(n, count));
  return out;
}
/// The queries whose first right answer comes last, at most 400 of them looked at.
template <class Table>
std::vector<Size> worst(const Table& table, const CodeSet& of_queries, const CodeSet& of_items, Size count) {
  std::vector<std::pair<Size, Size>> ranks;
  for (const Size q : spread(table.queries(), 400))
    ranks.emplace_back(-rank(table, q, of_queries, of_items, 0).first_right, q);
  std::sort(ranks.begin(), ranks.end());
  std::vector<Size> out;
  for (Size i = 0; i < std::min(count, std::ssize(ranks)); ++i)
    out.push_back(ranks[static_cast<std::size_t>(i)].second);
  return out;
}

}  // namespace

json look_into(const CaptionDataset& data, const CodeSet& images, const CodeSet& captions) {
  const BinaryCodes image_codes{images.values, images.bits}, caption_codes{captions.values, captions.bits};
  const HammingDistances to_text{image_codes, caption_codes}, to_image{caption_codes, image_codes};
  Gallery gallery{data, images, captions, {}};
  for (Size i = 0; i < captions.rows(); ++i) {
    const bool same =
        i > 0 && captions.items[static_cast<std::size_t>(i)] == captions.items[static_cast<std::size_t>(i - 1)];
    gallery.caption_places.push_back(same ? gallery.caption_places.back() + 1 : 0);
  }
  const auto image = [&](Size row) { return gallery.image(row); };
  const auto caption = [&](Size row) { return gallery.caption(row); };
  json out;
  out["galleries"] = {
      {"text_to_image", galleries(to_image, captions, images, spread(captions.rows(), 8), caption, image)},
      {"image_to_text", galleries(to_text, images, captions, spread(images.rows(), 6), image, caption)},
      {"worst_text_to_image",
       galleries(to_image, captions, images, worst(to_image, captions, images, 4), caption, image)},
      {"worst_image_to_text",
       galleries(to_text, images, captions, worst(to_text, images, captions, 3), image, caption)}};

  const Subset<HammingDistances> pairs{to_text, spread(images.rows(), 1000), spread(captions.rows(), captions.rows())};
  std::vector<std::int64_t> owners;
  for (const Size q : pairs.query_rows) owners.push_back(images.owners[static_cast<std::size_t>(q)]);
  const DistanceHistograms found = distance_histograms(pairs, SameOwner{owners, captions.owners}, images.bits);
  out["histogram"] = {{"matching", found.matching}, {"other", found.other}};

  const Size n = images.rows(), shown = std::min<Size>(images.bits, 128);
  const auto bit = [&](Size i, Size j) { return image_codes.bit(i, j); };
  out["bits_on"] = bit_balance(n, images.bits, bit);
  const std::vector<double> correlation = bit_correlation(n, shown, bit);
  for (Size a = 0; a < shown; ++a) {
    json row = json::array();
    for (Size b = 0; b < shown; ++b)
      row.push_back(std::round(1000 * correlation[static_cast<std::size_t>(a * shown + b)]) / 1000);
    out["correlation"].push_back(std::move(row));
  }
  std::vector<std::int64_t> sizes(40);
  for (const float h : images.values) ++sizes[std::min<std::size_t>(39, static_cast<std::size_t>(40 * std::abs(h)))];
  out["quantisation"] = sizes;
  std::vector<std::vector<std::uint64_t>> rows;
  for (Size i = 0; i < n; ++i) rows.emplace_back(image_codes.row(i), image_codes.row(i) + image_codes.words);
  std::sort(rows.begin(), rows.end());
  out["unique_ratio"] =
      static_cast<double>(std::unique(rows.begin(), rows.end()) - rows.begin()) / static_cast<double>(n);
  return out;
}

std::string as_table(const json& evaluation) {
  std::ostringstream out;
  char line[160];
  std::snprintf(line, sizeof line, "%-12s %-16s %6s %6s %6s %8s %8s\n", "codes", "direction", "R@1", "R@5", "R@10",
                "median", "rsum");
  out << line;
  for (const char* kind : {"binary", "asymmetric", "continuous"}) {
    if (!evaluation.contains(kind)) continue;
    const json& e = evaluation.at(kind);
    bool first = true;
    for (const auto& [key, name] : {std::pair{"image_to_text", "image to text"}, {"text_to_image", "text to image"}}) {
      const json& r = e.at(key);
      std::snprintf(line, sizeof line, "%-12s %-16s %6.1f %6.1f %6.1f %8.1f ", first ? kind : "", name,
                    r.at("r1").get<double>(), r.at("r5").get<double>(), r.at("r10").get<double>(),
                    r.at("median_rank").get<double>());
      out << line;
      if (first) {
        std::snprintf(line, sizeof line, "%8.1f", e.at("rsum").get<double>());
        out << line;
      }
      out << '\n';
      first = false;
    }
  }
  if (evaluation.contains("map"))
    for (const auto& [key, name] : {std::pair{"image_to_text", "image to text"}, {"text_to_image", "text to image"}}) {
      std::snprintf(line, sizeof line, "%-12s %-16s mAP@all %.4f, mAP@50 %.4f\n", "labels", name,
                    evaluation["map"][key]["map_all"].get<double>(), evaluation["map"][key]["map_at_50"].get<double>());
      out << line;
    }
  return out.str();
}

}  // namespace vit2cmh
