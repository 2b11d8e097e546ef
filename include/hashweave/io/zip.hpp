#pragma once
#include <algorithm>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/io/bytes.hpp>
#include <hashweave/io/file.hpp>
#include <hashweave/io/inflate.hpp>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave {

/// What the directory of a zip file says of one member.
struct ZipMember {
  std::uint16_t flags = 0;
  std::uint16_t method = 0;  ///< 0 stored, 8 deflated
  std::uint32_t crc = 0;
  std::uint64_t packed = 0, size = 0;  ///< bytes in the file, bytes unpacked
  std::uint64_t offset = 0;            ///< of the local header
};

namespace detail {

/// Replaces what stands at its largest value in the directory by the numbers of the ZIP64 extra field (id 1), in order.
inline void apply_zip64(Bytes extra, ZipMember& member, const std::string& where) {
  ByteReader fields{extra, where};
  while (fields.left() >= 4) {
    const std::uint16_t id = fields.u16("id of an extra field");
    const std::uint16_t size = fields.u16("size of an extra field");
    ByteReader field{fields.take(size, "extra field"), where};
    if (id != 1) continue;
    for (std::uint64_t* number : {&member.size, &member.packed, &member.offset})
      if (*number == 0xffffffffU) *number = field.u64("number of the ZIP64 field");
  }
}

/// Where the directory lies and how many members it has.
struct ZipDirectory {
  std::uint64_t count = 0, size = 0, offset = 0;
};

inline ZipDirectory find_zip_directory(Bytes file, const std::string& where) {
  constexpr std::size_t end_size = 22, locator_size = 20;
  require(file.size() >= end_size, where, "bytes of the file", "at least 22 (a zip file)", file.size());
  const std::size_t last = file.size() - end_size, first = last - std::min<std::size_t>(last, 0xffff);
  std::size_t at = last + 1;
  while (at-- > first) {
    const bool signature = load_number<std::uint32_t>(&file[at]) == 0x06054b50;
    if (signature && load_number<std::uint16_t>(&file[at + 20]) == last - at) break;
    if (at == first) fail(where, "end of the file", "the directory of a zip file", "none");
  }
  ByteReader end{file.subspan(at + 4), where, at + 4};
  const std::uint16_t disk = end.u16("disk"), directory_disk = end.u16("disk");
  end.u16("members on this disk");
  ZipDirectory directory;
  directory.count = end.u16("members");
  directory.size = end.u32("size of the directory");
  directory.offset = end.u32("offset of the directory");
  const bool large = directory.count == 0xffff || directory.size == 0xffffffffU || directory.offset == 0xffffffffU;
  if (large && at >= locator_size && load_number<std::uint32_t>(&file[at - locator_size]) == 0x07064b50) {
    const auto place = load_number<std::uint64_t>(&file[at - locator_size + 8]);
    require(place <= at, where, "offset of the ZIP64 end record", "within the file", place);
    ByteReader end64{file.subspan(place), where, place};
    require(end64.u32("ZIP64 end record") == 0x06064b50, where, "ZIP64 end record", "its signature", "another");
    end64.take(20, "ZIP64 end record");
    end64.u64("members on this disk");
    directory = {};
    directory.count = end64.u64("members");
    directory.size = end64.u64("size of the directory");
    directory.offset = end64.u64("offset of the directory");
  } else {
    require(disk == 0 && directory_disk == 0, where, "disks of the zip file", "one", "several");
  }
  require(directory.offset <= file.size() && directory.size <= file.size() - directory.offset, where,
          "directory of the zip file", "within the file", directory.offset);
  return directory;
}

}  // namespace detail

/// A zip file: its members are found through its directory (with ZIP64) and unpacked when asked for. Stored and
/// deflated members. Throws `Error` at damage, encryption, other methods, and names that come twice.
/// Source: PKWARE, .ZIP File Format Specification 6.3.9, section 4.3.
class ZipFile {
 public:
  /// `max_member` bounds what one deflated member may grow to, in bytes.
  ZipFile(Blob file, std::string where, std::uint64_t max_member)
      : file_{std::move(file)}, where_{std::move(where)}, max_member_{max_member} {
    const auto directory = detail::find_zip_directory(file_.bytes, where_);
    ByteReader reader{file_.bytes.subspan(directory.offset, directory.size), where_, directory.offset};
    for (std::uint64_t i = 0; i < directory.count; ++i) {
      require(reader.u32("directory entry") == 0x02014b50, where_, "directory entry " + std::to_string(i),
              "its signature", "another");
      reader.take(4, "versions");
      ZipMember member;
      member.flags = reader.u16("flags");
      member.method = reader.u16("method");
      reader.u32("time");
      member.crc = reader.u32("checksum");
      member.packed = reader.u32("packed size");
      member.size = reader.u32("size");
      const std::uint16_t name = reader.u16("length of the name"), extra = reader.u16("length of the extra fields"),
                          comment = reader.u16("length of the comment");
      reader.take(8, "attributes");
      member.offset = reader.u32("offset");
      const std::string text{as_text(reader.take(name, "name"))};
      detail::apply_zip64(reader.take(extra, "extra fields"), member, here(text));
      reader.take(comment, "comment");
      require(members_.emplace(text, member).second, where_, "names of members", "each once",
              "'" + legible(text) + "' twice");
    }
  }

  const std::map<std::string, ZipMember, std::less<>>& members() const { return members_; }
  const std::string& where() const { return where_; }
  std::string here(std::string_view name) const { return where_ + ", member " + legible(name); }

  /// A member's bytes: mapped where it is stored, in memory of their own where it is deflated. Their CRC-32 is checked.
  Blob read(std::string_view name) const {
    const auto found = members_.find(name);
    if (found == members_.end())
      fail(where_, "member", legible(name), "none of that name among " + std::to_string(members_.size()));
    const ZipMember& member = found->second;
    const Bytes packed = data(member, here(name));
    Blob blob{packed, file_.owner};
    if (member.method == 8) {
      // deflate makes at most 1032 bytes of one
      const bool possible = member.size / 1032 <= packed.size() && member.size <= max_member_;
      require(possible, here(name), "unpacked bytes",
              "at most " + std::to_string(std::min<std::uint64_t>(max_member_, (packed.size() + 1) * 1032 - 1)),
              member.size);
      Inflater inflater{packed, DeflateForm::raw, here(name)};
      std::vector<std::byte> out;
      inflater.fill(out, static_cast<std::size_t>(member.size));
      inflater.finish();
      blob = owned_blob(std::move(out));
    }
    const std::uint32_t crc = crc32_of(blob.bytes);
    require(crc == member.crc, here(name), "CRC-32", member.crc, crc);
    return blob;
  }

 private:
  /// The bytes behind the member's local header.
  Bytes data(const ZipMember& member, const std::string& where) const {
    require((member.flags & 0x2041) == 0, where, "member", "one that is not encrypted", "an encrypted one");
    require(member.method == 0 || member.method == 8, where, "method", "0 (stored) or 8 (deflated)", member.method);
    require(member.method == 8 || member.packed == member.size, where, "packed size", member.size, member.packed);
    require(member.offset <= file_.bytes.size(), where, "offset", "within the file", member.offset);
    ByteReader reader{file_.bytes.subspan(member.offset), where, member.offset};
    require(reader.u32("local header") == 0x04034b50, where, "local header", "its signature", "another");
    reader.take(22, "local header");
    const std::uint16_t name = reader.u16("length of the name"), extra = reader.u16("length of the extra fields");
    reader.take(std::uint64_t{name} + extra, "name and extra fields");
    return reader.take(member.packed, "data");
  }
  Blob file_;
  std::string where_;
  std::uint64_t max_member_ = 0;
  std::map<std::string, ZipMember, std::less<>> members_;
};

}  // namespace hashweave
