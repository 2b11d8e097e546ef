#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <hashweave/io/bytes.hpp>
#include <hashweave/io/checked.hpp>
#include <hashweave/io/code_table.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// The parts of FAISS's binary index files, as faiss/impl/index_write.cpp lays them out: little-endian, no padding.
namespace hashweave::detail {

/// Numbers of a file where they lie, aligned or not.
template <class T>
struct StoredNumbers {
  Bytes bytes;

  std::size_t size() const { return bytes.size() / sizeof(T); }
  T operator[](std::size_t i) const { return load_number<T>(bytes.data() + i * sizeof(T)); }
};

/// A `std::vector<T>` in FAISS's way: u64 count, then the elements. Throws `Error` where the file does not hold them.
template <class T>
StoredNumbers<T> faiss_vector(ByteReader& in, std::string_view what, const std::string& where) {
  const std::uint64_t count = in.u64(what);
  if (count > in.left() / sizeof(T))
    fail(where, "elements of " + std::string{what}, "at most " + std::to_string(in.left() / sizeof(T)), count);
  return {in.take(count * sizeof(T), what)};
}
/// The same, of which there must be `wanted`.
template <class T>
StoredNumbers<T> faiss_vector(ByteReader& in, std::string_view what, const std::string& where, std::uint64_t wanted) {
  const std::uint64_t count = in.u64(what);
  if (count != wanted) fail(where, "elements of " + std::string{what}, wanted, count);
  if (count > in.left() / sizeof(T))
    fail(where, std::string{what} + " at byte " + std::to_string(in.place()),
         std::to_string(count) + " elements of " + std::to_string(sizeof(T)) + " bytes",
         std::to_string(in.left()) + " bytes left");
  return {in.take(count * sizeof(T), what)};
}

/// What follows the four letters of every binary index, 21 bytes:
/// i32 d | i32 code_size | i64 ntotal | u8 is_trained | i32 metric
struct FaissHeader {
  Size bits = 0;
  Size rows = 0;
  bool trained = false;

  std::uint64_t row_bytes() const { return static_cast<std::uint64_t>(bits / 8); }
};
inline FaissHeader faiss_header(ByteReader& in, const std::string& where) {
  const auto d = in.number<std::int32_t>("d"), code_size = in.number<std::int32_t>("code_size");
  const auto ntotal = in.number<std::int64_t>("ntotal");
  const int trained = in.u8("is_trained");
  const auto metric = in.number<std::int32_t>("metric");
  require(d > 0 && d % 8 == 0, where, "dimension d", "a positive multiple of 8", d);
  require(code_size == d / 8, where, "code_size", d / 8, code_size);
  require(ntotal >= 0, where, "ntotal", "at least 0", ntotal);
  require(trained <= 1, where, "is_trained", "0 or 1", trained);
  require(metric == 1, where, "metric", "1 (of binary codes: Hamming)", metric);
  return {d, ntotal, trained == 1};
}

/// Reads over the graph of an IBHf index and checks all that a search would rely on:
/// vector<f64> assign_probas | vector<i32> cum_nneighbor_per_level | vector<i32> levels | vector<u64> offsets
/// | vector<i32> neighbors | i32 entry_point | i32 max_level | i32 efConstruction | i32 efSearch | i32 upper_beam
inline void check_faiss_graph(ByteReader& in, std::size_t rows, const std::string& where) {
  faiss_vector<double>(in, "assign_probas", where);
  const auto links = faiss_vector<std::int32_t>(in, "cum_nneighbor_per_level", where);
  require(links.size() > 0 && links[0] == 0, where, "cum_nneighbor_per_level", "numbers that begin with 0",
          links.size() > 0 ? std::to_string(links[0]) : "none");
  for (std::size_t i = 1; i < links.size(); ++i)
    if (links[i] < links[i - 1]) fail(where, "cum_nneighbor_per_level", "numbers that do not fall", links[i]);

  const auto levels = faiss_vector<std::int32_t>(in, "levels", where, rows);
  const auto offsets = faiss_vector<std::uint64_t>(in, "offsets", where, rows + 1);
  require(offsets[0] == 0, where, "offsets[0]", 0, offsets[0]);
  for (std::size_t i = 0; i < rows; ++i) {
    const std::int32_t level = levels[i];
    if (level < 1 || static_cast<std::size_t>(level) >= links.size())
      fail(where, "levels[" + std::to_string(i) + "]", "1 to " + std::to_string(links.size() - 1), level);
    const std::uint64_t next = offsets[i] + static_cast<std::uint64_t>(links[static_cast<std::size_t>(level)]);
    if (offsets[i + 1] != next) fail(where, "offsets[" + std::to_string(i + 1) + "]", next, offsets[i + 1]);
  }
  const auto neighbors = faiss_vector<std::int32_t>(in, "neighbors", where, offsets[rows]);
  for (std::size_t i = 0; i < neighbors.size(); ++i)
    if (const std::int32_t to = neighbors[i]; to < -1 || to >= static_cast<std::int64_t>(rows))
      fail(where, "neighbors[" + std::to_string(i) + "]", "-1 to " + std::to_string(static_cast<Size>(rows) - 1), to);

  const auto entry = in.number<std::int32_t>("entry_point"), top = in.number<std::int32_t>("max_level");
  in.take(3 * sizeof(std::int32_t), "efConstruction, efSearch and upper_beam");
  if (rows == 0) {
    require(entry == -1, where, "entry_point of an empty graph", -1, entry);
    require(top == -1, where, "max_level of an empty graph", -1, top);
  } else {
    if (entry < 0 || static_cast<std::size_t>(entry) >= rows)
      fail(where, "entry_point", "0 to " + std::to_string(rows - 1), entry);
    const std::int32_t own = levels[static_cast<std::size_t>(entry)] - 1;
    require(top == own, where, "max_level (that of the entry point)", own, top);
  }
}

/// Reads over the direct map of an IBwF index, which says in which list and at which place an id lies:
/// i8 type (0 none, 1 array, 2 hash table) | vector<i64> array | [type 2: vector<{i64 id, i64 place}>]
/// A place is list << 32 | place in the list; -1 in an array is an id that is gone.
inline void check_faiss_direct_map(ByteReader& in, std::size_t rows, std::uint64_t lists, const std::string& where) {
  const int type = in.u8("type of the direct map");
  require(type <= 2, where, "type of the direct map", "0, 1 or 2", type);
  const auto check_place = [&](std::int64_t place, bool may_be_gone) {
    if (place == -1 && may_be_gone) return;
    if (place < 0 || static_cast<std::uint64_t>(place) >> 32U >= lists)
      fail(where, "place in the direct map", "one in the " + std::to_string(lists) + " lists", place);
  };
  if (type != 1) {
    faiss_vector<std::int64_t>(in, "direct map", where, 0);
  } else {
    const auto places = faiss_vector<std::int64_t>(in, "direct map", where, rows);
    for (std::size_t i = 0; i < places.size(); ++i) check_place(places[i], true);
  }
  if (type != 2) return;
  const std::uint64_t count = in.u64("hash table");
  require(count <= rows, where, "entries of the hash table", "at most " + std::to_string(rows), count);
  if (count > in.left() / 16)
    fail(where, "hash table at byte " + std::to_string(in.place()), std::to_string(count) + " entries of 16 bytes",
         std::to_string(in.left()) + " bytes left");
  const StoredNumbers<std::int64_t> pairs{in.take(count * 16, "hash table")};
  for (std::size_t i = 1; i < pairs.size(); i += 2) check_place(pairs[i], false);
}

/// The inverted lists of an IBwF index as a table, its rows in ascending order of their ids:
/// "il00", which holds nothing, or "ilar" | u64 nlist | u64 code_size
/// | "full" vector<u64> sizes, or "sprs" vector<u64> of pairs {list, size}
/// | for every list that is not empty: size * code_size bytes of codes, size * i64 ids
inline CodeTable faiss_lists(ByteReader& in, const FaissHeader& header, std::uint64_t lists, const std::string& where) {
  const auto rows = static_cast<std::uint64_t>(header.rows);
  CodeTable table{header.bits, {}, {}, true};
  const std::string kind{as_text(in.take(4, "kind of inverted lists"))};
  if (kind == "il00") {
    require(rows == 0, where, "inverted lists", std::to_string(rows) + " codes", "none of them (il00)");
    return table;
  }
  require(kind == "ilar", where, "kind of inverted lists", "ilar or il00", legible(kind));
  const std::uint64_t nlist = in.u64("nlist of the lists"), code_size = in.u64("code_size of the lists");
  require(nlist == lists, where, "nlist of the lists", lists, nlist);
  require(code_size == header.row_bytes(), where, "code_size of the lists", header.row_bytes(), code_size);
  const std::string form{as_text(in.take(4, "form of the list sizes"))};
  require(form == "full" || form == "sprs", where, "form of the list sizes", "full or sprs", legible(form));
  const bool sparse = form == "sprs";
  const auto sizes = sparse ? faiss_vector<std::uint64_t>(in, "list sizes", where)
                            : faiss_vector<std::uint64_t>(in, "list sizes", where, lists);
  require(!sparse || sizes.size() % 2 == 0, where, "elements of list sizes", "an even number", sizes.size());
  const std::size_t step = sparse ? 2 : 1;
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < sizes.size(); i += step) {
    if (sparse && (sizes[i] >= lists || (i > 0 && sizes[i] <= sizes[i - 2])))
      fail(where, "list with codes", "ascending numbers below " + std::to_string(lists), sizes[i]);
    const auto sum = checked_add(total, sizes[i + step - 1]);
    if (!sum || *sum > rows) fail(where, "codes in all lists", rows, "more");
    total = *sum;
  }
  require(total == rows, where, "codes in all lists", rows, total);
  if (rows > in.left() / (code_size + 8))
    fail(where, "bytes of the lists",
         std::to_string(rows) + " codes and ids of " + std::to_string(code_size + 8) + " bytes",
         std::to_string(in.left()) + " bytes left");

  std::vector<std::pair<std::int64_t, const std::byte*>> found;  // id, code
  found.reserve(rows);
  for (std::size_t i = 0; i < sizes.size(); i += step) {
    const std::uint64_t size = sizes[i + step - 1];
    const Bytes codes = in.take(size * code_size, "codes of a list");
    const StoredNumbers<std::int64_t> ids{in.take(size * 8, "ids of a list")};
    for (std::size_t j = 0; j < size; ++j) found.emplace_back(ids[j], codes.data() + j * code_size);
  }
  std::ranges::sort(found, {}, [](const auto& item) { return item.first; });
  table.bytes.resize(rows * code_size);
  table.ids.resize(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    table.ids[i] = found[i].first;
    std::memcpy(table.bytes.data() + i * code_size, found[i].second, code_size);
  }
  return table;
}

}  // namespace hashweave::detail
