#pragma once
#include <cstdint>
#include <filesystem>
#include <hashweave/core/error.hpp>
#include <hashweave/io/file.hpp>
#include <hashweave/io/npy.hpp>
#include <hashweave/io/tensor.hpp>
#include <hashweave/io/zip.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave {

/// What one deflated array of an npz file may grow to, in bytes, unless the caller says otherwise.
inline constexpr std::uint64_t npz_member_limit = std::uint64_t{4} << 30;

/// Named arrays in a zip file, as `numpy.savez` and `numpy.savez_compressed` write them. An array is unpacked when it
/// is asked for: mapped where it is stored, in memory where it is deflated.
class NpzFile {
 public:
  /// Throws `Error` at a damaged zip file.
  NpzFile(Blob file, std::string where, std::uint64_t member_limit = npz_member_limit)
      : zip_{std::move(file), std::move(where), member_limit} {}

  /// The names of the arrays, sorted: those of the members without `.npy`. Other members are left out.
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& [name, member] : zip_.members())
      if (name.ends_with(".npy")) names.push_back(name.substr(0, name.size() - 4));
    return names;
  }
  bool contains(std::string_view name) const { return zip_.members().find(member(name)) != zip_.members().end(); }
  /// Throws `Error` where there is none of that name, and as `parse_npy` and `ZipFile::read`.
  StoredTensor at(std::string_view name) const { return parse_npy(zip_.read(member(name)), zip_.here(member(name))); }
  /// See `hashweave::values`.
  template <Number T>
  std::vector<T> values(std::string_view name) const {
    return hashweave::values<T>(at(name), zip_.here(member(name)));
  }

 private:
  static std::string member(std::string_view name) { return std::string{name} + ".npy"; }
  ZipFile zip_;
};

/// Opens an npz file. `member_limit`: what one deflated array may grow to, in bytes.
inline NpzFile open_npz(const std::filesystem::path& path, std::uint64_t member_limit = npz_member_limit) {
  return {map_file(path), path.string(), member_limit};
}

namespace detail {

/// The little-endian bytes of numbers, one after another.
template <class... Numbers>
std::string packed(Numbers... numbers) {
  std::string text;
  (text.append(reinterpret_cast<const char*>(&numbers), sizeof numbers), ...);
  return text;
}

/// One member of a zip file that is being written. Sizes and offsets always go into ZIP64 fields too, where they fit
/// no 32 bits.
struct ZipEntry {
  std::string name;
  std::uint32_t crc = 0;
  std::uint64_t size = 0, offset = 0;

  static constexpr std::uint64_t most = 0xffffffffU;
  static std::uint32_t cut(std::uint64_t number) { return static_cast<std::uint32_t>(std::min(number, most)); }
  /// Version, flags (names are UTF-8), method, time and date (1 January 1980), checksum, sizes, length of the name.
  std::string common(std::uint16_t extra) const {
    return packed(std::uint16_t{45}, std::uint16_t{0x800}, std::uint16_t{0}, std::uint32_t{0x00210000}, crc, cut(size),
                  cut(size), static_cast<std::uint16_t>(name.size()), extra);
  }
  std::string local() const {
    const std::string extra = size >= most ? packed(std::uint16_t{1}, std::uint16_t{16}, size, size) : "";
    return packed(std::uint32_t{0x04034b50}) + common(static_cast<std::uint16_t>(extra.size())) + name + extra;
  }
  std::string central() const {
    std::string numbers;
    if (size >= most) numbers += packed(size, size);
    if (offset >= most) numbers += packed(offset);
    std::string extra;
    if (!numbers.empty()) extra = packed(std::uint16_t{1}, static_cast<std::uint16_t>(numbers.size())) + numbers;
    return packed(std::uint32_t{0x02014b50}, std::uint16_t{45}) + common(static_cast<std::uint16_t>(extra.size())) +
           packed(std::uint16_t{0}, std::uint16_t{0}, std::uint16_t{0}, std::uint32_t{0}, cut(offset)) + name + extra;
  }
};

inline std::string zip_end(std::uint64_t count, std::uint64_t begin, std::uint64_t end) {
  std::string text;
  if (count >= 0xffff || end >= ZipEntry::most)
    text = packed(std::uint32_t{0x06064b50}, std::uint64_t{44}, std::uint16_t{45}, std::uint16_t{45}, std::uint64_t{0},
                  count, count, end - begin, begin, std::uint32_t{0x07064b50}, std::uint32_t{0}, end, std::uint32_t{1});
  const auto few = static_cast<std::uint16_t>(std::min<std::uint64_t>(count, 0xffff));
  return text + packed(std::uint32_t{0x06054b50}, std::uint32_t{0}, few, few, ZipEntry::cut(end - begin),
                       ZipEntry::cut(begin), std::uint16_t{0});
}

}  // namespace detail

/// Writes an npz file, whole or not at all (see `write_atomically`); the arrays are stored, not deflated. The same
/// arrays give the same bytes. Throws `Error` at a name that comes twice, is empty or above 60,000 bytes, and as
/// `write_npy`.
inline void write_npz(const std::filesystem::path& path, const std::vector<NamedTensor>& arrays) {
  const std::string where = path.string();
  std::set<std::string_view> names;
  for (const NamedTensor& array : arrays) {
    require(!array.name.empty() && array.name.size() <= 60'000, where, "bytes of a name", "1 to 60000",
            array.name.size());
    require(names.insert(array.name).second, where, "names of arrays", "each once",
            "'" + legible(array.name) + "' twice");
  }
  write_atomically(path, [&](FileWriter& out) {
    std::vector<detail::ZipEntry> entries;
    for (const auto& [name, tensor] : arrays) {
      const std::string head = detail::npy_head(tensor, where + ", member " + legible(name) + ".npy");
      detail::ZipEntry entry{name + ".npy", crc32_of(tensor.bytes, crc32_of(as_bytes(head))),
                             head.size() + tensor.bytes.size(), out.position()};
      out.write(entry.local());
      out.write(head);
      out.write(tensor.bytes);
      entries.push_back(std::move(entry));
    }
    const std::uint64_t begin = out.position();
    for (const detail::ZipEntry& entry : entries) out.write(entry.central());
    out.write(detail::zip_end(entries.size(), begin, out.position()));
  });
}

}  // namespace hashweave
