#pragma once
/// How well codes retrieve: the objects of the app's JSON.
#include "feed.hpp"

#include <common/binary_codes.hpp>
#include <hashweave/eval/ties.hpp>
#include <nlohmann/json.hpp>

namespace vit2cmh {

struct EvaluationRules {
  Size folds = 1;
  Ties ties = Ties::order;
  bool binary = true, continuous = true;
};

/// `eval --json`: recall and median rank both ways, binary and continuous and, where both are asked for, asymmetric:
/// the query real-valued, the items binary, by h.b (`AsymmetricScores`); mAP where the data set has labels. With folds,
/// the means over them, and each fold's figures under "folds".
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
