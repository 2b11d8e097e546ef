#pragma once
/// Codes in files, and what their items are called.
#include <filesystem>
#include <hashweave/io/code_table.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace vit2cmh {
using namespace hashweave;

/// Lines of a text file, without their ends.
std::vector<std::string> lines_of(const std::filesystem::path& file);

/// What may stand under a name where codes are looked for.
enum class FileKind { hashweave, faiss, npy, jsonl, postgres };
/// @throws Error where it is none of them.
FileKind kind_of_file(const std::filesystem::path& file);
std::string_view name_of(FileKind kind);

/// Names of items by their ids. An index F has them in F.names.txt, a line `id<TAB>name` each; where there is no such
/// file, items have ids alone. Ids that are not in the index may be there too: they count for nothing.
using Names = std::map<std::int64_t, std::string>;
std::filesystem::path names_file_of(const std::filesystem::path& index);
Names read_names(const std::filesystem::path& index);
/// Writes the file, or where there are no names removes it.
void write_names(const std::filesystem::path& index, const Names& names);

/// What the rows of a file of codes are called: ids, or names, in which case ids are left to the index.
struct RowLabels {
  std::vector<std::int64_t> ids;   ///< one a row, or none
  std::vector<std::string> names;  ///< one a row, or none
};
/// F.npy.ids.txt beside F.npy: ids where all lines are whole numbers that differ; names otherwise, as `encode` writes
/// the paths of images, and for captions the ids of their images.
RowLabels labels_beside(const std::filesystem::path& npy, Size rows);

/// Codes and names, one a row or none at all.
struct NamedCodes {
  CodeTable codes;
  std::vector<std::string> names;
};
/// Reads codes of any kind but `hashweave`. `ids` and `names`, where they are given, are files with a line a code that
/// count instead of what the file itself, or what lies beside it, says.
NamedCodes read_named_codes(const std::filesystem::path& file, const std::filesystem::path& ids = {},
                            const std::filesystem::path& names = {});
/// By these ids, one a row.
Names by_id(const std::vector<std::string>& names, const std::vector<std::int64_t>& ids);

}  // namespace vit2cmh
