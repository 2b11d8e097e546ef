#pragma once
#include <algorithm>
#include <filesystem>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <hashweave/data/dataset_options.hpp>
#include <hashweave/io/bytes.hpp>
#include <hashweave/io/lines.hpp>
#include <hashweave/text/utf8.hpp>
#include <string>
#include <string_view>

namespace hashweave::detail {

/// A text in quotes, legible and short, for messages.
inline std::string in_quotes(std::string_view text) { return "'" + legible(text.substr(0, 60)) + "'"; }

/// The text without blanks, tabs and line ends round it.
constexpr std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n\v\f";
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

inline std::string lower_case(std::string_view text) {
  std::string lower{text};
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

/// @throws Error unless the text is UTF-8, not blank and no longer than allowed.
inline void require_text(std::string_view text, std::size_t most, std::string_view where, std::string_view what) {
  require(!trimmed(text).empty(), where, what, "some text", "none");
  require(text.size() <= most, where, what, Phrase{"at most ", static_cast<Size>(most), " bytes"}, text.size());
  if (!is_utf8(text)) fail(where, what, "UTF-8", "other bytes: " + in_quotes(text));
}

/// A caption as it is kept: without blanks round it. @throws Error as `require_text`.
inline std::string caption_text(std::string_view text, const DatasetLimits& limits, std::string_view where) {
  text = trimmed(text);
  require_text(text, limits.caption_bytes, where, "caption");
  return std::string{text};
}

/// @throws Error unless the name (of an image, a label...) is text without control characters.
inline void require_name(std::string_view name, const DatasetLimits& limits, std::string_view where,
                         std::string_view what) {
  require_text(name, limits.name_bytes, where, what);
  const bool printable = std::none_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (!printable) fail(where, what, "no control characters", in_quotes(name));
}

/// @throws Error unless the path is a name, relative, and leads out of its folder nowhere. Symbolic links are followed
/// all the same: whoever owns the folder made them.
inline void require_inside(std::string_view path, const DatasetLimits& limits, std::string_view where) {
  require_name(path, limits, where, "path of the image");
  if (path.starts_with('/')) fail(where, "path of the image", "a relative one", in_quotes(path));
  int depth = 0;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (part == "..")
      --depth;
    else if (!part.empty() && part != ".")
      ++depth;
    if (depth < 0) fail(where, "path of the image", "one that stays within its folder", in_quotes(path));
    begin = end + 1;
  }
  if (depth == 0 || path.ends_with('/')) fail(where, "path of the image", "one that names a file", in_quotes(path));
}

}  // namespace hashweave::detail
