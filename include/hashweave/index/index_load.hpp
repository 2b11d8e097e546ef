#pragma once
#include <bit>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/index/index_directory.hpp>
#include <hashweave/io/file.hpp>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

namespace hashweave::detail {

/// A part in a file, whose directory was checked. What is not searched is not read, but for the notes of removed rows.
inline CodePart part_of_file(const Blob& file, const StoredPart& stored, Size bits) {
  const auto at = [&](StoredPart::Which which) { return file.bytes.data() + stored.section[which].offset; };
  const auto has = [&](StoredPart::Which which) { return stored.section[which].bytes > 0; };
  CodePart part;
  part.owner = file.owner;
  part.blocks = at(StoredPart::blocks);
  part.rows = static_cast<Size>(stored.rows);
  if (has(StoredPart::ids)) part.ids = reinterpret_cast<const std::int64_t*>(at(StoredPart::ids));
  part.first_id = stored.first_id;
  part.ascending = stored.ascending == 1;
  if (has(StoredPart::alive)) {
    std::vector<std::uint64_t> alive(stored.section[StoredPart::alive].bytes / 8);
    std::memcpy(alive.data(), at(StoredPart::alive), alive.size() * 8);
    part.alive = std::make_shared<const std::vector<std::uint64_t>>(std::move(alive));
    part.removed = static_cast<Size>(stored.removed);
  }
  if (stored.chunks > 0) {
    const ChunkShape shape = stored.shape(bits);
    const auto starts_stride = round_up_64(4 * ((std::uint64_t{1} << stored.width) + 1));
    const auto entries_stride = round_up_64(static_cast<std::uint64_t>(ChunkTables::table_bytes(shape, part.rows)));
    std::vector<const std::uint32_t*> starts;
    std::vector<const std::byte*> entries;
    for (std::uint64_t c = 0; c < stored.chunks; ++c) {
      starts.push_back(reinterpret_cast<const std::uint32_t*>(at(StoredPart::starts) + c * starts_stride));
      entries.push_back(at(StoredPart::entries) + c * entries_stride);
    }
    part.tables = std::make_shared<const ChunkTables>(shape, file.owner, std::move(starts), std::move(entries));
  }
  part.stored = std::make_shared<const StoredPart>(stored);
  return part;
}

/// The state of an index file. Throws `Error` where it is none, is damaged in its structure, or has codes of other
/// bits.
inline CodeStore::State state_of_file(const Blob& file, const std::string& where, Size bits) {
  const IndexHead head = newest_head(file.bytes, where);
  require(static_cast<Size>(head.bits) == bits, where, "bits of the codes", bits, head.bits);
  std::vector<CodePart> parts;
  for (const StoredPart& stored : read_directory(file.bytes, head, where))
    parts.push_back(part_of_file(file, stored, bits));
  return std::make_shared<const CodeState>(BlockLayout{bits}, std::move(parts), head.largest_id);
}

/// Whether the tables of a part hold each row once, in the bucket of its chunk and with its check bits.
inline void verify_tables(const CodePart& part, BlockLayout layout, const std::string& where) {
  const ChunkTables& tables = *part.tables;
  const ChunkShape& shape = tables.shape();
  std::vector<std::uint64_t> words(static_cast<std::size_t>(layout.words()));
  for (Size c = 0; c < shape.chunks; ++c) {
    const std::uint32_t* starts = tables.starts(c);
    std::vector<bool> seen(static_cast<std::size_t>(part.rows));
    Size count = 0;
    for (Size bucket = 0; bucket < shape.buckets(); ++bucket) {
      require(starts[bucket] <= starts[bucket + 1] && starts[bucket + 1] <= part.rows, where, "order of the buckets",
              "one after another", starts[bucket + 1]);
      for (Size i = starts[bucket]; i < Size{starts[bucket + 1]}; ++i, ++count) {
        const std::uint64_t entry = tables.entry(c, i);
        const Size row = static_cast<Size>(entry & ((std::uint64_t{1} << shape.row_bits) - 1));
        require(row < part.rows && !seen[static_cast<std::size_t>(row)], where, "rows in a table", "each once", row);
        seen[static_cast<std::size_t>(row)] = true;
        layout.get(part.blocks, row, words.data());
        require(shape.chunk(words.data(), c) == static_cast<std::uint64_t>(bucket) &&
                    shape.check(words.data(), c) == entry >> shape.row_bits,
                where, "table " + std::to_string(c) + ", row " + std::to_string(row), "bits of its code", "others");
      }
    }
    require(count == part.rows, where, "rows in a table", part.rows, count);
  }
}

/// Whether the ids of a part are in the order that it claims, and in no part before it.
inline void verify_ids(const CodeState& state, Size p, const std::string& where) {
  const CodePart& part = state.parts.data()[p];
  const std::string what = "ids of part " + std::to_string(p);
  std::unordered_set<std::int64_t> unordered;
  Size removed = 0;
  for (Size row = 0; row < part.rows; ++row) {
    const std::int64_t id = part.id(row);
    require(!part.ascending || row == 0 || part.id(row - 1) < id, where, what, "ascending", id);
    require(id <= state.largest_id, where, what, "at most the largest one of the head", id);
    if (!part.has(row)) {
      ++removed;
      continue;
    }
    bool twice = !part.ascending && !unordered.insert(id).second;
    for (Size before = 0; before < p && !state.ordered[static_cast<std::size_t>(p)]; ++before)
      twice = twice || state.parts.data()[before].find(id).has_value();
    require(!twice, where, what, "each once", std::to_string(id) + " twice");
  }
  require(removed == part.removed, where, "removed rows of part " + std::to_string(p), part.removed, removed);
}

/// Reads a file whole. Throws `Error` at the first fault.
inline void verify_file(const Blob& file, const std::string& where) {
  const IndexHead head = newest_head(file.bytes, where);
  const std::vector<StoredPart> stored = read_directory(file.bytes, head, where);
  for (std::size_t p = 0; p < stored.size(); ++p)
    for (int which = 0; which < StoredPart::sections; ++which) {
      const Section& s = stored[p].section[static_cast<std::size_t>(which)];
      const std::uint32_t found = crc32c(file.bytes.subspan(s.offset, s.bytes));
      require(found == s.checksum, where,
              "checksum of section " + std::to_string(which) + " of part " + std::to_string(p), s.checksum, found);
    }
  const auto state = state_of_file(file, where, static_cast<Size>(head.bits));
  for (Size p = 0; p < std::ssize(state->parts); ++p) verify_ids(*state, p, where);
  for (const CodePart& part : state->parts)
    if (part.tables != nullptr) verify_tables(part, state->layout, where);
}

}  // namespace hashweave::detail
