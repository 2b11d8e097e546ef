#pragma once
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <hashweave/io/bytes.hpp>
#include <hashweave/io/code_table.hpp>
#include <hashweave/io/file.hpp>
#include <hashweave/io/lines.hpp>
#include <span>
#include <string>
#include <string_view>

namespace hashweave {

/// A table of PostgreSQL that holds codes: `id bigint PRIMARY KEY`, `code bit(N)`. Any names; they are quoted.
struct PostgresTable {
  std::string name = "codes";
  std::string schema{};  ///< none: the first of the search path
  std::string id = "id";
  std::string code = "code";
};

/// A code as PostgreSQL writes a bit string: a 0 or 1 for each bit, the first bit first.
inline std::string bit_string(std::span<const std::uint8_t> bytes) {
  std::string text;
  text.reserve(8 * bytes.size());
  for (const std::uint8_t byte : bytes)
    for (int bit = 7; bit >= 0; --bit) text += static_cast<char>('0' + (byte >> bit & 1));
  return text;
}

namespace detail {

/// A name in double quotes, those within doubled. Throws `Error` where it is empty or holds a zero byte.
inline std::string postgres_name(std::string_view name) {
  require(!name.empty() && name.find('\0') == std::string_view::npos, "PostgresTable", "name",
          "one without a zero byte", name.empty() ? "none" : "another");
  std::string quoted = "\"";
  for (const char c : name) quoted.append(c == '"' ? 2 : 1, c);
  return quoted + "\"";
}
inline std::string postgres_name(const PostgresTable& table) {
  return (table.schema.empty() ? "" : postgres_name(table.schema) + ".") + postgres_name(table.name);
}

}  // namespace detail

/// `CREATE TABLE "codes" ("id" bigint PRIMARY KEY, "code" bit(64) NOT NULL);`
/// Throws `Error` unless bits is from 1 to 83,886,080, PostgreSQL's limit of bit(n).
inline std::string postgres_create(Size bits, const PostgresTable& table = {}) {
  require(bits >= 1 && bits <= 83'886'080, "postgres_create", "bits of a code", "1 to 83886080", bits);
  return "CREATE TABLE " + detail::postgres_name(table) + " (" + detail::postgres_name(table.id) +
         " bigint PRIMARY KEY, " + detail::postgres_name(table.code) + " bit(" + std::to_string(bits) +
         ") NOT NULL);\n";
}

/// `COPY "codes" ("id", "code") FROM STDIN;`, which takes what `write_postgres_copy` writes:
/// psql -c "COPY …" < FILE, or a driver's copy call.
inline std::string postgres_copy(const PostgresTable& table = {}) {
  return "COPY " + detail::postgres_name(table) + " (" + detail::postgres_name(table.id) + ", " +
         detail::postgres_name(table.code) + ") FROM STDIN;\n";
}

/// The exact nearest codes of PostgreSQL 14 and later, in the order of `HammingIndex::search`:
///
///     SELECT "id", bit_count("code" # $1) AS distance FROM "codes" ORDER BY distance, "id" LIMIT $2;
///
/// $1 is the query, a bit string (`bit_string`) as long as the codes, $2 is k; `query` and `k` replace them, for
/// instance by B'0101…' and 10. $1 is not cast to bit(N), which would cut or lengthen it in silence: PostgreSQL refuses
/// a length that differs. A table of bytea has no such query: PostgreSQL has bit_count(bytea), but no XOR of bytea.
inline std::string postgres_search(const PostgresTable& table = {}, std::string_view query = "$1",
                                   std::string_view k = "$2") {
  const std::string id = detail::postgres_name(table.id);
  return "SELECT " + id + ", bit_count(" + detail::postgres_name(table.code) + " # " + std::string{query} +
         ") AS distance FROM " + detail::postgres_name(table) + " ORDER BY distance, " + id + " LIMIT " +
         std::string{k} + ";\n";
}

/// The codes of a file in PostgreSQL's COPY text format: lines `id<TAB>code`, the id a whole number, the code a bit
/// string. A line `\.` ends the data. `bits` is the length that codes must have; 0: that of the first line.
/// Throws `Error`, naming the line, at anything else (a NULL, more columns, other lengths), unless bits is a multiple
/// of 8, at an id that comes twice, and at no line at all without `bits`. Source: PostgreSQL 15 documentation, COPY,
/// "Text Format".
inline CodeTable parse_postgres_copy(std::string_view text, const std::string& where, Size bits = 0) {
  CodeTable table{bits, {}, {}, true};
  bool ended = false;
  detail::for_each_line(text, [&](std::string_view line, std::size_t number) {
    const auto refuse = [&](std::string_view what, const auto& expected, const auto& got) {
      fail(where + ", line " + std::to_string(number), what, expected, got);
    };
    if (ended) refuse("lines behind \\.", "none", "'" + legible(line.substr(0, 40)) + "'");
    if (line == "\\.") {
      ended = true;
      return;
    }
    const std::size_t tab = line.find('\t');
    if (tab == std::string_view::npos) refuse("columns", "id and code, with a tab between", "one column");
    const auto id = detail::whole_number<std::int64_t>(line.substr(0, tab));
    if (!id)
      refuse("id", "a whole number of 64 bits", "'" + legible(line.substr(0, std::min<std::size_t>(tab, 40))) + "'");
    const std::string_view code = line.substr(tab + 1);
    if (const auto other = code.find_first_not_of("01"); other != std::string_view::npos)
      refuse("code", "a string of 0 and 1",
             "'" + legible(code.substr(other, 1)) + "' at place " + std::to_string(other));
    if (table.bits == 0) {
      if (code.empty() || code.size() % 8 != 0) refuse("bits of the code", "a positive multiple of 8", code.size());
      table.bits = std::ssize(code);
    }
    if (std::ssize(code) != table.bits) refuse("bits of the code", table.bits, code.size());
    for (std::size_t byte = 0; byte < code.size(); byte += 8) {
      unsigned value = 0;
      for (std::size_t bit = 0; bit < 8; ++bit) value = 2 * value + (code[byte + bit] == '1' ? 1 : 0);
      table.bytes.push_back(static_cast<std::uint8_t>(value));
    }
    table.ids.push_back(*id);
  });
  require(table.bits != 0, where, "lines", "at least one, which says how many bits a code has", "none");
  table.check(where);
  return table;
}

/// Reads a COPY file. Throws as `parse_postgres_copy` and `map_file`.
inline CodeTable read_postgres_copy(const std::filesystem::path& path, Size bits = 0) {
  return parse_postgres_copy(as_text(map_file(path).bytes), path.string(), bits);
}

/// Writes a file for `postgres_copy`, whole or not at all: lines `id<TAB>code`.
/// Throws `Error` as `CodeTable::check`; `MachineError` where the disk fails.
inline void write_postgres_copy(const std::filesystem::path& path, const CodeTable& table) {
  table.check(path.string());
  write_atomically(path, [&](FileWriter& out) {
    for (Size i = 0; i < table.rows(); ++i)
      out.write(std::to_string(table.ids[static_cast<std::size_t>(i)]) + "\t" + bit_string(table.row(i)) + "\n");
  });
}

}  // namespace hashweave
