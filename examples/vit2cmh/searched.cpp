#include "searched.hpp"

#include <common/binary_codes.hpp>
#include <hashweave/io/codes_npy.hpp>
#include <utility>

namespace vit2cmh {

Searched open_searched(const std::filesystem::path& file) {
  if (kind_of_file(file) == FileKind::hashweave) return {open_index(file), read_names(file)};
  const NamedCodes items = read_named_codes(file);
  Searched searched{make_index(items.codes.bits, SearchKind::scan, file.string()), {}};
  searched.names = by_id(items.names, searched.index->add(items.codes));
  return searched;
}

Queries queries_of(std::vector<float> relaxed, Size bits) {
  Queries queries{bits, examples::packed_bytes(relaxed, bits), {}};
  queries.relaxed = std::move(relaxed);
  return queries;
}

nlohmann::json as_json(const ScoredHit& hit, Size rank, bool scored, const Names& names) {
  nlohmann::json out{{"rank", rank}, {"id", hit.id}, {"distance", hit.distance}};
  if (scored) out["score"] = hit.score;
  if (const auto name = names.find(hit.id); name != names.end()) out["name"] = name->second;
  return out;
}

}  // namespace vit2cmh
