#pragma once
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <hashweave/core/error.hpp>
#include <hashweave/data/tar_header.hpp>
#include <hashweave/io/bytes.hpp>
#include <hashweave/io/file.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave {

/// A file within a tar file.
struct TarMember {
  std::string name;
  std::uint64_t offset = 0;  ///< of its bytes in the tar file
  std::uint64_t size = 0;
};

/// The files within a tar file: ustar, pax and GNU's long names. Only the headers are read; the bytes stay mapped.
/// Folders and links are left out.
///
/// Throws `Error` at a wrong checksum, a member that ends behind the file, sparse files, parts of several volumes, and
/// unless the file ends as tar files do: with a block of zeros, and with nothing but zeros behind it.
/// Source: POSIX.1-2017, pax, "ustar Interchange Format"; GNU tar manual 1.34, "Basic Tar Format".
class TarFile {
 public:
  TarFile(Blob file, std::string where) : file_{std::move(file)}, where_{std::move(where)} {
    std::optional<std::string> long_name;
    detail::PaxFields pax;
    for (std::size_t at = 0;;) {
      const std::string here = where_ + ", byte " + std::to_string(at);
      require(at + detail::tar_block <= file_.bytes.size(), here, "end of the tar file", "a block of zeros", "none");
      const Bytes block = file_.bytes.subspan(at, detail::tar_block);
      if (is_zero(block)) {
        require(is_zero(file_.bytes.subspan(at)), here, "bytes behind the end of the tar file", "zeros", "others");
        require(!long_name && !pax.name && !pax.size, here, "extended header", "a member behind it", "the end");
        return;
      }
      const detail::TarHeader header{block, here};
      at += detail::tar_block;
      const char type = header.type();
      require(type != 'S' && type != 'M', here, "member", "a plain file", "a sparse one or part of one");
      std::uint64_t size = header.size();
      const bool extended = type == 'x' || type == 'g' || type == 'L' || type == 'K';
      if (!extended && pax.size) size = *pax.size;
      if (type >= '1' && type <= '6') size = 0;  // links, devices and folders have no bytes, whatever is written there
      require(size <= file_.bytes.size() - at, here, "bytes of the member",
              "at most " + std::to_string(file_.bytes.size() - at) + " that are left", size);
      const std::string_view content = as_text(file_.bytes.subspan(at, size));
      if (extended) {
        require(size <= longest_header, here, "bytes of an extended header",
                "at most " + std::to_string(longest_header), size);
        if (type == 'L') long_name = content.substr(0, content.find('\0'));
        if (type == 'x') pax = detail::read_pax(content, here);
        if (type == 'g') detail::read_pax(content, here);
      } else {
        const bool plain = type == '0' || type == '\0' || type == '7';
        std::string name = pax.name ? *pax.name : long_name ? *long_name : header.name();
        long_name.reset();
        pax = {};
        // before ustar, a folder was a file whose name ends with a slash
        if (plain && !name.ends_with('/')) {
          require(!name.empty() && name.find('\0') == std::string::npos, here, "name", "one without zero bytes",
                  name.empty() ? "none" : legible(name));
          members_.push_back({std::move(name), at, size});
        }
      }
      at += static_cast<std::size_t>(size);
      at += std::min((detail::tar_block - at % detail::tar_block) % detail::tar_block, file_.bytes.size() - at);
    }
  }

  /// The files in the order in which they stand. A name may come twice.
  const std::vector<TarMember>& members() const& { return members_; }
  void members() const&& = delete;
  /// The path, for messages.
  const std::string& where() const { return where_; }
  /// Bytes [offset, offset + size) of the tar file, mapped. Throws `Error` where they are not within it.
  Blob part(std::uint64_t offset, std::uint64_t size) const {
    require(offset <= file_.bytes.size() && size <= file_.bytes.size() - offset, where_, "bytes of a member",
            "within the file", offset);
    return {file_.bytes.subspan(offset, size), file_.owner};
  }
  /// A member's bytes, mapped.
  Blob read(const TarMember& member) const { return part(member.offset, member.size); }

 private:
  static constexpr std::uint64_t longest_header = 1 << 20;
  static bool is_zero(Bytes bytes) {
    return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
  }
  Blob file_;
  std::string where_;
  std::vector<TarMember> members_;
};

/// Opens a tar file; what it holds stays mapped. Throws as `TarFile` and `map_file`.
inline TarFile open_tar(const std::filesystem::path& path) { return {map_file(path), path.string()}; }

}  // namespace hashweave
