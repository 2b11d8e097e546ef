#include <catch2/catch.hpp>
#include <cstdint>
#include <hashweave/io/read_codes.hpp>
#include <io/files.hpp>
#include <string>
#include <vector>

using namespace hashweave;
using namespace hashweave::test;

namespace {

using Ids = std::vector<std::int64_t>;
constexpr std::int64_t lowest = std::numeric_limits<std::int64_t>::min(),
                       highest = std::numeric_limits<std::int64_t>::max();

void check_same(const CodeTable& table, const CodeTable& wanted) {
  CHECK(table.bits == wanted.bits);
  CHECK(table.bytes == wanted.bytes);
  CHECK(table.ids == wanted.ids);
  CHECK(table.ids_given == wanted.ids_given);
}
/// Three codes of 16 bits.
CodeTable three(const Ids& ids = {7, lowest, highest}) { return code_table(16, {0x0a, 0x1b, 0xff, 0, 0, 1}, ids); }

}  // namespace

TEST_CASE("A table of codes is checked", "[io][codes]") {
  const CodeTable table = code_table(16, {1, 2, 3, 4});
  CHECK(table.rows() == 2);
  CHECK(table.ids == Ids{0, 1});
  CHECK_FALSE(table.ids_given);
  CHECK(std::ranges::equal(table.row(1), std::vector{3, 4}));
  CHECK(three().ids_given);
  const auto message = [](const CodeTable& faulty) { return message_of([&] { faulty.check("t"); }); };
  CHECK(message(table) == "no error");
  CHECK(message({0, {}, {}, false}) == "t: bits of a code: expected a positive multiple of 8, got 0");
  CHECK(message({12, {}, {}, false}) == "t: bits of a code: expected a positive multiple of 8, got 12");
  CHECK(message({-8, {}, {}, false}) == "t: bits of a code: expected a positive multiple of 8, got -8");
  CHECK(message({16, {1, 2, 3}, {0}, false}) == "t: bytes of 1 codes of 16 bits: expected 2, got 3");
  CHECK(message({highest - 7, {}, Ids(16, 1), true})
            .ends_with(" codes of 9223372036854775800 bits: expected as many as fit into memory, got 0"));
  CHECK(message({8, {1, 2}, {1, 0}, false}) == "t: ids that were not given: expected the row numbers, got others");
  CHECK(message({8, {1, 2}, {1, 0}, true}) == "no error");
  CHECK(message({8, {1, 2, 3}, {5, 3, 5}, true}) == "t: ids: expected each once, got 5 twice");
  CHECK(message_of([] { code_table(16, {1, 2, 3}); }) == "code_table: bytes of 1 codes of 16 bits: expected 2, got 3");
  CodeTable reversed = code_table(8, {0x01, 0x80, 0x35});
  reverse_bits_of_bytes(reversed);
  CHECK(reversed.bytes == std::vector<std::uint8_t>{0x80, 0x01, 0xac});
}

TEST_CASE("Codes and ids are written as npy and read back, with the bytes of numpy", "[io][codes]") {
  const TemporaryFolder folder;
  const auto path = folder / "c.npy", beside = folder / "c.npy.ids.txt";
  CHECK(ids_file_of(path) == beside);
  write_codes_npy(path, three());
  CHECK(content_of(beside) == "7\n-9223372036854775808\n9223372036854775807\n");
  check_same(read_codes_npy(path), three());
  put(beside, "7\r\n-1\r\n12");  // as other editors leave it
  CHECK(read_codes_npy(path).ids == Ids{7, -1, 12});
  std::filesystem::remove(beside);
  check_same(read_codes_npy(path), code_table(16, three().bytes));
  write_codes_npy(path, code_table(16, {}));
  check_same(read_codes_npy(path), CodeTable{16, {}, {}, true});
  const CodeTable numpy = read_codes_npy(test_file("io/data/npy/u1_3x4.npy"));
  CHECK(numpy.bits == 32);
  CHECK(numpy.rows() == 3);
  CHECK(numpy.row(2)[3] == 11);

  write_codes_npy(path, three());
  const auto with_ids = [&](std::string_view ids) {
    put(beside, ids);
    return message_of([&] { read_codes_npy(path); });
  };
  const std::string at = beside.string();
  CHECK(with_ids("1\n2\n") == at + ": lines, one a code: expected 3, got 2");
  CHECK(with_ids("1\n\n2\n") == at + ", line 2: id: expected a whole number of 64 bits, got ''");
  CHECK(with_ids("1\nimages/2.jpg\n3\n") ==
        at + ", line 2: id: expected a whole number of 64 bits, got 'images/2.jpg'");
  CHECK(with_ids("1\n2\n9223372036854775808\n") ==
        at + ", line 3: id: expected a whole number of 64 bits, got '9223372036854775808'");
  CHECK(with_ids("2\n1\n2\n") == at + ": ids: expected each once, got 2 twice");
  const auto of_array = [&](const char* name) {
    return message_of([&] { parse_codes_npy(map_file(test_file("io/data/npy") / name), "f"); });
  };
  CHECK(of_array("f4_fortran.npy") == "f: array: expected bytes (n, bits / 8), got F32 (2, 3, 4)");
  CHECK(of_array("i8_empty.npy") == "f: array: expected bytes (n, bits / 8), got I64 (0, 7)");
}

TEST_CASE("Codes are written as PostgreSQL's COPY text and read back", "[io][codes]") {
  const TemporaryFolder folder;
  write_postgres_copy(folder / "c", three());
  CHECK(content_of(folder / "c") ==
        "7\t0000101000011011\n-9223372036854775808\t1111111100000000\n9223372036854775807\t0000000000000001\n");
  check_same(read_postgres_copy(folder / "c"), three());
  check_same(read_postgres_copy(folder / "c", 16), three());
  write_postgres_copy(folder / "c", code_table(16, {}));
  check_same(read_postgres_copy(folder / "c", 16), CodeTable{16, {}, {}, true});

  const auto message = [](std::string_view text, Size bits = 0) {
    return message_of([&] { parse_postgres_copy(text, "f", bits); });
  };
  CHECK(message("1\t00000000\r\n\\.\r\n") == "no error");
  CHECK(message("1\t00000000") == "no error");
  CHECK(message("") == "f: lines: expected at least one, which says how many bits a code has, got none");
  CHECK(message("\\.\n") == "f: lines: expected at least one, which says how many bits a code has, got none");
  CHECK(message("1\t00000000\n\\.\n2\t00000000\n") ==
        "f, line 3: lines behind \\.: expected none, got '2\\x0900000000'");
  CHECK(message("1 00000000\n") == "f, line 1: columns: expected id and code, with a tab between, got one column");
  CHECK(message("1\t00000000\n\\N\t00000000\n") == "f, line 2: id: expected a whole number of 64 bits, got '\\N'");
  CHECK(message("+1\t00000000\n") == "f, line 1: id: expected a whole number of 64 bits, got '+1'");
  CHECK(message("1\t\\N\n") == "f, line 1: code: expected a string of 0 and 1, got '\\' at place 0");
  CHECK(message("1\t00000002\n") == "f, line 1: code: expected a string of 0 and 1, got '2' at place 7");
  CHECK(message("1\t00000000\t7\n") == "f, line 1: code: expected a string of 0 and 1, got '\\x09' at place 8");
  CHECK(message("1\t0000000\n") == "f, line 1: bits of the code: expected a positive multiple of 8, got 7");
  CHECK(message("1\t\n") == "f, line 1: bits of the code: expected a positive multiple of 8, got 0");
  CHECK(message("1\t00000000\n2\t0000000000000000\n") == "f, line 2: bits of the code: expected 8, got 16");
  CHECK(message("1\t00000000\n", 16) == "f, line 1: bits of the code: expected 16, got 8");
  CHECK(message("1\t00000000\n1\t00000001\n") == "f: ids: expected each once, got 1 twice");
  CHECK(message("", 12) == "f: bits of a code: expected a positive multiple of 8, got 12");
}

TEST_CASE("The statements for PostgreSQL name the table in quotes", "[io][codes]") {
  CHECK(postgres_create(64) == "CREATE TABLE \"codes\" (\"id\" bigint PRIMARY KEY, \"code\" bit(64) NOT NULL);\n");
  CHECK(postgres_copy() == "COPY \"codes\" (\"id\", \"code\") FROM STDIN;\n");
  CHECK(postgres_search() ==
        "SELECT \"id\", bit_count(\"code\" # $1) AS distance FROM \"codes\" ORDER BY distance, \"id\" LIMIT $2;\n");
  CHECK(bit_string(std::vector<std::uint8_t>{0x80, 0x35}) == "1000000000110101");
  const PostgresTable other{.name = "my \"codes\"", .schema = "s", .id = "key", .code = "bits"};
  CHECK(postgres_search(other, "B'01'", "3") ==
        "SELECT \"key\", bit_count(\"bits\" # B'01') AS distance FROM \"s\".\"my \"\"codes\"\"\" ORDER BY distance, "
        "\"key\" LIMIT 3;\n");
  CHECK(message_of([] { postgres_create(0); }) == "postgres_create: bits of a code: expected 1 to 83886080, got 0");
  CHECK(message_of([] { postgres_copy({.name = ""}); }) ==
        "PostgresTable: name: expected one without a zero byte, got none");
}

TEST_CASE("Codes are written as JSON lines and read back", "[io][codes]") {
  const TemporaryFolder folder;
  write_code_lines(folder / "c", three());
  CHECK(content_of(folder / "c") ==
        "{\"id\":7,\"code\":\"0a1b\"}\n{\"id\":-9223372036854775808,\"code\":\"ff00\"}\n"
        "{\"id\":9223372036854775807,\"code\":\"0001\"}\n");
  check_same(read_code_lines(folder / "c"), three());
  check_same(read_code_lines(folder / "c", 16), three());
  write_code_lines(folder / "c", code_table(16, {}));
  check_same(read_code_lines(folder / "c", 16), CodeTable{16, {}, {}, true});
  check_same(parse_code_lines("{\"code\":\"0A1b\"}\n{\"code\": \"Ff00\"}\n{\"code\":\"0001\"}", "f"),
             code_table(16, three().bytes));
  CHECK(message_of([&] {
          write_code_lines(folder / "x", {1 << 20, std::vector<std::uint8_t>(1 << 17), {0}, false});
        }) ==
        (folder / "x").string() + ": bits of a code: expected such that a line has at most 65536 bytes, got 1048576");

  const auto message = [](std::string_view text, Size bits = 0) {
    return message_of([&] { parse_code_lines(text, "f", bits); });
  };
  const std::string first = "{\"id\":1,\"code\":\"0a\"}\n";
  CHECK(message(first + "{\"code\":\"0b\",\"id\":2}\r\n") == "no error");
  CHECK(message("") == "f: lines: expected at least one, which says how many bits a code has, got none");
  CHECK(message(first + "\n").starts_with("f, line 2: text: expected JSON, got "));
  CHECK(message(first + "{\"id\":2").starts_with("f, line 2: text: expected JSON, got "));
  CHECK(message("[1]") == "f, line 1: line: expected an object with the keys id and code, got array");
  CHECK(message(first + "{\"id\":2}") == "f, line 2: keys: expected id and code, got no code");
  CHECK(message(first + "{\"id\":2,\"code\":\"0b\",\"x\":1}") == "f, line 2: keys: expected id and code, got 'x'");
  CHECK(message(first + "{\"id\":\"2\",\"code\":\"0b\"}") == "f, line 2: id: expected a whole number, got string");
  CHECK(message(first + "{\"id\":2.5,\"code\":\"0b\"}") == "f, line 2: id: expected a whole number, got number");
  CHECK(message("{\"id\":9223372036854775808,\"code\":\"0b\"}") ==
        "f, line 1: id: expected a whole number of 64 bits, got 9223372036854775808");
  CHECK(message("{\"id\":2,\"code\":7}") == "f, line 1: code: expected a string of hexadecimal digits, got number");
  CHECK(message("{\"id\":2,\"code\":\"\"}") == "f, line 1: digits of the code: expected a positive even number, got 0");
  CHECK(message("{\"id\":2,\"code\":\"abc\"}") ==
        "f, line 1: digits of the code: expected a positive even number, got 3");
  CHECK(message("{\"id\":2,\"code\":\"0g\"}") == "f, line 1: code: expected digits 0-9 and a-f, got 'g'");
  CHECK(message(first + "{\"id\":2,\"code\":\"0b0c\"}") == "f, line 2: digits of the code: expected 2, got 4");
  CHECK(message(first, 16) == "f, line 1: digits of the code: expected 4, got 2");
  CHECK(message(first + "{\"code\":\"0b\"}") == "f, line 2: id: expected one, as in the lines before, got none");
  CHECK(message("{\"code\":\"0b\"}\n" + first) == "f, line 2: id: expected none, as in the lines before, got one");
  CHECK(message(first + "{\"id\":2,\"id\":3,\"code\":\"0b\"}") ==
        "f, line 2: keys of an object: expected each once, got 'id' twice");
  CHECK(message(first + first) == "f: ids: expected each once, got 1 twice");
  CHECK(message(first + std::string(70'000, ' ')) == "f, line 2: bytes of JSON: expected at most 65536, got 70000");
  CHECK(message("", 12) == "f: bits of a code: expected a positive multiple of 8, got 12");
}

TEST_CASE("A file of codes is told by what it holds, not by its name", "[io][codes]") {
  const TemporaryFolder folder;
  const auto path = folder / "codes";
  write_faiss_binary(path, three());
  check_same(read_codes(path), three());
  write_postgres_copy(path, three());
  check_same(read_codes(path), three());
  put(path, "-7\t00000000\n");
  CHECK(read_codes(path).ids == Ids{-7});
  write_code_lines(path, three());
  check_same(read_codes(path), three());
  put(path, "\xEF\xBB\xBF" + content_of(path));
  check_same(read_codes(path), three());
  write_codes_npy(path, three());
  check_same(read_codes(path), three());

  const auto message = [&](std::string_view text) {
    put(path, text);
    return message_of([&] { read_codes(path); });
  };
  const std::string kind = path.string() +
                           ": kind of file: expected codes: a FAISS binary index, an npy file, JSON lines or "
                           "PostgreSQL's COPY text, got ";
  CHECK(message("") == kind + "an empty one");
  CHECK(message("PK\3\4abcdef") == kind + "one that begins with 'PK\\x03\\x04abcd'");
  CHECK(message("12345") == kind + "one that begins with '12345'");
  CHECK(message("\t00") == kind + "one that begins with '\\x0900'");
  CHECK(message("IBHhxxxx") ==
        path.string() + ": kind of index: expected IBxF, IBMp, IBM2, IBHf or IBwF, got 'IBHh' (binary hash)");
  CHECK(message_of([&] { read_codes(folder / "none"); }).find("No such file") != std::string::npos);
  CHECK_FALSE(code_format("IxF2").has_value());
  CHECK(code_format("7\t0") == CodeFormat::postgres_copy);
}
