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

}  // namespace vit2cmh
