#pragma once
/// How well codes retrieve: the objects of the app's JSON.
#include "feed.hpp"

#include <bit>
#include <hashweave/eval/ties.hpp>
#include <nlohmann/json.hpp>

namespace vit2cmh {

/// Codes of a length known at run time, one bit where h > 0, in words of 64 bits, most significant bit first as
/// numpy.packbits counts.
struct BinaryCodes {
  Size bits = 0, words = 0;
  std::vector<std::uint64_t> data;

  BinaryCodes() = default;
  explicit BinaryCodes(const CodeSet& relaxed);
  Size size() const { return words == 0 ? 0 : std::ssize(data) / words; }
  const std::uint64_t* row(Size i) const { return data.data() + i * words; }
  bool bit(Size i, Size b) const { return (row(i)[b / 64] >> (63 - b % 64) & 1) != 0; }
};

/// Hamming distances of all queries and items; a `DistanceTable`.
struct HammingDistances {
  const BinaryCodes& query_codes;
  const BinaryCodes& item_codes;

  Size queries() const { return query_codes.size(); }
  Size items() const { return item_codes.size(); }
  Size operator()(Size q, Size d) const {
    const std::uint64_t *a = query_codes.row(q), *b = item_codes.row(d);
    Size distance = 0;
    for (Size w = 0; w < query_codes.words; ++w) distance += std::popcount(a[w] ^ b[w]);
    return distance;
  }
};

struct EvaluationRules {
  Size folds = 1;
  Ties ties = Ties::order;
  bool binary = true, continuous = true;
};

/// `eval --json`: recall and median rank both ways, binary and continuous; mAP where the data set has labels.
/// With folds, the means over them, and each fold's figures under "folds".
nlohmann::json evaluate(const CaptionDataset& data, std::string_view split, const CodeSet& images,
                        const CodeSet& captions, const EvaluationRules& rules = {});

/// The sum of the six recalls of the binary codes: what the best checkpoint is chosen by.
double binary_rsum(const nlohmann::json& evaluation);

/// The same evaluation for codes drawn at random.
nlohmann::json evaluate_random(const CaptionDataset& data, std::string_view split, const CodeSet& images,
                               const CodeSet& captions, std::uint64_t seed);

/// Galleries, histograms, balance and correlation of bits: what the report shows besides.
nlohmann::json look_into(const CaptionDataset& data, const CodeSet& images, const CodeSet& captions);

/// A table for people.
std::string as_table(const nlohmann::json& evaluation);

}  // namespace vit2cmh
