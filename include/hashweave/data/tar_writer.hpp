#pragma once
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <hashweave/core/error.hpp>
#include <hashweave/data/tar_header.hpp>
#include <hashweave/io/file.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace hashweave {

/// A file to write into a tar file.
struct TarEntry {
  std::string name;
  Bytes bytes;
};

namespace detail {

/// The header of a plain file: mode 0644, owner and group 0, time 0, so that equal files give equal bytes.
inline std::string tar_header(std::string_view name, std::string_view folders, std::uint64_t size, char type) {
  std::string block(tar_block, '\0');
  const auto put = [&](std::size_t at, std::string_view text) { block.replace(at, text.size(), text); };
  const auto octal = [&](std::size_t at, int digits, std::uint64_t number) {
    std::string text(static_cast<std::size_t>(digits), '0');
    for (std::size_t i = text.size(); i-- > 0; number >>= 3) text[i] = static_cast<char>('0' + (number & 7));
    put(at, text);
  };
  put(0, name);
  octal(100, 7, 0644);
  octal(108, 7, 0);
  octal(116, 7, 0);
  octal(124, 11, size);
  octal(136, 11, 0);
  put(148, "        ");
  block[156] = type;
  put(257, std::string_view{"ustar\00000", 8});
  put(345, folders);
  std::uint64_t sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  octal(148, 6, sum);
  block[154] = '\0';
  return block;
}

/// `LENGTH KEY=VALUE\n`: the length counts its own digits.
inline std::string pax_record(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest;
  while (length != rest + std::to_string(length).size()) length = rest + std::to_string(length).size();
  return std::to_string(length) + " " + std::string{key} + "=" + std::string{value} + "\n";
}

inline constexpr std::uint64_t tar_octal_limit = std::uint64_t{1} << 33;  // eleven octal digits

/// The headers in front of a file's bytes: ustar's, behind a pax header where the name or the size does not fit.
inline std::string tar_headers(std::string_view name, std::uint64_t size) {
  if (name.size() <= 100 && size < tar_octal_limit) return tar_header(name, "", size, '0');
  // the name is cut at a slash, so that 1 to 155 bytes lie before it and 1 to 100 behind it
  const std::size_t slash = name.rfind('/', 155);
  const bool splits = name.size() > 100 && slash != std::string_view::npos && slash > 0 &&
                      name.size() - slash - 1 <= 100 && slash + 1 < name.size();
  if (splits && size < tar_octal_limit) return tar_header(name.substr(slash + 1), name.substr(0, slash), size, '0');
  std::string records = pax_record("path", name);
  if (size >= tar_octal_limit) records += pax_record("size", std::to_string(size));
  const std::string header = tar_header("././@PaxHeader", "", records.size(), 'x');
  records.resize((records.size() + tar_block - 1) / tar_block * tar_block, '\0');
  return header + records + tar_header(name.substr(0, 100), "", size < tar_octal_limit ? size : 0, '0');
}

}  // namespace detail

/// Writes a tar file, whole or not at all (see `write_atomically`). The same entries give the same bytes: those that
/// Python's `tarfile` writes for files of mode 0644, owner 0 and time 0. Names too long for ustar get a pax header.
/// Throws `Error` at a name that is empty, holds a zero byte or ends with a slash.
inline void write_tar(const std::filesystem::path& path, const std::vector<TarEntry>& entries) {
  const std::string where = path.string();
  write_atomically(path, [&](FileWriter& out) {
    const auto zeros = [&](std::uint64_t multiple) {
      out.write(std::string((multiple - out.position() % multiple) % multiple, '\0'));
    };
    for (const auto& [name, bytes] : entries) {
      const bool sound = !name.empty() && name.find('\0') == std::string::npos && !name.ends_with('/');
      require(sound, where, "name of a member", "one that names a file", "'" + legible(name) + "'");
      out.write(detail::tar_headers(name, bytes.size()));
      out.write(bytes);
      zeros(detail::tar_block);
    }
    out.write(std::string(2 * detail::tar_block, '\0'));
    zeros(20 * detail::tar_block);  // tapes are written 20 blocks at a time
  });
}

}  // namespace hashweave
