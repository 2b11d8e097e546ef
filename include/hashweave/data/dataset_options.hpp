#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

namespace hashweave {

/// Which part of a data set an item belongs to. `rest`: the file assigns it to no part.
enum class Split : std::uint8_t { train, val, test, rest };

inline constexpr std::array<std::string_view, 4> split_names{"train", "val", "test", "rest"};

constexpr std::string_view name_of(Split split) { return split_names[static_cast<std::size_t>(split)]; }
/// The part of that name. `restval`, of Karpathy's splits, is part of `train`.
constexpr std::optional<Split> split_named(std::string_view name) {
  for (std::size_t i = 0; i < split_names.size(); ++i)
    if (split_names[i] == name) return static_cast<Split>(i);
  if (name == "restval") return Split::train;
  return std::nullopt;
}

/// What happens at a line, caption or image that is broken: the error is thrown, or it is left out, counted and named.
enum class OnBadItem : std::uint8_t { error, skip };

/// What is asked of images when a data set is opened.
enum class ImageCheck : std::uint8_t {
  none,    ///< nothing
  exists,  ///< there is such a file
  header,  ///< it is a JPEG or PNG file that is whole; every file is read
};

/// What a data set may be at most. Bytes are those of the file, or of the text in UTF-8.
struct DatasetLimits {
  std::size_t file_bytes = std::size_t{4} << 30;  ///< of one file of text or JSON
  std::size_t line_bytes = 1 << 20;               ///< of one line, or of one record of a table
  std::size_t caption_bytes = 64 << 10;
  std::size_t name_bytes = 4096;  ///< of a path, a name or a label
  int json_depth = 64;
  std::size_t named_faults = 1000;  ///< how many of the broken items are named; all are counted
};

struct DatasetOptions {
  std::filesystem::path images;  ///< the folder that image paths start from; empty: looked for beside the file
  OnBadItem on_bad_item = OnBadItem::error;
  ImageCheck check = ImageCheck::exists;
  DatasetLimits limits{};
};

}  // namespace hashweave
