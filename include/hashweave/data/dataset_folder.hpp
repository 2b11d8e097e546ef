#pragma once
#include <algorithm>
#include <filesystem>
#include <hashweave/data/dataset_builder.hpp>
#include <hashweave/data/dataset_text.hpp>
#include <hashweave/io/file.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave::detail {

/// A file that describes a data set, or its bytes in memory: then there is no folder to look for images in.
struct DatasetFile {
  Blob content;
  std::string where;
  std::optional<std::filesystem::path> folder{};

  std::string_view text() const { return as_text(content.bytes); }
  std::string at_line(std::size_t number) const { return where + ":" + std::to_string(number); }
};

inline DatasetFile open_dataset_file(const std::filesystem::path& path) {
  return {map_file(path), path.string(), path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."}};
}

/// The folders directly within a folder, sorted; the first 256.
inline std::vector<std::filesystem::path> folders_within(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  std::error_code ignored;
  for (std::filesystem::directory_iterator entry{folder, ignored}, end; entry != end; entry.increment(ignored))
    if (entry->is_directory(ignored)) found.push_back(entry->path());
  std::sort(found.begin(), found.end());
  if (found.size() > 256) found.resize(256);
  return found;
}

/// Finds the folder that a file's image paths start from: the one that the options name, or else the first that holds
/// the image, of the file's own folder, the folders within it, the one above it, and the folders within that.
class ImageFolder {
 public:
  /// `search`: otherwise it is the file's own folder.
  ImageFolder(const DatasetOptions& options, const DatasetFile& file, bool search)
      : limits_{options.limits}, found_{!search || !options.images.empty() || !file.folder} {
    folders_.push_back(!options.images.empty() ? options.images : file.folder.value_or(std::filesystem::path{}));
    if (found_) return;
    const std::filesystem::path own = folders_[0], above = std::filesystem::absolute(own).lexically_normal() / "..";
    for (const auto& folder : folders_within(own)) folders_.push_back(folder);
    folders_.push_back(above.lexically_normal());
    for (const auto& folder : folders_within(folders_.back())) folders_.push_back(folder);
  }

  /// Where an image lies. @throws Error where the path leaves its folder.
  ImagePlace place(std::string_view path, std::string_view where) {
    require_inside(path, limits_, where);
    if (!found_)
      for (const auto& folder : folders_) {
        std::error_code ignored;
        found_ = std::filesystem::is_regular_file(folder / path, ignored);
        if (!found_) continue;
        folders_ = {std::filesystem::path{folder}};
        break;
      }
    return {(folders_[0] / path).string()};
  }

 private:
  DatasetLimits limits_;
  std::vector<std::filesystem::path> folders_;
  bool found_;
};

/// Images that come line by line, a caption at a time.
class CaptionGroups {
 public:
  /// @throws Error where the image was in another part of the data set before.
  void add(const std::string& image, std::string caption, std::optional<Split> split, std::string where) {
    const auto [found, added] = place_.emplace(image, drafts_.size());
    if (added) {
      drafts_.push_back({std::move(where), {}});
      drafts_.back().draft.name = image;
      drafts_.back().draft.split = split.value_or(Split::rest);
    }
    ItemDraft& draft = drafts_[found->second].draft;
    if (split && draft.split != *split)
      fail(where, "split of " + in_quotes(image), name_of(draft.split), name_of(*split));
    draft.captions.push_back(std::move(caption));
  }
  void set_split(const std::string& image, Split split) {
    if (const auto found = place_.find(image); found != place_.end()) drafts_[found->second].draft.split = split;
  }
  void finish(DatasetBuilder& builder, ImageFolder& images) {
    for (auto& [where, draft] : drafts_)
      builder.attempt([&, &where = where, &draft = draft] {
        draft.place = images.place(draft.name, where);
        builder.add(std::move(draft), where);
      });
  }

 private:
  struct Group {
    std::string where;  ///< of its first line
    ItemDraft draft;
  };
  std::vector<Group> drafts_;
  std::unordered_map<std::string, std::size_t> place_;
};

/// The part that a file's name tells: one of train, val and test in it; `rest` otherwise.
inline Split split_in_name(std::string_view path) {
  const std::string name = lower_case(path.substr(path.rfind('/') + 1));
  std::optional<Split> found;
  for (const Split split : {Split::train, Split::val, Split::test})
    if (name.find(name_of(split)) != std::string::npos) found = found ? Split::rest : split;
  return found.value_or(Split::rest);
}

}  // namespace hashweave::detail
