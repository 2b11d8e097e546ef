#include "named_codes.hpp"

#include <algorithm>
#include <cerrno>
#include <hashweave/index/index_directory.hpp>
#include <hashweave/io/codes_npy.hpp>
#include <hashweave/io/file.hpp>
#include <hashweave/io/lines.hpp>
#include <hashweave/io/read_codes.hpp>
#include <optional>
#include <system_error>

namespace vit2cmh {
namespace fs = std::filesystem;
namespace {

bool is_there(const fs::path& file) {
  std::error_code ignored;
  return fs::exists(file, ignored);
}

/// The lines as ids that differ, or nothing where they are others.
std::optional<std::vector<std::int64_t>> as_ids(const std::vector<std::string>& lines) {
  std::vector<std::int64_t> ids;
  for (const std::string& line : lines) {
    const auto id = hashweave::detail::whole_number<std::int64_t>(line);
    if (!id) return std::nullopt;
    ids.push_back(*id);
  }
  std::vector<std::int64_t> sorted(ids);
  std::ranges::sort(sorted);
  if (std::ranges::adjacent_find(sorted) != sorted.end()) return std::nullopt;
  return ids;
}

}  // namespace

std::vector<std::string> lines_of(const fs::path& file) {
  const Blob bytes = map_file(file);
  std::vector<std::string> lines;
  hashweave::detail::for_each_line(as_text(bytes.bytes),
                                   [&](std::string_view line, std::size_t) { lines.emplace_back(line); });
  return lines;
}

FileKind kind_of_file(const fs::path& file) {
  const Blob blob = map_file(file);
  const std::string_view text = as_text(blob.bytes);
  if (text.starts_with(hashweave::detail::index_magic)) return FileKind::hashweave;
  const auto format = code_format(text);
  if (!format)
    fail(file.string(), "kind of file", "an index of hashweave or FAISS, or codes: npy, JSON lines, PostgreSQL's COPY",
         text.empty() ? "an empty file" : "one that begins with '" + legible(text.substr(0, 8)) + "'");
  switch (*format) {
    case CodeFormat::faiss_binary:
      return FileKind::faiss;
    case CodeFormat::npy:
      return FileKind::npy;
    case CodeFormat::json_lines:
      return FileKind::jsonl;
    case CodeFormat::postgres_copy:
      break;
  }
  return FileKind::postgres;
}

std::string_view name_of(FileKind kind) {
  switch (kind) {
    case FileKind::hashweave:
      return "hashweave";
    case FileKind::faiss:
      return "faiss";
    case FileKind::npy:
      return "npy";
    case FileKind::jsonl:
      return "jsonl";
    case FileKind::postgres:
      break;
  }
  return "postgres";
}

fs::path names_file_of(const fs::path& index) { return index.string() + ".names.txt"; }

Names read_names(const fs::path& index) {
  Names names;
  const fs::path file = names_file_of(index);
  if (!is_there(file)) return names;
  const auto lines = lines_of(file);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::size_t tab = std::min(lines[i].find('\t'), lines[i].size());
    const auto id = hashweave::detail::whole_number<std::int64_t>(std::string_view{lines[i]}.substr(0, tab));
    const std::string where = file.string() + ", line " + std::to_string(i + 1);
    if (!id || tab == lines[i].size()) fail(where, "line", "id<TAB>name", "'" + legible(lines[i]) + "'");
    require(names.emplace(*id, lines[i].substr(tab + 1)).second, where, "ids", "each once", *id);
  }
  return names;
}

void write_names(const fs::path& index, const Names& names) {
  const fs::path file = names_file_of(index);
  if (names.empty()) {
    std::error_code fault;
    fs::remove(file, fault);
    if (fault) fail_system(file, "removing it", fault.value());
    return;
  }
  write_atomically(file, [&](FileWriter& out) {
    for (const auto& [id, name] : names) out.write(std::to_string(id) + "\t" + name + "\n");
  });
}

RowLabels labels_beside(const fs::path& npy, Size rows) {
  const fs::path file = ids_file_of(npy);
  if (!is_there(file)) return {};
  auto lines = lines_of(file);
  require(std::ssize(lines) == rows, file.string(), "lines, one a code", rows, lines.size());
  if (auto ids = as_ids(lines)) return {std::move(*ids), {}};
  return {{}, std::move(lines)};
}

NamedCodes read_named_codes(const fs::path& file, const fs::path& ids, const fs::path& names) {
  NamedCodes out;
  if (kind_of_file(file) == FileKind::npy) {
    out.codes = parse_codes_npy(map_file(file), file.string());
    RowLabels labels = labels_beside(file, out.codes.rows());
    if (!labels.ids.empty()) {
      out.codes.ids = std::move(labels.ids);
      out.codes.ids_given = true;
    }
    out.names = std::move(labels.names);
  } else {
    out.codes = read_codes(file);
  }
  if (out.names.empty())
    if (const Names known = read_names(file); !known.empty())
      for (const std::int64_t id : out.codes.ids) {
        const auto name = known.find(id);
        out.names.push_back(name == known.end() ? "" : name->second);
      }
  if (!ids.empty()) {
    out.codes.ids = parse_ids(as_text(map_file(ids).bytes), ids.string());
    require(std::ssize(out.codes.ids) * out.codes.row_bytes() == std::ssize(out.codes.bytes), ids.string(),
            "lines, one a code", std::ssize(out.codes.bytes) / out.codes.row_bytes(), out.codes.ids.size());
    out.codes.ids_given = true;
    out.codes.check(ids.string());
  }
  if (!names.empty()) {
    out.names = lines_of(names);
    require(std::ssize(out.names) == out.codes.rows(), names.string(), "lines, one a code", out.codes.rows(),
            out.names.size());
  }
  return out;
}

Names by_id(const std::vector<std::string>& names, const std::vector<std::int64_t>& ids) {
  Names out;
  for (std::size_t i = 0; i < names.size(); ++i)
    if (!names[i].empty()) out[ids[i]] = names[i];
  return out;
}

}  // namespace vit2cmh
