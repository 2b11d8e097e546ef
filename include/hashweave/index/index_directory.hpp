#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <hashweave/index/chunk_tables.hpp>
#include <hashweave/index/code_store.hpp>
#include <hashweave/io/bytes.hpp>
#include <hashweave/io/checked.hpp>
#include <hashweave/io/crc32c.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave::detail {

// An index file. All numbers are little-endian, all sections begin at multiples of 64 bytes.
//
//   0      head, 128 bytes, of an even or the first generation
//   4096   head of an odd generation; zeros until there is one
//   8192   sections, and directories between them
//
// The valid head of the higher generation counts. It says where the directory of its generation lies, and that the
// directory's parts. To change a file, sections and a directory are written behind its end and synced, then the other
// head is: until then the old generation is whole, and a head that was cut off while it was written does not count.

inline constexpr std::string_view index_magic = "HWVINDEX";
inline constexpr std::uint64_t head_bytes = 128, head_stride = 4096, head_area = 2 * head_stride;
inline constexpr std::uint32_t index_version = 1;

/// Bytes of a file and their CRC-32C.
struct Section {
  std::uint64_t offset = 0, bytes = 0;
  std::uint32_t checksum = 0;
};

/// The beginning of an index file.
struct IndexHead {
  std::uint32_t bits = 0;
  std::uint64_t generation = 0, identity = 0;  // identity: drawn when the file was made
  Section directory;
  std::uint64_t end = 0;  // of what counts in the file
  std::int64_t largest_id = 0;
};

/// Where a part lies in a file.
struct StoredPart {
  enum Which { blocks, ids, alive, starts, entries, sections };

  std::uint64_t identity = 0;  // of the file; not part of the directory
  std::uint64_t rows = 0, removed = 0;
  std::int64_t first_id = 0;
  std::uint32_t ascending = 0;
  std::uint32_t chunks = 0, width = 0, row_bits = 0, check_bits = 0;  // of the tables; chunks 0: none
  std::array<Section, sections> section;                              // bytes 0: not there

  static constexpr std::uint64_t directory_bytes = 3 * 8 + 6 * 4 + sections * 24;

  ChunkShape shape(Size bits) const { return {bits, Size{chunks}, Size{width}, Size{row_bits}, Size{check_bits}}; }
};

inline constexpr std::uint64_t round_up_64(std::uint64_t bytes) { return (bytes + 63) / 64 * 64; }

/// Numbers one after another.
class NumberWriter {
 public:
  template <class T>
  NumberWriter& operator<<(T number) {
    const std::size_t at = bytes_.size();
    bytes_.resize(at + sizeof number);
    std::memcpy(bytes_.data() + at, &number, sizeof number);
    return *this;
  }
  NumberWriter& operator<<(const Section& s) { return *this << s.offset << s.bytes << s.checksum << std::uint32_t{0}; }
  std::vector<std::byte> bytes_;
};

inline Section read_section(ByteReader& in) {
  Section s;
  s.offset = in.u64("a section's place");
  s.bytes = in.u64("a section's bytes");
  s.checksum = in.u32("a section's checksum");
  in.u32("padding");
  return s;
}

inline std::vector<std::byte> head_to_bytes(const IndexHead& head) {
  NumberWriter out;
  for (const char c : index_magic) out << c;
  out << index_version << head.bits << head.generation << head.identity << head.directory << head.end
      << head.largest_id;
  out << crc32c(out.bytes_);
  out.bytes_.resize(head_bytes);
  return std::move(out.bytes_);
}

/// The head in these 128 bytes; nothing where they are zeros or its checksum is another. Throws `Error` for a file that
/// is no index, or of a version that is not known.
inline std::optional<IndexHead> head_from_bytes(Bytes bytes, const std::string& where) {
  ByteReader in{bytes, where};
  const Bytes magic = in.take(index_magic.size(), "the head");
  if (std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; })) return std::nullopt;
  require(as_text(magic) == index_magic, where, "first bytes of an index file", index_magic, legible(as_text(magic)));
  const std::uint32_t version = in.u32("version");
  IndexHead head;
  head.bits = in.u32("bits");
  head.generation = in.u64("generation");
  head.identity = in.u64("identity");
  head.directory = read_section(in);
  head.end = in.u64("end");
  head.largest_id = in.number<std::int64_t>("largest id");
  const std::size_t covered = bytes.size() - in.left();
  if (in.u32("checksum") != crc32c(bytes.first(covered))) return std::nullopt;
  require(version == index_version, where, "version of the index file", index_version, version);
  return head;
}

inline std::vector<std::byte> directory_to_bytes(const std::vector<StoredPart>& parts) {
  NumberWriter out;
  for (const StoredPart& p : parts) {
    out << p.rows << p.removed << p.first_id << p.ascending << p.chunks << p.width << p.row_bits << p.check_bits
        << std::uint32_t{0};
    for (const Section& s : p.section) out << s;
  }
  return std::move(out.bytes_);
}

/// The head that counts, of a whole file. Throws `Error` where there is none, or where the file ends too early.
inline IndexHead newest_head(Bytes file, const std::string& where) {
  require(file.size() >= head_area, where, "bytes of an index file", Phrase{"at least ", head_area}, file.size());
  std::optional<IndexHead> newest;
  for (const std::uint64_t at : {std::uint64_t{0}, head_stride}) {
    const auto head = head_from_bytes(file.subspan(at, head_bytes), where);
    if (head && (!newest || head->generation > newest->generation)) newest = head;
  }
  if (!newest) fail(where, "heads with the right checksum", "one or two", 0);
  require(newest->end <= file.size(), where, "bytes of the file",
          Phrase{"at least ", static_cast<std::ptrdiff_t>(newest->end)}, file.size());
  require(newest->bits >= 16 && newest->bits <= 4096 && newest->bits % 8 == 0, where, "bits of the codes",
          "a multiple of 8 from 16 to 4096", newest->bits);
  return *newest;
}

/// Bytes that a section must have; 0: it must not be there.
inline std::optional<std::uint64_t> expected_bytes(const StoredPart& p, StoredPart::Which which, std::uint64_t bits) {
  const std::uint64_t blocks = p.rows / 64 + (p.rows % 64 != 0 ? 1 : 0);
  switch (which) {
    case StoredPart::blocks:
      return checked_multiply(blocks, bits * 8);
    case StoredPart::ids:
      return p.section[which].bytes == 0 ? std::optional{std::uint64_t{0}} : checked_multiply(p.rows, std::uint64_t{8});
    case StoredPart::alive:
      return p.removed == 0 ? std::optional{std::uint64_t{0}} : checked_multiply(blocks, std::uint64_t{8});
    case StoredPart::starts:
      return p.chunks == 0 ? 0 : p.chunks * round_up_64(4 * ((std::uint64_t{1} << p.width) + 1));
    default: {
      if (p.chunks == 0) return 0;
      const ChunkShape shape = p.shape(static_cast<Size>(bits));
      return p.chunks *
             round_up_64(static_cast<std::uint64_t>(ChunkTables::table_bytes(shape, static_cast<Size>(p.rows))));
    }
  }
}

/// What the directory says of the parts, each section within the file and of the size that the rows demand.
inline std::vector<StoredPart> read_directory(Bytes file, const IndexHead& head, const std::string& where) {
  const auto within = [&](const Section& s, std::string_view what) {
    const auto end = checked_add(s.offset, s.bytes);
    require(end && *end <= head.end && s.offset % 64 == 0 && (s.bytes == 0 || s.offset >= head_area), where,
            std::string{what} + " in the file", "a place at a multiple of 64 within it",
            std::to_string(s.bytes) + " bytes at " + std::to_string(s.offset));
    return file.subspan(s.offset, s.bytes);
  };
  const Bytes bytes = within(head.directory, "directory");
  require(crc32c(bytes) == head.directory.checksum, where, "checksum of the directory", head.directory.checksum,
          crc32c(bytes));
  require(bytes.size() % StoredPart::directory_bytes == 0, where, "bytes of the directory",
          Phrase{"a multiple of ", StoredPart::directory_bytes}, bytes.size());
  ByteReader in{bytes, where, head.directory.offset};
  std::vector<StoredPart> parts(bytes.size() / StoredPart::directory_bytes);
  for (StoredPart& p : parts) {
    p.identity = head.identity;
    p.rows = in.u64("rows");
    p.removed = in.u64("removed");
    p.first_id = in.number<std::int64_t>("first id");
    p.ascending = in.u32("order of the ids");
    p.chunks = in.u32("chunks");
    p.width = in.u32("width of a chunk");
    p.row_bits = in.u32("bits of a row");
    p.check_bits = in.u32("check bits");
    in.u32("padding");
    for (Section& s : p.section) s = read_section(in);
    require(p.removed <= p.rows && p.rows <= head.end, where, "rows of a part", "no more than the file holds",
            std::to_string(p.rows) + ", " + std::to_string(p.removed) + " of them removed");
    require(p.chunks == 0 ||
                (p.chunks <= ChunkShape::most_chunks && p.width >= 1 && p.width <= 26 &&
                 p.chunks * p.width <= head.bits && p.row_bits <= 33 && p.rows < std::uint64_t{1} << p.row_bits &&
                 p.row_bits + p.check_bits <= 57 && p.check_bits + p.width <= head.bits && p.rows <= 0xffffffff),
            where, "tables of a part", "chunks within the code and entries of at most 57 bits",
            std::to_string(p.chunks) + " chunks of " + std::to_string(p.width) + " bits");
    for (int which = 0; which < StoredPart::sections; ++which) {
      const Section& s = p.section[static_cast<std::size_t>(which)];
      within(s, "section");
      const auto expected = expected_bytes(p, static_cast<StoredPart::Which>(which), head.bits);
      require(expected == s.bytes, where, "bytes of section " + std::to_string(which) + " of a part",
              expected.value_or(~std::uint64_t{0}), s.bytes);
    }
    const bool numbered = p.section[StoredPart::ids].bytes == 0;  // ids follow one another
    require(!numbered || p.rows == 0 || checked_add(p.first_id, static_cast<std::int64_t>(p.rows - 1)), where,
            "first id of a part", "one from which all rows can be numbered", p.first_id);
    require(p.ascending <= 1 && (!numbered || p.ascending == 1), where, "order of the ids", "0 or 1", p.ascending);
  }
  return parts;
}

}  // namespace hashweave::detail
