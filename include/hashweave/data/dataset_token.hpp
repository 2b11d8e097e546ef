#pragma once
#include <hashweave/data/dataset_builder.hpp>
#include <hashweave/data/dataset_folder.hpp>
#include <hashweave/data/dataset_text.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace hashweave::detail {

/// Which part each image is in, as lists beside a file say (`*trainImages.txt`, `*devImages.txt`, `*testImages.txt`).
using SplitLists = std::map<std::string, Split>;

inline SplitLists read_split_lists(const std::filesystem::path& folder, const DatasetLimits& limits) {
  constexpr std::array<std::pair<std::string_view, Split>, 3> endings{
      {{"trainimages.txt", Split::train}, {"devimages.txt", Split::val}, {"testimages.txt", Split::test}}};
  SplitLists lists;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    const std::string name = lower_case(entry.path().filename().string());
    for (const auto& [ending, split] : endings) {
      if (!name.ends_with(ending)) continue;
      const DatasetFile file = open_dataset_file(entry.path());
      for_each_line(file.text(), [&, split = split](std::string_view line, std::size_t number) {
        if (trimmed(line).empty()) return;
        require_name(trimmed(line), limits, file.at_line(number), "name of the image");
        const auto [found, added] = lists.emplace(trimmed(line), split);
        require(added || found->second == split, file.at_line(number), "split of " + in_quotes(trimmed(line)),
                name_of(found->second), name_of(split));
      });
    }
  }
  return lists;
}

/// A line of Flickr's token files, `image.jpg#0<tab>caption`, or nothing where it is none.
struct TokenLine {
  std::string_view image, caption;
};
inline std::optional<TokenLine> token_line(std::string_view line) {
  const std::size_t tab = line.find('\t'), hash = line.substr(0, tab).rfind('#');
  if (tab == std::string_view::npos || hash == std::string_view::npos || hash == 0) return std::nullopt;
  const std::string_view number = line.substr(hash + 1, tab - hash - 1);
  if (number.empty() || number.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  return TokenLine{line.substr(0, hash), line.substr(tab + 1)};
}

/// Flickr8k's and Flickr30k's token files: on every line an image, the number of its caption, and the caption.
inline void read_token(const DatasetFile& file, const SplitLists& lists, DatasetBuilder& builder) {
  ImageFolder images{builder.options(), file, true};
  CaptionGroups groups;
  for_each_line(file.text(), [&](std::string_view line, std::size_t number) {
    if (trimmed(line).empty()) return;
    builder.attempt([&] {
      const std::string where = file.at_line(number);
      require(line.size() <= builder.limits().line_bytes, where, "bytes of the line",
              Phrase{"at most ", static_cast<Size>(builder.limits().line_bytes)}, line.size());
      const auto parts = token_line(line);
      require(parts.has_value(), where, "line", "image#number, a tab and a caption", in_quotes(line));
      require_name(parts->image, builder.limits(), where, "name of the image");
      groups.add(std::string{parts->image}, caption_text(parts->caption, builder.limits(), where), std::nullopt, where);
    });
  });
  for (const auto& [image, split] : lists) groups.set_split(image, split);
  groups.finish(builder, images);
}

}  // namespace hashweave::detail
