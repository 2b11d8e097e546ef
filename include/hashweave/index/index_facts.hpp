#pragma once
#include <cstdint>
#include <filesystem>
#include <hashweave/core/types.hpp>
#include <hashweave/index/index_directory.hpp>
#include <hashweave/io/file.hpp>
#include <vector>

namespace hashweave {

/// What an index file says of itself.
struct IndexFacts {
  struct Part {
    Size codes = 0;       ///< that are there
    Size removed = 0;     ///< that still take their room
    Size chunks = 0;      ///< tables of multi-index hashing; 0: none
    Size chunk_bits = 0;  ///< bits of the code that a table is ordered by
  };
  std::uint32_t version = 0;     ///< of the format
  std::uint64_t generation = 0;  ///< 1 when the file was written anew, one more with each change
  Size bits = 0;                 ///< of a code
  Size codes = 0;                ///< that are there
  std::uint64_t bytes = 0;       ///< of the file
  std::vector<Part> parts;
};

/// Reads the head and the directory of an index file, nothing else.
/// Throws `Error` where it is no index file or damaged in its structure.
inline IndexFacts index_facts(const std::filesystem::path& path) {
  const Blob file = map_file(path);
  const detail::IndexHead head = detail::newest_head(file.bytes, path.string());
  IndexFacts facts{detail::index_version, head.generation, static_cast<Size>(head.bits), 0, file.bytes.size(), {}};
  for (const detail::StoredPart& part : detail::read_directory(file.bytes, head, path.string())) {
    const auto removed = static_cast<Size>(part.removed);
    facts.parts.push_back({static_cast<Size>(part.rows) - removed, removed, Size{part.chunks}, Size{part.width}});
    facts.codes += facts.parts.back().codes;
  }
  return facts;
}

}  // namespace hashweave
