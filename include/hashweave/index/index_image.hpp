#pragma once
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <hashweave/index/index_directory.hpp>
#include <hashweave/io/file.hpp>
#include <random>
#include <span>
#include <vector>

namespace hashweave::detail {

/// What a state looks like in a file: the parts that are there already, and what must be written for the others.
class IndexImage {
 public:
  /// For a new file.
  IndexImage(const CodeState& state, std::uint64_t identity) : IndexImage{state, identity, 1, head_area} {}
  /// For a file with this head: its next generation.
  IndexImage(const CodeState& state, const IndexHead& head)
      : IndexImage{state, head.identity, head.generation + 1, round_up_64(head.end)} {}

  static std::uint64_t draw_identity() {
    std::random_device source;
    return std::uint64_t{source()} << 32 | source();
  }

  /// Bytes of all sections, and of those that have to be written.
  std::uint64_t live_bytes() const { return live_; }
  std::uint64_t new_bytes() const { return position_ - begin_; }

  /// Writes a new file.
  void write_whole(FileWriter& out) const {
    out.write(head_to_bytes(head_));
    zeros(out, head_area - head_bytes);
    write_pieces(out);
  }

  /// Appends to the file that is open under this number: everything behind its end, then, when that is on the disk, the
  /// head. Throws `MachineError`; the file then is of its old generation.
  void append(int file, const std::filesystem::path& path, FileCalls& calls) const {
    seek(file, begin_, path);
    FileWriter out{calls, file, path};
    write_pieces(out);
    out.flush();
    sync(file, path, calls);
    seek(file, head_.generation % 2 == 0 ? head_stride : 0, path);
    FileWriter head{calls, file, path};
    head.write(head_to_bytes(head_));
    head.flush();
    sync(file, path, calls);
  }

 private:
  IndexImage(const CodeState& state, std::uint64_t identity, std::uint64_t generation, std::uint64_t begin)
      : begin_{begin}, position_{begin} {
    std::vector<StoredPart> parts;
    for (const CodePart& part : state.parts) {
      const bool kept = part.stored != nullptr && part.stored->identity == identity;
      StoredPart stored = kept ? *part.stored : added(state.layout, part);
      if (static_cast<std::uint64_t>(part.removed) != stored.removed) {
        stored.removed = static_cast<std::uint64_t>(part.removed);
        stored.section[StoredPart::alive] = {};
        if (part.removed > 0) stored.section[StoredPart::alive] = section(std::as_bytes(std::span{*part.alive}));
      }
      if (part.tables != nullptr && stored.chunks == 0) add_tables(stored, part);
      for (const Section& s : stored.section) live_ += s.bytes;
      parts.push_back(stored);
    }
    directory_ = directory_to_bytes(parts);
    head_.bits = static_cast<std::uint32_t>(state.layout.bits);
    head_.generation = generation;
    head_.identity = identity;
    head_.directory = section(directory_);
    head_.end = position_;
    head_.largest_id = state.largest_id;
  }

  StoredPart added(BlockLayout layout, const CodePart& part) {
    StoredPart stored;
    stored.rows = static_cast<std::uint64_t>(part.rows);
    stored.first_id = part.first_id;
    stored.ascending = part.ascending ? 1 : 0;
    const Size blocks = BlockLayout::blocks_of(part.rows);
    stored.section[StoredPart::blocks] =
        section({part.blocks, static_cast<std::size_t>(blocks * layout.block_bytes())});
    if (part.ids != nullptr)
      stored.section[StoredPart::ids] =
          section(std::as_bytes(std::span{part.ids, static_cast<std::size_t>(part.rows)}));
    return stored;
  }

  void add_tables(StoredPart& stored, const CodePart& part) {
    const ChunkShape& shape = part.tables->shape();
    stored.chunks = static_cast<std::uint32_t>(shape.chunks);
    stored.width = static_cast<std::uint32_t>(shape.width);
    stored.row_bits = static_cast<std::uint32_t>(shape.row_bits);
    stored.check_bits = static_cast<std::uint32_t>(shape.check_bits);
    const auto starts = static_cast<std::size_t>(shape.buckets() + 1);
    const auto entries = static_cast<std::size_t>(ChunkTables::table_bytes(shape, part.rows));
    for (Size c = 0; c < shape.chunks; ++c)
      add_padded(stored.section[StoredPart::starts], std::as_bytes(std::span{part.tables->starts(c), starts}));
    for (Size c = 0; c < shape.chunks; ++c)
      add_padded(stored.section[StoredPart::entries], {part.tables->entries(c), entries});
  }

  /// The next bytes to write, which the next multiple of 64 follows.
  void plan(Bytes bytes) {
    pieces_.push_back(bytes);
    position_ += round_up_64(bytes.size());
  }

  /// Plans a section of these bytes.
  Section section(Bytes bytes) {
    const Section s{.offset = position_, .bytes = bytes.size(), .checksum = crc32c(bytes)};
    plan(bytes);
    return s;
  }

  /// Plans one more table of a section, the zeros behind it included. Nothing else is planned between its tables.
  void add_padded(Section& s, Bytes table) {
    if (s.bytes == 0) s.offset = position_;
    s.bytes += round_up_64(table.size());
    s.checksum = crc32c(Bytes{no_bytes.data(), round_up_64(table.size()) - table.size()}, crc32c(table, s.checksum));
    plan(table);
  }

  void write_pieces(FileWriter& out) const {
    for (const Bytes& piece : pieces_) {
      out.write(piece);
      zeros(out, round_up_64(piece.size()) - piece.size());
    }
  }

  static void zeros(FileWriter& out, std::uint64_t count) {
    for (; count > 0; count -= std::min<std::uint64_t>(count, no_bytes.size()))
      out.write(Bytes{no_bytes.data(), std::min<std::uint64_t>(count, no_bytes.size())});
  }
  static void seek(int file, std::uint64_t to, const std::filesystem::path& path) {
    if (::lseek(file, static_cast<off_t>(to), SEEK_SET) < 0) fail_system(path, "going to a place in it", errno);
  }
  static void sync(int file, const std::filesystem::path& path, FileCalls& calls) {
    if (calls.sync(file) != 0) fail_system(path, "syncing it to the disk", errno);
  }

  static constexpr std::array<std::byte, 64> no_bytes{};

  std::uint64_t begin_ = 0, position_ = 0, live_ = 0;
  std::vector<Bytes> pieces_;
  std::vector<std::byte> directory_;
  IndexHead head_;
};

}  // namespace hashweave::detail
