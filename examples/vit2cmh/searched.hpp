#pragma once
#include "any_index.hpp"
#include "named_codes.hpp"

#include <nlohmann/json.hpp>

namespace vit2cmh {

/// What is searched: an index, and the names of its items.
struct Searched {
  std::unique_ptr<AnyIndex> index;
  Names names;
};
/// Of an index file, or of codes in any of the formats there are. @throws Error as their readers.
Searched open_searched(const std::filesystem::path& file);

/// Relaxed codes (n, bits) as queries: the bits are 1 where they are above 0.
Queries queries_of(std::vector<float> relaxed, Size bits);

/// A hit as JSON: `rank`, `id`, `distance`; `score` where there are scores, `name` where the item has one.
nlohmann::json as_json(const ScoredHit& hit, Size rank, bool scored, const Names& names);

}  // namespace vit2cmh
