#pragma once
#include <algorithm>
#include <filesystem>
#include <hashweave/core/error.hpp>
#include <hashweave/data/dataset_builder.hpp>
#include <hashweave/data/dataset_catalogue.hpp>
#include <hashweave/data/dataset_coco.hpp>
#include <hashweave/data/dataset_features.hpp>
#include <hashweave/data/dataset_folder.hpp>
#include <hashweave/data/dataset_format.hpp>
#include <hashweave/data/dataset_jsonl.hpp>
#include <hashweave/data/dataset_karpathy.hpp>
#include <hashweave/data/dataset_options.hpp>
#include <hashweave/data/dataset_table.hpp>
#include <hashweave/data/dataset_token.hpp>
#include <hashweave/data/dataset_webdataset.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace hashweave {
namespace detail {

/// The format of a file. @throws Error where it is none.
inline DatasetFormat known_format(const DatasetFile& file) {
  require(!file.content.bytes.empty(), file.where, "data set", "a file that is not empty", "no bytes");
  const auto format = dataset_format(file.content.bytes);
  if (format) return *format;
  const bool gzip = file.text().starts_with("\x1F\x8B");
  fail(file.where, "format of the data set",
       "dataset.jsonl, Karpathy's or COCO's JSON, a token file, a table with a header, a tar, MAT or npz file",
       gzip ? "gzip: unpack it first" : "none of them, beginning with " + in_quotes(file.text()));
}

/// Reads files of one format into the builder. What lies beside them has been found already.
inline void read_files(DatasetFormat format, const std::vector<DatasetFile>& files, const std::vector<CocoPair>& coco,
                       const SplitLists& lists, DatasetBuilder& builder) {
  if (format == DatasetFormat::coco) return read_coco(coco, builder);
  if (format == DatasetFormat::mat || format == DatasetFormat::npz || format == DatasetFormat::npy) {
    FeatureArrays arrays;
    for (const DatasetFile& file : files) {
      FeatureArrays more;
      if (format == DatasetFormat::npy)
        more.emplace(std::filesystem::path{file.where}.stem().string(),
                     number_array(parse_npy(file.content, file.where)));
      else
        more = format == DatasetFormat::mat ? mat_arrays(file) : npz_arrays(file);
      for (auto& [name, array] : more) {
        const bool added = name.empty() || arrays.emplace(name, std::move(array)).second;
        require(added, file.where, "names of arrays", "each once in all files", in_quotes(name) + " twice");
      }
    }
    return read_features(arrays, files.front(), builder);
  }
  for (const DatasetFile& file : files) {
    require(format == DatasetFormat::webdataset || file.content.bytes.size() <= builder.limits().file_bytes, file.where,
            "bytes of the file", Phrase{"at most ", static_cast<Size>(builder.limits().file_bytes)},
            file.content.bytes.size());
    if (format == DatasetFormat::jsonl) read_jsonl(file, builder);
    if (format == DatasetFormat::karpathy) read_karpathy(file, builder);
    if (format == DatasetFormat::token) read_token(file, lists, builder);
    if (format == DatasetFormat::table) read_table(file, lists, builder);
    if (format == DatasetFormat::webdataset) read_webdataset(file, builder);
  }
}

/// The instances of a file of COCO captions: beside it, the name with `captions` replaced by `instances`.
inline std::optional<DatasetFile> instances_beside(const std::filesystem::path& captions) {
  std::string name = captions.filename().string();
  const std::size_t at = name.find("captions");
  if (at == std::string::npos) return std::nullopt;
  const auto path = captions.parent_path() / name.replace(at, 8, "instances");
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return std::nullopt;
  return open_dataset_file(path);
}

/// The files of a folder that may describe a data set, sorted. Only those whose names end as such files do are opened.
inline std::vector<std::filesystem::path> candidates(const std::filesystem::path& folder) {
  if (std::filesystem::is_regular_file(folder / "dataset.jsonl")) return {folder / "dataset.jsonl"};
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator{folder}) {
    const std::string ending = lower_case(entry.path().extension().string());
    for (const std::string_view known :
         {".jsonl", ".ndjson", ".json", ".token", ".txt", ".csv", ".tsv", ".tar", ".mat", ".npz", ".npy"})
      if (ending == known && entry.is_regular_file()) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// Whether a file of a folder is only a companion of others: COCO's annotations of other kinds beside its captions.
inline bool is_companion(const std::filesystem::path& path, const std::vector<std::filesystem::path>& files) {
  const auto of_captions = [](const std::filesystem::path& p) {
    return p.filename().string().find("captions") != std::string::npos;
  };
  return !of_captions(path) && std::any_of(files.begin(), files.end(), of_captions);
}

/// The files that make up the data set at a path, and their format.
inline std::pair<DatasetFormat, std::vector<std::filesystem::path>> dataset_files(const std::filesystem::path& path) {
  const bool folder = std::filesystem::is_directory(path);
  if (!folder) {
    const DatasetFormat format = known_format(open_dataset_file(path));
    if (format != DatasetFormat::npy) return {format, {path}};
  }
  std::map<DatasetFormat, std::vector<std::filesystem::path>> found;
  for (const auto& file : candidates(folder ? path : *open_dataset_file(path).folder))
    if (const auto format = dataset_format(map_file(file).bytes)) found[*format].push_back(file);
  if (!folder) return {DatasetFormat::npy, found[DatasetFormat::npy]};
  require(!found.empty(), path.string(), "folder", "a data set, such as dataset.jsonl", "none that is known");
  auto& [format, files] = *found.begin();
  if (format == DatasetFormat::coco)
    std::erase_if(files, [&, all = files](const auto& f) { return is_companion(f, all); });
  const bool many = format == DatasetFormat::coco || format == DatasetFormat::webdataset ||
                    format == DatasetFormat::mat || format == DatasetFormat::npy;
  std::string names;
  for (const auto& [kind, paths] : found)
    for (const auto& p : paths) names += (names.empty() ? "" : ", ") + legible(p.filename().string());
  require(found.size() == 1 && (many || files.size() == 1), path.string(), "data sets in the folder",
          "one; name one of them", names);
  return {format, files};
}

}  // namespace detail

/// Opens a data set: a file of one of the formats of docs/datasets.md, told by its content, or a folder with one of
/// them. Images stay where they are and are read when asked for.
///
/// Lines, captions and images that are broken are handled as `options.on_bad_item` says.
/// Throws `Error` with file, line or record, what was expected and what was found; where no item is left;
/// `MachineError` where the disk fails. Cost: memory of about the text of the captions.
inline CaptionDataset open_dataset(const std::filesystem::path& path, const DatasetOptions& options = {}) {
  DatasetBuilder builder{options};
  try {
    const auto [format, paths] = detail::dataset_files(path);
    std::vector<detail::DatasetFile> files;
    std::vector<detail::CocoPair> coco;
    for (const auto& p : paths) {
      files.push_back(detail::open_dataset_file(p));
      if (format == DatasetFormat::coco) coco.push_back({files.back(), detail::instances_beside(p)});
    }
    detail::SplitLists lists;
    if (format == DatasetFormat::token || format == DatasetFormat::table)
      lists = detail::read_split_lists(*files.front().folder, options.limits);
    detail::read_files(format, files, coco, lists, builder);
  } catch (const std::filesystem::filesystem_error& error) {
    fail_system(path, "looking for a data set", error.code().value());
  }
  return builder.finish(path.string());
}

/// The same from bytes in memory. `where` names them in messages. Image paths start from `options.images`.
inline CaptionDataset parse_dataset(const Blob& bytes, const std::string& where, const DatasetOptions& options = {}) {
  const detail::DatasetFile file{bytes, where};
  const DatasetFormat format = detail::known_format(file);
  DatasetBuilder builder{options};
  detail::read_files(format, {file}, {{file}}, {}, builder);
  return builder.finish(where);
}

}  // namespace hashweave
