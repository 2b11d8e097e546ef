// vit2cmh index build | add | remove | info | verify | export
#include "any_index.hpp"
#include "command_line.hpp"
#include "named_codes.hpp"

#include <algorithm>
#include <cstdio>
#include <hashweave/index/index_facts.hpp>
#include <hashweave/index/index_file.hpp>
#include <hashweave/io/codes_npy.hpp>
#include <hashweave/io/lines.hpp>
#include <hashweave/io/read_codes.hpp>
#include <system_error>

namespace vit2cmh {
namespace fs = std::filesystem;
using nlohmann::json;

namespace {

struct IndexArguments {
  fs::path index, codes, ids, names, out;
  std::string format, search, gone;

  SearchKind search_kind() const {
    return search == "scan" ? SearchKind::scan : search == "mih" ? SearchKind::mih : SearchKind::automatic;
  }
};

/// f(), its messages beginning with the file's name.
template <class F>
auto naming(const fs::path& file, F&& f) {
  try {
    return f();
  } catch (const MachineError&) {
    throw;
  } catch (const Error& fault) {
    const std::string what = fault.what();
    if (what.starts_with(file.string())) throw;
    throw Error{file.string() + ": " + what};
  }
}

std::uint64_t bytes_of_file(const fs::path& file) {
  std::error_code fault;
  const auto bytes = fs::file_size(file, fault);
  if (fault) fail_system(file, "asking for its size", fault.value());
  return bytes;
}

/// Writes a new file and its names, so that no name ever stands beside an item that is another's; where `write` fails,
/// the names of the old file come back.
template <class Write>
void write_with_names(const fs::path& file, const Names& names, Write&& write) {
  const fs::path beside = names_file_of(file), aside = beside.string() + ".old";
  std::error_code none;
  const bool had = fs::exists(beside, none);
  if (had) fs::rename(beside, aside);
  try {
    write();
  } catch (...) {
    if (had) fs::rename(aside, beside, none);
    throw;
  }
  write_names(file, names);
  fs::remove(aside, none);
}

// ---- build ----------------------------------------------------------------------------------------------------------

json do_build(const IndexArguments& o, const Common& common) {
  const bool faiss = o.format == "faiss";
  if (faiss && !o.search.empty()) throw CLI::ValidationError("index build", "--search is of --format hashweave");
  const NamedCodes items = read_named_codes(o.codes, o.ids, o.names);
  const Names names = by_id(items.names, items.codes.ids);
  if (faiss) {
    write_with_names(o.out, names, [&] { write_faiss_binary(o.out, items.codes); });
  } else {
    const auto index = make_index(items.codes.bits, o.search_kind(), o.codes.string());
    naming(o.codes, [&] { index->add(items.codes); });
    index->compact();
    write_with_names(o.out, names, [&] { index->save(o.out); });
  }
  const auto bytes = bytes_of_file(o.out);
  if (!common.to_output())
    std::printf("%s: %td codes of %td bits, %zu with names, %llu bytes\n", o.out.string().c_str(), items.codes.rows(),
                items.codes.bits, names.size(), static_cast<unsigned long long>(bytes));
  return {{"file", o.out.string()},   {"format", o.format},    {"codes", items.codes.rows()},
          {"bits", items.codes.bits}, {"names", names.size()}, {"bytes", bytes}};
}

// ---- add, remove ----------------------------------------------------------------------------------------------------

/// The index of a file that is to be changed; `search` empty: with tables where it has some already.
std::unique_ptr<AnyIndex> changing(const IndexArguments& o) {
  const FileKind kind = kind_of_file(o.index);
  require(kind == FileKind::hashweave, o.index.string(), "kind of file to change",
          "hashweave (from others, make one with `index build`)", name_of(kind));
  SearchKind search = o.search_kind();
  if (o.search.empty())
    for (const IndexFacts::Part& part : index_facts(o.index).parts)
      if (part.chunks > 0) search = SearchKind::mih;
  return open_to_change(o.index, search);
}

json do_add(const IndexArguments& o, const Common& common) {
  const NamedCodes items = read_named_codes(o.codes, o.ids, o.names);
  const auto index = changing(o);
  const std::vector<std::int64_t> ids = naming(o.index, [&] { return index->add(items.codes); });
  // names first: those of items that are not there count for nothing
  const Names before = read_names(o.index);
  Names names = before;
  for (const std::int64_t id : ids) names.erase(id);
  names.merge(by_id(items.names, ids));
  if (names != before) write_names(o.index, names);
  index->commit();
  if (!common.to_output())
    std::printf("%s: %zu codes added, %td in all\n", o.index.string().c_str(), ids.size(), index->size());
  return {{"file", o.index.string()}, {"added", ids.size()}, {"codes", index->size()}};
}

/// Ids of a file, or with commas between.
std::vector<std::int64_t> ids_named(const std::string& file_or_list) {
  std::error_code ignored;
  if (fs::exists(file_or_list, ignored)) return parse_ids(as_text(map_file(file_or_list).bytes), file_or_list);
  std::vector<std::int64_t> ids;
  for (std::size_t at = 0; at <= file_or_list.size();) {
    const std::size_t comma = std::min(file_or_list.find(',', at), file_or_list.size());
    const auto id =
        hashweave::detail::whole_number<std::int64_t>(std::string_view{file_or_list}.substr(at, comma - at));
    if (!id) fail("--ids", "ids", "a file with an id a line, or ids with commas between", "'" + file_or_list + "'");
    ids.push_back(*id);
    at = comma + 1;
  }
  return ids;
}

json do_remove(const IndexArguments& o, const Common& common) {
  std::vector<std::int64_t> ids = ids_named(o.gone);
  std::ranges::sort(ids);
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  const auto index = changing(o);
  const Size removed = index->remove(ids);
  const Size missing = std::ssize(ids) - removed;
  if (removed > 0) index->commit();
  Names names = read_names(o.index);
  const std::size_t before = names.size();
  for (const std::int64_t id : ids) names.erase(id);
  if (names.size() != before) write_names(o.index, names);
  if (!common.to_output())
    std::printf("%s: %td codes removed, %td were not there, %td are left\n", o.index.string().c_str(), removed, missing,
                index->size());
  return {{"file", o.index.string()}, {"removed", removed}, {"missing", missing}, {"codes", index->size()}};
}

// ---- info, verify ---------------------------------------------------------------------------------------------------

json facts_of(const fs::path& file) {
  const FileKind kind = kind_of_file(file);
  json out{{"file", file.string()}, {"format", name_of(kind)}};
  IndexFacts facts;
  if (kind == FileKind::hashweave) {
    facts = index_facts(file);
    out["version"] = facts.version;
    out["generation"] = facts.generation;
    json parts = json::array();
    for (const IndexFacts::Part& part : facts.parts) {
      json tables;
      if (part.chunks > 0) tables = {{"chunks", part.chunks}, {"width", part.chunk_bits}};
      parts.push_back({{"codes", part.codes}, {"removed", part.removed}, {"tables", tables}});
    }
    out["parts"] = parts;
  } else {
    const CodeTable codes = read_named_codes(file).codes;
    facts.bits = codes.bits;
    facts.codes = codes.rows();
    facts.bytes = bytes_of_file(file);
  }
  out["bits"] = facts.bits;
  out["codes"] = facts.codes;
  out["bytes"] = facts.bytes;
  out["bytes_per_code"] =
      facts.codes == 0 ? json{} : json(static_cast<double>(facts.bytes) / static_cast<double>(facts.codes));
  out["names"] = read_names(file).size();
  return out;
}

/// The tables of all parts in a few words.
std::string tables_in_words(const json& parts) {
  std::string words;
  for (const json& part : parts)
    if (const json& tables = part["tables"]; !tables.is_null())
      words += (words.empty() ? "" : "; ") + std::to_string(tables["chunks"].get<Size>()) + " of " +
               std::to_string(tables["width"].get<Size>()) + " bits for " + std::to_string(part["codes"].get<Size>()) +
               " codes";
  return words.empty() ? "none" : words;
}

json do_info(const IndexArguments& o, const Common& common) {
  json facts = facts_of(o.index);
  if (common.to_output()) return facts;
  for (const char* key :
       {"file", "format", "version", "generation", "bits", "codes", "parts", "bytes", "bytes_per_code", "names"}) {
    if (!facts.contains(key)) continue;
    const json& value = facts[key];
    if (value.is_array()) {
      std::printf("%-15s %zu\n%-15s %s\n", "parts", value.size(), "tables", tables_in_words(value).c_str());
    } else if (value.is_number_float()) {
      std::printf("%-15s %.2f\n", "bytes a code", value.get<double>());
    } else if (!value.is_null()) {
      std::printf("%-15s %s\n", key, value.is_string() ? value.get<std::string>().c_str() : value.dump().c_str());
    }
  }
  return facts;
}

json do_verify(const IndexArguments& o, const Common& common) {
  const FileKind kind = kind_of_file(o.index);
  if (kind == FileKind::hashweave) verify_index(o.index);
  json facts = facts_of(o.index);  // reads files of other kinds whole
  if (!common.to_output())
    std::printf("%s: %s, %td codes of %td bits, %zu names, %llu bytes: read whole, without a fault\n",
                o.index.string().c_str(), std::string{name_of(kind)}.c_str(), facts["codes"].get<Size>(),
                facts["bits"].get<Size>(), facts["names"].get<std::size_t>(),
                static_cast<unsigned long long>(facts["bytes"].get<std::uint64_t>()));
  return facts;
}

// ---- export ---------------------------------------------------------------------------------------------------------

json do_export(const IndexArguments& o, const Common& common) {
  NamedCodes items;
  Names names;
  if (kind_of_file(o.index) == FileKind::hashweave) {
    items.codes = open_index(o.index)->table();
    for (const auto& [id, name] : read_names(o.index))
      if (std::ranges::binary_search(items.codes.ids, id)) names.emplace(id, name);
  } else {
    items = read_named_codes(o.index);
    names = by_id(items.names, items.codes.ids);
  }
  write_with_names(o.out, names, [&] {
    if (o.format == "npy")
      write_codes_npy(o.out, items.codes);
    else if (o.format == "faiss")
      write_faiss_binary(o.out, items.codes);
    else if (o.format == "postgres")
      write_postgres_copy(o.out, items.codes);
    else
      write_code_lines(o.out, items.codes);
  });
  if (!common.to_output()) {
    std::printf("%s: %td codes of %td bits\n", o.out.string().c_str(), items.codes.rows(), items.codes.bits);
    if (o.format == "postgres") std::printf("%s%s", postgres_create(items.codes.bits).c_str(), postgres_copy().c_str());
  }
  return {{"file", o.out.string()}, {"format", o.format}, {"codes", items.codes.rows()}, {"bits", items.codes.bits}};
}

}  // namespace

void add_index(CLI::App& app, Common& common, Todo& todo) {
  const auto o = std::make_shared<IndexArguments>();
  CLI::App& all = *app.add_subcommand("index", "make, change and look into index files");
  all.require_subcommand(1);
  const auto command = [&](const char* name, const char* about, json (*work)(const IndexArguments&, const Common&)) {
    CLI::App* c = all.add_subcommand(name, about);
    common.add_json(*c);
    c->callback([&todo, &common, o, work] { todo = [&common, o, work] { return work(*o, common); }; });
    return c;
  };
  const auto add_codes = [&](CLI::App* c) {
    c->add_option("--codes", o->codes, "codes: npy, FAISS binary index, JSON lines or PostgreSQL's COPY")->required();
    c->add_option("--ids", o->ids, "file with an id a line, one a code (default: those of the codes)");
    c->add_option("--names", o->names, "file with a name a line, one a code: what `search` shows beside the id");
    c->add_option("--search", o->search, "tables: none (scan), always (mih); by default where they pay")
        ->check(CLI::IsMember({"scan", "mih"}));
  };
  const auto add_file = [&](CLI::App* c, const char* about) { c->add_option("--index", o->index, about)->required(); };
  constexpr const char* own = "index file of `index build`";
  constexpr const char* any = "index file of hashweave or FAISS, or codes";

  CLI::App* build = command("build", "write an index of codes", do_build);
  add_codes(build);
  build->add_option("--out", o->out, "file to write")->required();
  build->add_option("--format", o->format, "hashweave or faiss (IndexBinaryFlat, with ids in IndexBinaryIDMap2)")
      ->check(CLI::IsMember({"hashweave", "faiss"}))
      ->default_val("hashweave");

  CLI::App* add = command("add", "add codes; without ids under those that follow the largest one", do_add);
  add_file(add, own);
  add_codes(add);

  CLI::App* remove = command("remove", "remove codes; ids that are not there are counted", do_remove);
  add_file(remove, own);
  remove->add_option("--ids", o->gone, "file with an id a line, or ids with commas between")->required();

  add_file(command("info", "what an index file says of itself", do_info), any);
  add_file(command("verify", "read an index whole: checksums, ids, tables against codes", do_verify), any);

  CLI::App* write = command("export", "write an index's codes for other tools", do_export);
  add_file(write, any);
  write->add_option("--out", o->out, "file to write")->required();
  write->add_option("--format", o->format, "npy, faiss, postgres (COPY) or jsonl")
      ->check(CLI::IsMember({"npy", "faiss", "postgres", "jsonl"}))
      ->required();
}

}  // namespace vit2cmh
