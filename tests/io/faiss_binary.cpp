#include <catch2/catch.hpp>
#include <cstdint>
#include <hashweave/io/faiss_binary.hpp>
#include <io/files.hpp>
#include <string>
#include <vector>

using namespace hashweave;
using namespace hashweave::test;

namespace {

using Ids = std::vector<std::int64_t>;

/// The codes of tests/io/data/make_faiss.py: byte j of code i is (37 i + 11 j + 5) mod 256.
CodeTable made(Size rows, Size bits, const Ids& ids = {}) {
  CodeTable table{bits, {}, ids.empty() ? row_numbers(rows) : ids, !ids.empty()};
  for (Size i = 0; i < rows; ++i)
    for (Size j = 0; j < bits / 8; ++j) table.bytes.push_back(static_cast<std::uint8_t>(37 * i + 11 * j + 5));
  return table;
}
void check_table(const CodeTable& table, const CodeTable& wanted) {
  CHECK(table.bits == wanted.bits);
  CHECK(table.bytes == wanted.bytes);
  CHECK(table.ids == wanted.ids);
  CHECK(table.ids_given == wanted.ids_given);
}
std::filesystem::path seed(const std::string& name) { return test_file("io/data/faiss_binary") / name; }

std::string message_of_faiss(const std::string& text) {
  return test::message_of([&] { parse_faiss_binary(as_bytes(text), "f"); });
}
/// The message for a file of tests/io/data/faiss_binary with other bytes at one place.
std::string message_of_faiss(const std::string& name, std::size_t at, const std::string& bytes) {
  std::string text = content_of(seed(name));
  return message_of_faiss(text.replace(at, bytes.size(), bytes));
}
std::string i32(std::int32_t number) { return le(number); }
std::string i64(std::int64_t number) { return le(number); }

std::string head(const std::string& fourcc, std::int32_t d, std::int64_t rows) {
  return fourcc + i32(d) + i32(d / 8) + i64(rows) + "\1" + i32(1);
}
std::string flat(std::int32_t d, std::int64_t rows) {
  const auto size = static_cast<std::size_t>(rows * d / 8);
  return head("IBxF", d, rows) + i64(rows * d / 8) + std::string(size, 'c');
}

}  // namespace

TEST_CASE("A flat FAISS index has exactly these bytes", "[io][faiss]") {
  // written by faiss 1.15.1: IndexBinaryFlat(32) with the codes ff e4 22 79, f3 bd 06 83, 66 a8 52 c1
  const std::string golden{
      "\x49\x42\x78\x46\x20\x00\x00\x00\x04\x00\x00\x00\x03\x00\x00\x00"
      "\x00\x00\x00\x00\x01\x01\x00\x00\x00\x0c\x00\x00\x00\x00\x00\x00"
      "\x00\xff\xe4\x22\x79\xf3\xbd\x06\x83\x66\xa8\x52\xc1",
      45};
  const CodeTable table = parse_faiss_binary(as_bytes(golden), "f");
  CHECK(table.bits == 32);
  CHECK(table.bytes == std::vector<std::uint8_t>{0xff, 0xe4, 0x22, 0x79, 0xf3, 0xbd, 6, 0x83, 0x66, 0xa8, 0x52, 0xc1});
  CHECK(table.ids == Ids{0, 1, 2});
  CHECK_FALSE(table.ids_given);
  const TemporaryFolder folder;
  write_faiss_binary(folder / "f", table);
  CHECK(content_of(folder / "f") == golden);
}

TEST_CASE("Indexes that FAISS wrote are read: flat, id maps, HNSW, IVF", "[io][faiss]") {
  check_table(read_faiss_binary(seed("flat.faiss")), made(3, 32));
  check_table(read_faiss_binary(seed("flat_empty.faiss")), made(0, 256));
  check_table(read_faiss_binary(seed("idmap.faiss")), made(3, 32, {5, -3, std::int64_t{1} << 40}));
  check_table(read_faiss_binary(seed("idmap2.faiss")), made(3, 32, {5, -3, std::int64_t{1} << 40}));
  check_table(read_faiss_binary(seed("hnsw.faiss")), made(12, 16));
  check_table(read_faiss_binary(seed("hnsw_empty.faiss")), made(0, 16));
  check_table(read_faiss_binary(seed("idmap2_hnsw.faiss")), made(4, 16, {9, 8, 7, 6}));
  for (const char* name : {"ivf_sparse.faiss", "ivf_graph.faiss", "ivf_array.faiss", "ivf_hash.faiss"}) {
    CAPTURE(name);
    const CodeTable table = read_faiss_binary(seed(name));
    check_table(table, made(table.rows(), 16, row_numbers(table.rows())));
    CHECK(table.rows() >= 2);
  }
  const CodeTable untrained = read_faiss_binary(seed("ivf_untrained.faiss"));
  CHECK(untrained.bits == 16);
  CHECK(untrained.rows() == 0);
}

TEST_CASE("The rows of an IVF index come in ascending order of their ids", "[io][faiss]") {
  const CodeTable table = read_faiss_binary(seed("ivf_full.faiss")), added = made(12, 16);
  REQUIRE(table.rows() == 12);
  for (Size i = 0; i < 12; ++i) {
    CHECK(table.ids[static_cast<std::size_t>(i)] == 89 + i);
    CHECK(std::ranges::equal(table.row(i), added.row(11 - i)));  // they were added under 100, 99 … 89
  }
}

TEST_CASE("What is written has the bytes that FAISS writes", "[io][faiss]") {
  const TemporaryFolder folder;
  for (const char* name : {"flat.faiss", "flat_empty.faiss", "idmap2.faiss"}) {
    CAPTURE(name);
    write_faiss_binary(folder / name, read_faiss_binary(seed(name)));
    CHECK(content_of(folder / name) == content_of(seed(name)));
  }
  write_faiss_binary(folder / "map", read_faiss_binary(seed("idmap.faiss")), FaissKind::id_map);
  CHECK(content_of(folder / "map") == content_of(seed("idmap.faiss")));
  write_faiss_binary(folder / "map", made(3, 32), FaissKind::id_map2);
  check_table(read_faiss_binary(folder / "map"), made(3, 32, {0, 1, 2}));
  write_faiss_binary(folder / "ivf", read_faiss_binary(seed("ivf_full.faiss")));
  check_table(read_faiss_binary(folder / "ivf"), read_faiss_binary(seed("ivf_full.faiss")));
  // numbers that were given but are the row numbers need no map
  write_faiss_binary(folder / "flat", made(3, 32, {0, 1, 2}));
  CHECK(content_of(folder / "flat") == content_of(seed("flat.faiss")));

  CHECK_THROWS_WITH(write_faiss_binary(folder / "x", made(2, 16, {1, 0}), FaissKind::flat),
                    (folder / "x").string() + ": ids of IBxF, which holds none: expected the row numbers, got others");
  CHECK_THROWS_WITH(write_faiss_binary(folder / "x", made(2, 16, {4, 4})),
                    (folder / "x").string() + ": ids: expected each once, got 4 twice");
  CHECK_THROWS_WITH(write_faiss_binary(folder / "x", CodeTable{}),
                    (folder / "x").string() + ": bits of a code: expected a positive multiple of 8, got 0");
  CHECK_THROWS_AS(write_faiss_binary(folder / "x", CodeTable{std::int64_t{1} << 31, {}, {}, false}), Error);
  CHECK_FALSE(std::filesystem::exists(folder / "x"));
}

TEST_CASE("Each fault in the header of a FAISS index has its own message", "[io][faiss]") {
  CHECK(message_of_faiss("IB") == "f: kind of index at byte 0: expected 4 bytes, got 2 left");
  CHECK(message_of_faiss("IBzz") == "f: kind of index: expected IBxF, IBMp, IBM2, IBHf or IBwF, got 'IBzz'");
  CHECK(message_of_faiss("IxF2") ==
        "f: kind of index: expected IBxF, IBMp, IBM2, IBHf or IBwF, got 'IxF2' (not a binary index)");
  CHECK(message_of_faiss(content_of(seed("hash.faiss"))) ==
        "f: kind of index: expected IBxF, IBMp, IBM2, IBHf or IBwF, got 'IBHh' (binary hash)");
  CHECK(message_of_faiss(std::string("\0\1\2\3", 4)) ==
        "f: kind of index: expected IBxF, IBMp, IBM2, IBHf or IBwF, got '\\x00\\x01\\x02\\x03'");
  const std::string name = "flat.faiss";
  CHECK(message_of_faiss(name, 4, i32(0)) == "f, IBxF: dimension d: expected a positive multiple of 8, got 0");
  CHECK(message_of_faiss(name, 4, i32(-8)) == "f, IBxF: dimension d: expected a positive multiple of 8, got -8");
  CHECK(message_of_faiss(name, 4, i32(33)) == "f, IBxF: dimension d: expected a positive multiple of 8, got 33");
  CHECK(message_of_faiss(name, 8, i32(5)) == "f, IBxF: code_size: expected 4, got 5");
  CHECK(message_of_faiss(name, 12, i64(-1)) == "f, IBxF: ntotal: expected at least 0, got -1");
  CHECK(message_of_faiss(name, 12, i64(4)) == "f, IBxF: elements of codes: expected 16, got 12");
  CHECK(message_of_faiss(name, 12, i64(std::int64_t{1} << 62)) ==
        "f, IBxF: ntotal: expected such that the codes fit into memory, got 4611686018427387904");
  CHECK(message_of_faiss(name, 20, "\2") == "f, IBxF: is_trained: expected 0 or 1, got 2");
  CHECK(message_of_faiss(name, 21, i32(0)) == "f, IBxF: metric: expected 1 (of binary codes: Hamming), got 0");
  CHECK(message_of_faiss(name, 25, i64(13)) == "f, IBxF: elements of codes: expected 12, got 13");
  CHECK(message_of_faiss(content_of(seed(name)).substr(0, 44)) ==
        "f, IBxF: codes at byte 33: expected 12 elements of 1 bytes, got 11 bytes left");
  CHECK(message_of_faiss(head("IBxF", 8, std::int64_t{1} << 40) + i64(std::int64_t{1} << 40)) ==
        "f, IBxF: codes at byte 33: expected 1099511627776 elements of 1 bytes, got 0 bytes left");
  CHECK(message_of_faiss(content_of(seed(name)) + "x") == "f: bytes behind the index: expected 0, got 1");
}

TEST_CASE("Each fault in an id map of FAISS has its own message", "[io][faiss]") {
  const auto map = [](std::int32_t d, const Ids& ids, const std::string& inner) {
    std::string text = head("IBM2", d, 2) + inner + i64(std::ssize(ids));
    for (const std::int64_t id : ids) text += i64(id);
    return text;
  };
  CHECK(message_of_faiss(map(16, {7, 8}, flat(16, 2))) == "no error");
  CHECK(message_of_faiss(map(16, {7, 7}, flat(16, 2))) == "f: ids: expected each once, got 7 twice");
  CHECK(message_of_faiss(map(24, {7, 8}, flat(16, 2))) == "f, IBM2: mapped index: dimension d: expected 24, got 16");
  CHECK(message_of_faiss(map(16, {7, 8}, flat(16, 3))) == "f, IBM2: ntotal of the mapped index: expected 2, got 3");
  CHECK(message_of_faiss(map(16, {7, 8, 9}, flat(16, 2))) == "f, IBM2: elements of id_map: expected 2, got 3");
  CHECK(message_of_faiss(map(16, {7, 8}, "IBHm")) ==
        "f, IBM2: kind of index: expected IBxF, IBMp, IBM2, IBHf or IBwF, got 'IBHm' (binary multi-hash)");
  // a map of a map: the ids of the inner one are places of the outer one
  CHECK(message_of_faiss(map(16, {7, 8}, map(16, {1, 0}, flat(16, 2)))) == "no error");
  const std::string twice = map(16, {7, 8}, map(16, {1, 0}, flat(16, 2)));
  CHECK(parse_faiss_binary(as_bytes(twice), "f").ids == Ids{8, 7});
  CHECK(message_of_faiss(map(16, {7, 8}, map(16, {1, 2}, flat(16, 2)))) ==
        "f, IBM2: ids of the mapped index: expected row numbers below 2, got 2");
  CHECK(message_of_faiss(map(16, {7, 8}, map(16, {-1, 1}, flat(16, 2)))) ==
        "f, IBM2: ids of the mapped index: expected row numbers below 2, got -1");
  std::string nested = flat(16, 0);
  for (int depth = 1; depth < faiss_nesting_limit; ++depth) nested = head("IBMp", 16, 0) + nested + i64(0);
  CHECK(message_of_faiss(nested) == "no error");
  CHECK(message_of_faiss(head("IBMp", 16, 0) + nested + i64(0))
            .ends_with("IBMp: indexes within one another: expected at most 8, got more"));
}

TEST_CASE("Each fault in the graph of a FAISS HNSW index has its own message", "[io][faiss]") {
  // two codes of 8 bits, M = 1: level 0 has two links, each higher one
  struct Graph {
    std::vector<std::int32_t> links{0, 2, 3}, levels{1, 2}, neighbors{1, -1, 0, -1, -1};
    std::vector<std::uint64_t> offsets{0, 2, 5};
    std::int32_t entry = 1, top = 1;
    std::string storage = flat(8, 2);
    std::int64_t rows = 2;

    std::string text() const {
      std::string out = head("IBHf", 8, rows) + i64(1) + le(1.0) + i64(std::ssize(links));
      for (const auto n : links) out += i32(n);
      out += i64(std::ssize(levels));
      for (const auto n : levels) out += i32(n);
      out += i64(std::ssize(offsets));
      for (const auto n : offsets) out += le(n);
      out += i64(std::ssize(neighbors));
      for (const auto n : neighbors) out += i32(n);
      return out + i32(entry) + i32(top) + i32(40) + i32(16) + i32(1) + storage;
    }
  };
  CHECK(message_of_faiss(Graph{}.text()) == "no error");
  CHECK(message_of_faiss(Graph{.links = {}}.text()) ==
        "f, IBHf: cum_nneighbor_per_level: expected numbers that begin with 0, got none");
  CHECK(message_of_faiss(Graph{.links = {1, 2, 3}}.text()) ==
        "f, IBHf: cum_nneighbor_per_level: expected numbers that begin with 0, got 1");
  CHECK(message_of_faiss(Graph{.links = {0, 2, 1}}.text()) ==
        "f, IBHf: cum_nneighbor_per_level: expected numbers that do not fall, got 1");
  CHECK(message_of_faiss(Graph{.levels = {1}}.text()) == "f, IBHf: elements of levels: expected 2, got 1");
  CHECK(message_of_faiss(Graph{.levels = {0, 2}}.text()) == "f, IBHf: levels[0]: expected 1 to 2, got 0");
  CHECK(message_of_faiss(Graph{.levels = {1, 3}}.text()) == "f, IBHf: levels[1]: expected 1 to 2, got 3");
  CHECK(message_of_faiss(Graph{.offsets = {0, 2}}.text()) == "f, IBHf: elements of offsets: expected 3, got 2");
  CHECK(message_of_faiss(Graph{.offsets = {1, 2, 5}}.text()) == "f, IBHf: offsets[0]: expected 0, got 1");
  CHECK(message_of_faiss(Graph{.offsets = {0, 3, 5}}.text()) == "f, IBHf: offsets[1]: expected 2, got 3");
  CHECK(message_of_faiss(Graph{.neighbors = {1, -1, 0, -1}}.text()) ==
        "f, IBHf: elements of neighbors: expected 5, got 4");
  CHECK(message_of_faiss(Graph{.neighbors = {1, -1, 0, -1, 2}}.text()) ==
        "f, IBHf: neighbors[4]: expected -1 to 1, got 2");
  CHECK(message_of_faiss(Graph{.neighbors = {-2, -1, 0, -1, 1}}.text()) ==
        "f, IBHf: neighbors[0]: expected -1 to 1, got -2");
  CHECK(message_of_faiss(Graph{.entry = 2}.text()) == "f, IBHf: entry_point: expected 0 to 1, got 2");
  CHECK(message_of_faiss(Graph{.entry = -1}.text()) == "f, IBHf: entry_point: expected 0 to 1, got -1");
  CHECK(message_of_faiss(Graph{.top = 2}.text()) == "f, IBHf: max_level (that of the entry point): expected 1, got 2");
  CHECK(message_of_faiss(Graph{.storage = flat(8, 1)}.text()) == "f, IBHf: ntotal of the storage: expected 2, got 1");
  CHECK(message_of_faiss(Graph{.storage = flat(16, 2)}.text()) == "f, IBHf: storage: dimension d: expected 8, got 16");
  const std::string map = head("IBMp", 8, 2) + flat(8, 2) + i64(2) + i64(0) + i64(1);
  CHECK(message_of_faiss(Graph{.storage = map}.text()) == "f, IBHf: storage: expected IBxF, got IBMp");
  CHECK(message_of_faiss(Graph{.rows = std::int64_t{1} << 31}.text()) ==
        "f, IBHf: ntotal of a graph: expected below 2^31, got 2147483648");
  const Graph empty{
      .levels = {}, .neighbors = {}, .offsets = {0}, .entry = -1, .top = -1, .storage = flat(8, 0), .rows = 0};
  CHECK(message_of_faiss(empty.text()) == "no error");
  Graph other = empty;
  other.entry = 0;
  CHECK(message_of_faiss(other.text()) == "f, IBHf: entry_point of an empty graph: expected -1, got 0");
  other = empty;
  other.top = 0;
  CHECK(message_of_faiss(other.text()) == "f, IBHf: max_level of an empty graph: expected -1, got 0");
}

TEST_CASE("Each fault in a FAISS IVF index has its own message", "[io][faiss]") {
  // four lists of 8-bit codes; the lists 1 and 3 hold one code and two
  struct Ivf {
    std::uint64_t lists = 4;
    std::string quantizer = flat(8, 4);
    std::string direct = std::string(1, '\0') + i64(0);
    std::string sizes = "sprs" + i64(4) + i64(1) + i64(1) + i64(3) + i64(2);
    std::string parts = "a" + i64(6) + "bc" + i64(5) + i64(4);
    std::string kind = "ilar";
    std::int64_t rows = 3, nlist = 4, code_size = 1;

    std::string text() const {
      const std::string front = head("IBwF", 8, rows) + le(lists) + i64(1) + quantizer + direct + kind;
      return kind == "il00" ? front : front + i64(nlist) + i64(code_size) + sizes + parts;
    }
  };
  const std::string sound = Ivf{}.text();
  CHECK(parse_faiss_binary(as_bytes(sound), "f").ids == Ids{4, 5, 6});
  CHECK(parse_faiss_binary(as_bytes(sound), "f").bytes == std::vector<std::uint8_t>{'c', 'b', 'a'});
  const Ivf full{.sizes = "full" + i64(4) + i64(0) + i64(1) + i64(0) + i64(2)};
  CHECK(parse_faiss_binary(as_bytes(full.text()), "f").ids == Ids{4, 5, 6});
  CHECK(message_of_faiss(Ivf{.quantizer = flat(8, 3)}.text()) == "f, IBwF: ntotal of the quantizer: expected 4, got 3");
  CHECK(message_of_faiss(Ivf{.quantizer = flat(16, 4)}.text()) ==
        "f, IBwF: quantizer: dimension d: expected 8, got 16");
  CHECK(message_of_faiss(Ivf{.kind = "ilod"}.text()) ==
        "f, IBwF: kind of inverted lists: expected ilar or il00, got ilod");
  CHECK(message_of_faiss(Ivf{.kind = "il00"}.text()) ==
        "f, IBwF: inverted lists: expected 3 codes, got none of them (il00)");
  CHECK(message_of_faiss(Ivf{.kind = "il00", .rows = 0}.text()) == "no error");
  CHECK(message_of_faiss(Ivf{.nlist = 5}.text()) == "f, IBwF: nlist of the lists: expected 4, got 5");
  CHECK(message_of_faiss(Ivf{.code_size = 2}.text()) == "f, IBwF: code_size of the lists: expected 1, got 2");
  CHECK(message_of_faiss(Ivf{.sizes = "some"}.text()) ==
        "f, IBwF: form of the list sizes: expected full or sprs, got some");
  CHECK(message_of_faiss(Ivf{.sizes = "full" + i64(3) + i64(1) + i64(0) + i64(2)}.text()) ==
        "f, IBwF: elements of list sizes: expected 4, got 3");
  CHECK(message_of_faiss(Ivf{.sizes = "sprs" + i64(3) + i64(1) + i64(0) + i64(2)}.text()) ==
        "f, IBwF: elements of list sizes: expected an even number, got 3");
  CHECK(message_of_faiss(Ivf{.sizes = "sprs" + i64(4) + i64(1) + i64(1) + i64(4) + i64(2)}.text()) ==
        "f, IBwF: list with codes: expected ascending numbers below 4, got 4");
  CHECK(message_of_faiss(Ivf{.sizes = "sprs" + i64(4) + i64(1) + i64(1) + i64(1) + i64(2)}.text()) ==
        "f, IBwF: list with codes: expected ascending numbers below 4, got 1");
  CHECK(message_of_faiss(Ivf{.sizes = "sprs" + i64(2) + i64(1) + i64(-1)}.text()) ==
        "f, IBwF: codes in all lists: expected 3, got more");
  CHECK(message_of_faiss(Ivf{.sizes = "sprs" + i64(2) + i64(1) + i64(1)}.text()) ==
        "f, IBwF: codes in all lists: expected 3, got 1");
  CHECK(message_of_faiss(Ivf{.sizes = "sprs" + i64(-1)}.text())
            .starts_with("f, IBwF: elements of list sizes: expected at most"));
  CHECK(message_of_faiss(Ivf{.parts = "abc"}.text()) ==
        "f, IBwF: bytes of the lists: expected 3 codes and ids of 9 bytes, got 3 bytes left");
  CHECK(message_of_faiss(Ivf{.parts = "a" + i64(4) + "bc" + i64(5) + i64(4)}.text()) ==
        "f: ids: expected each once, got 4 twice");

  const auto direct = [](char type, const std::string& rest) { return Ivf{.direct = type + rest}.text(); };
  CHECK(message_of_faiss(direct(3, "")) == "f, IBwF: type of the direct map: expected 0, 1 or 2, got 3");
  CHECK(message_of_faiss(direct(0, i64(1))) == "f, IBwF: elements of direct map: expected 0, got 1");
  CHECK(message_of_faiss(direct(1, i64(2))) == "f, IBwF: elements of direct map: expected 3, got 2");
  CHECK(message_of_faiss(direct(1, i64(3) + i64(-1) + i64(0) + i64(std::int64_t{3} << 32))) == "no error");
  CHECK(message_of_faiss(direct(1, i64(3) + i64(-1) + i64(0) + i64(std::int64_t{4} << 32))) ==
        "f, IBwF: place in the direct map: expected one in the 4 lists, got 17179869184");
  CHECK(message_of_faiss(direct(2, i64(0) + i64(1) + i64(7) + i64(2))) == "no error");
  CHECK(message_of_faiss(direct(2, i64(0) + i64(1) + i64(7) + i64(-1))) ==
        "f, IBwF: place in the direct map: expected one in the 4 lists, got -1");
  CHECK(message_of_faiss(direct(2, i64(0) + i64(4))) ==
        "f, IBwF: entries of the hash table: expected at most 3, got 4");
  CHECK(message_of_faiss(
            Ivf{.direct = "\2" + i64(0) + i64(3), .kind = "", .rows = 3}.text().substr(0, 25 + 16 + 37 + 17)) ==
        "f, IBwF: hash table at byte 95: expected 3 entries of 16 bytes, got 0 bytes left");
}
