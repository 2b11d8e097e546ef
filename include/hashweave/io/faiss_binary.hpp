#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <hashweave/io/bytes.hpp>
#include <hashweave/io/checked.hpp>
#include <hashweave/io/code_table.hpp>
#include <hashweave/io/faiss_parts.hpp>
#include <hashweave/io/file.hpp>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave {

/// How many binary indexes of FAISS may lie within one another: an id map, IVF, its quantizer, that one's storage.
inline constexpr int faiss_nesting_limit = 8;

/// How `write_faiss_binary` stores a table.
enum class FaissKind : std::uint8_t {
  automatic,  ///< IBxF where the ids are 0 .. n - 1 in this order, IBM2 otherwise
  flat,       ///< IBxF (`IndexBinaryFlat`), which has no ids
  id_map,     ///< IBMp (`IndexBinaryIDMap`) around IBxF
  id_map2     ///< IBM2 (`IndexBinaryIDMap2`) around IBxF
};

namespace detail {

/// The kinds of index that are known and not read.
struct FaissOther {
  std::string_view fourcc, name;
};
inline constexpr std::array<FaissOther, 5> faiss_others{{{"IBHh", "binary hash"},
                                                         {"IBHm", "binary multi-hash"},
                                                         {"IBHc", "binary HNSW of CAGRA"},
                                                         {"IBFf", "binary from float"},
                                                         {"null", "no index"}}};
[[noreturn]] inline void fail_faiss_kind(const std::string& fourcc, const std::string& where) {
  std::string got = "'" + legible(fourcc) + "'";
  for (const auto& [name, words] : faiss_others)
    if (fourcc == name) got.append(" (").append(words).append(")");
  if (fourcc.starts_with('I') && !fourcc.starts_with("IB")) got += " (not a binary index)";
  fail(where, "kind of index", "IBxF, IBMp, IBM2, IBHf or IBwF", got);
}

/// Reads one index and those within it. `depth` counts from 1.
inline CodeTable faiss_index(ByteReader& in, int depth, const std::string& outer) {
  require(depth <= faiss_nesting_limit, outer, "indexes within one another", Phrase{"at most ", faiss_nesting_limit},
          "more");
  const std::string fourcc{as_text(in.take(4, "kind of index"))};
  if (fourcc != "IBxF" && fourcc != "IBMp" && fourcc != "IBM2" && fourcc != "IBHf" && fourcc != "IBwF")
    fail_faiss_kind(fourcc, outer);
  const std::string where = outer + ", " + fourcc;
  const FaissHeader header = faiss_header(in, where);
  const auto rows = static_cast<std::uint64_t>(header.rows);
  const auto inner = [&](std::string_view what) {
    CodeTable table = faiss_index(in, depth + 1, where);
    require(table.bits == header.bits, where, std::string{what} + ": dimension d", header.bits, table.bits);
    return table;
  };

  if (fourcc == "IBxF") {
    const auto wanted = checked_multiply(rows, header.row_bytes());
    require(wanted.has_value(), where, "ntotal", "such that the codes fit into memory", rows);
    const Bytes codes = faiss_vector<std::uint8_t>(in, "codes", where, *wanted).bytes;
    CodeTable table{header.bits, std::vector<std::uint8_t>(codes.size()), row_numbers(header.rows), false};
    if (!codes.empty()) std::memcpy(table.bytes.data(), codes.data(), codes.size());
    return table;
  }
  if (fourcc == "IBHf") {
    require(rows < std::numeric_limits<std::int32_t>::max(), where, "ntotal of a graph", "below 2^31", rows);
    check_faiss_graph(in, rows, where);
    const std::string kind{as_text(ByteReader{in}.take(4, "kind of the storage"))};
    require(kind == "IBxF", where, "storage", "IBxF", legible(kind));
    CodeTable storage = inner("storage");
    require(storage.rows() == header.rows, where, "ntotal of the storage", rows, storage.rows());
    return storage;
  }
  if (fourcc == "IBwF") {
    const std::uint64_t lists = in.u64("nlist");
    in.u64("nprobe");
    const Size centroids = inner("quantizer").rows();
    require(!header.trained || static_cast<std::uint64_t>(centroids) == lists, where, "ntotal of the quantizer", lists,
            centroids);
    check_faiss_direct_map(in, rows, lists, where);
    return faiss_lists(in, header, lists, where);
  }
  CodeTable table = inner("mapped index");  // IBMp, IBM2
  require(table.rows() == header.rows, where, "ntotal of the mapped index", rows, table.rows());
  const auto map = faiss_vector<std::int64_t>(in, "id_map", where, rows);
  for (std::int64_t& id : table.ids) {
    if (id < 0 || id >= header.rows)
      fail(where, "ids of the mapped index", "row numbers below " + std::to_string(rows), id);
    id = map[static_cast<std::size_t>(id)];
  }
  table.ids_given = true;
  return table;
}

/// A number's bytes, behind those that are there.
template <class T>
void append_number(std::string& to, T number) {
  to.append(reinterpret_cast<const char*>(&number), sizeof number);
}
/// The four letters and the header that every index begins with.
inline void append_faiss_head(std::string& to, std::string_view fourcc, const CodeTable& table) {
  to += fourcc;
  append_number(to, static_cast<std::int32_t>(table.bits));
  append_number(to, static_cast<std::int32_t>(table.row_bytes()));
  append_number(to, static_cast<std::int64_t>(table.rows()));
  append_number(to, std::uint8_t{1});  // is_trained
  append_number(to, std::int32_t{1});  // metric
}

}  // namespace detail

/// The codes of a FAISS binary index:
///
/// | kind | read |
/// |---|---|
/// | IBxF, `IndexBinaryFlat` | codes; ids are row numbers |
/// | IBMp, IBM2, `IndexBinaryIDMap`, `…IDMap2` | any of these kinds and its ids |
/// | IBHf, `IndexBinaryHNSW` | the codes stored; the graph is checked and left out |
/// | IBwF, `IndexBinaryIVF` | all lists ("full", "sprs", "il00"), rows in ascending order of ids, so that the result
/// does not depend on the lists; quantizer and direct map are checked and left out |
///
/// Codes come out byte for byte; FAISS does not say in which order it numbers the bits of a byte. Every size is checked
/// against the bytes that are there before memory is taken: bits / 8 + 8 bytes a code, in IBwF 16 more while reading.
/// Throws `Error` at another kind, named; at any disagreement between the numbers of the file; at bytes behind the end;
/// and at an id that comes twice. Source: faiss/impl/index_write.cpp, index_read.cpp (1.15.1).
inline CodeTable parse_faiss_binary(Bytes bytes, const std::string& where) {
  ByteReader in{bytes, where};
  CodeTable table = detail::faiss_index(in, 1, where);
  require(in.left() == 0, where, "bytes behind the index", 0, in.left());
  table.check(where);
  return table;
}

/// Reads a file of `faiss.write_index_binary`. Throws as `parse_faiss_binary` and `map_file`.
inline CodeTable read_faiss_binary(const std::filesystem::path& path) {
  return parse_faiss_binary(map_file(path).bytes, path.string());
}

/// Writes a file for `faiss.read_index_binary`, whole or not at all, byte for byte as FAISS would:
///
///     IBxF | d, code_size, ntotal, 1, metric 1 | u64 n | codes                 (33 + n bits / 8 bytes)
///     IBM2 | the same header | IBxF … | u64 n | i64 ids
///
/// Throws `Error` as `CodeTable::check`, for more than 2^31 - 1 bits, and for `FaissKind::flat` with ids other than the
/// row numbers; `MachineError` where the disk fails.
inline void write_faiss_binary(const std::filesystem::path& path, const CodeTable& table,
                               FaissKind kind = FaissKind::automatic) {
  table.check(path.string());
  require(table.bits <= std::numeric_limits<std::int32_t>::max(), path.string(), "bits of a code", "at most 2^31 - 1",
          table.bits);
  const bool numbered = table.ids_are_row_numbers();
  if (kind == FaissKind::automatic) kind = numbered ? FaissKind::flat : FaissKind::id_map2;
  require(numbered || kind != FaissKind::flat, path.string(), "ids of IBxF, which holds none", "the row numbers",
          "others");
  std::string head;
  if (kind != FaissKind::flat) detail::append_faiss_head(head, kind == FaissKind::id_map ? "IBMp" : "IBM2", table);
  detail::append_faiss_head(head, "IBxF", table);
  detail::append_number(head, static_cast<std::uint64_t>(table.bytes.size()));
  write_atomically(path, [&](FileWriter& out) {
    out.write(head);
    out.write(std::as_bytes(std::span{table.bytes}));
    if (kind == FaissKind::flat) return;
    const auto count = static_cast<std::uint64_t>(table.rows());
    out.write(std::as_bytes(std::span{&count, 1}));
    out.write(std::as_bytes(std::span{table.ids}));
  });
}

}  // namespace hashweave
