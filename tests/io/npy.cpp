#include <catch2/catch.hpp>
#include <hashweave/io/npy.hpp>
#include <hashweave/io/npz.hpp>
#include <io/files.hpp>
#include <string>
#include <vector>

using namespace hashweave;
using namespace hashweave::test;

namespace {

std::string npy(std::string header, std::string_view data = {}) {
  header += '\n';
  return std::string{"\x93NUMPY\x01\x00", 8} + le(static_cast<std::uint16_t>(header.size())) + header +
         std::string{data};
}
std::string message_of_npy(const std::string& text) {
  return message_of([&] { parse_npy(blob(text), "f"); });
}
std::string message_of_npz(const std::string& text, std::uint64_t limit = npz_member_limit) {
  return message_of([&] {
    const NpzFile file{blob(text), "f", limit};
    for (const auto& name : file.names()) values<double>(file.at(name));
  });
}

}  // namespace

TEST_CASE("Arrays that numpy wrote are read", "[io]") {
  const auto folder = test_file("io/data/npy");
  const auto codes = read_npy(folder / "u1_3x4.npy");
  CHECK(codes.dtype == DType::u8);
  CHECK(codes.shape == Shape{3, 4});
  CHECK(values<int>(codes) == std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  CHECK(span_of<std::uint8_t>(codes)[11] == 11);
  const auto fortran = read_npy(folder / "f4_fortran.npy");
  CHECK(fortran.shape == Shape{2, 3, 4});
  CHECK(fortran.order == Order::column_major);
  const auto numbers = values<float>(fortran);
  for (std::size_t i = 0; i < 24; ++i) CHECK(numbers[i] == static_cast<float>(i));
  CHECK(values<double>(read_npy(folder / "f8_scalar.npy")) == std::vector{-0.5});
  CHECK(read_npy(folder / "f8_scalar.npy").shape.empty());
  CHECK(values<float>(read_npy(folder / "f2_vector.npy")) == std::vector<float>{1, 0.5F, -3});
  CHECK(read_npy(folder / "i8_empty.npy").shape == Shape{0, 7});
  CHECK(values<int>(read_npy(folder / "b1_version2.npy")) == std::vector{1, 0});
}

TEST_CASE("A written npy file has the bytes that numpy writes", "[io]") {
  const TemporaryFolder folder;
  for (const char* name : {"u1_3x4.npy", "f4_fortran.npy", "f8_scalar.npy", "f2_vector.npy", "i8_empty.npy"}) {
    CAPTURE(name);
    const auto path = test_file("io/data/npy") / name;
    write_npy(folder / name, read_npy(path));
    CHECK(content_of(folder / name) == content_of(path));
  }
  const std::vector<BFloat16> b{{0x3f80}};
  CHECK_THROWS_WITH(write_npy(folder / "b", view_of(b, {1})),
                    (folder / "b").string() + ": kind of number: expected one that numpy knows, got BF16");
}

TEST_CASE("Headers of other writers are read", "[io]") {
  CHECK(message_of_npy(npy("{\"shape\":(2,),\"fortran_order\":False,\"descr\":\"<u2\"}", "abcd")) == "no error");
  CHECK(message_of_npy(npy("{'descr': '<i4', 'fortran_order': True, 'shape': (1L, 1L), }  ", "abcd")) == "no error");
  CHECK(message_of_npy(npy("{'descr': '<u1', 'fortran_order': False, 'shape': (), }", "a")) == "no error");
}

TEST_CASE("Each fault in an npy file has its own message", "[io]") {
  const auto with = [](std::string_view descr, std::string_view shape, std::string_view order = "False") {
    return "{'descr': " + std::string{descr} + ", 'fortran_order': " + std::string{order} +
           ", 'shape': " + std::string{shape} + ", }";
  };
  CHECK(message_of_npy("\x93NUM") == "f: magic at byte 0: expected 6 bytes, got 4 left");
  CHECK(message_of_npy("PK\3\4 zip") == "f: first six bytes: expected \\x93NUMPY, got others: this is no npy file");
  CHECK(message_of_npy(std::string{"\x93NUMPY\x04\x00", 8}) == "f: version: expected 1.0, 2.0 or 3.0, got 4.0");
  CHECK(message_of_npy(std::string{"\x93NUMPY\x02\x00", 8} + le(std::uint32_t{65537})) ==
        "f: bytes of the header: expected at most 65536, got 65537");
  CHECK(message_of_npy(std::string{"\x93NUMPY\x01\x00\x09\x00", 10}) ==
        "f: header at byte 10: expected 9 bytes, got 0 left");
  CHECK(message_of_npy(npy(with("'|O'", "(1,)"))) ==
        "f: descr: expected b1, i1, u1 or little-endian i2, i4, i8, u2, u4, u8, f2, f4, f8, got |O");
  CHECK(message_of_npy(npy(with("'>f4'", "(1,)"), "abcd")) ==
        "f: descr: expected b1, i1, u1 or little-endian i2, i4, i8, u2, u4, u8, f2, f4, f8, got >f4");
  CHECK(message_of_npy(npy(with("[('a', '<f4')]", "(1,)"))) ==
        "f: descr: expected one kind of number, got a structured type");
  CHECK(message_of_npy(npy(with("'<f4'", "(1,)", "Maybe"), "abcd")) ==
        "f: fortran_order: expected True or False, got 'Maybe, 'shape': (1,)'");
  CHECK(message_of_npy(npy(with("'<f4'", "(-1,)"))) ==
        "f: shape: expected whole numbers that are not negative, got '-1,), }\\x0a'");
  CHECK(message_of_npy(npy(with("'<f4'", "(99999999999999999999,)"))).starts_with("f: shape: expected whole numbers"));
  CHECK(message_of_npy(npy(with("'<f4'", "(9223372036854775807, 2)"))) ==
        "f: shape: expected one that fits into memory, got (9223372036854775807, 2)");
  CHECK(message_of_npy(npy(with("'<f4'", "(2, 2)"), "abcd")) == "f: bytes of F32 (2, 2): expected 16, got 4");
  CHECK(message_of_npy(npy(with("'<f4'", "(1,)"), "abcde")) == "f: bytes of F32 (1): expected 4, got 5");
  CHECK(message_of_npy(npy("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}", "abcd")) ==
        "f: header: expected the keys descr, fortran_order and shape, each once, got descr");
  CHECK(message_of_npy(npy("{'descr': '<f4'}", "abcd")) ==
        "f: header: expected the keys descr, fortran_order and shape, got fewer");
  CHECK(message_of_npy(npy(with("'<f4'", "(1,)") + " x", "abcd")) ==
        "f: header: expected its end behind }, got 'x\\x0a'");
  CHECK(message_of_npy(npy("__import__('os')")) == "f: header: expected {, got '__import__('os')\\x0a'");
}

TEST_CASE("Arrays of an npz file that numpy wrote are read, stored and deflated", "[io]") {
  for (const char* name : {"stored.npz", "deflated.npz"}) {
    const NpzFile file = open_npz(test_file("io/data/npz") / name);
    CHECK(file.names() == std::vector<std::string>{"codes", "ids", "x"});
    CHECK(file.contains("x"));
    CHECK(!file.contains("y"));
    CHECK(file.at("codes").shape == Shape{2, 4});
    CHECK(file.values<int>("codes") == std::vector{0, 1, 2, 3, 4, 5, 6, 7});
    CHECK(file.values<float>("x")[39] == 1);
    const auto ids = file.values<int>("ids");
    REQUIRE(ids.size() == 303);
    for (int i = 0; i < 303; ++i) CHECK(ids[static_cast<std::size_t>(i)] == i - 3);
  }
  CHECK_THROWS_WITH(
      open_npz(test_file("io/data/npz/stored.npz")).at("y"),
      test_file("io/data/npz/stored.npz").string() + ": member: expected y.npy, got none of that name among 3");
}

TEST_CASE("A written npz file is read again, and its arrays have numpy's bytes", "[io]") {
  const TemporaryFolder folder;
  const NpzFile numpy = open_npz(test_file("io/data/npz/stored.npz"));
  std::vector<NamedTensor> arrays;
  for (const auto& name : numpy.names()) arrays.push_back({name, numpy.at(name)});
  write_npz(folder / "a.npz", arrays);
  const NpzFile file = open_npz(folder / "a.npz");
  CHECK(file.names() == numpy.names());
  for (const auto& name : file.names()) {
    CHECK(file.at(name).shape == numpy.at(name).shape);
    CHECK(file.values<double>(name) == numpy.values<double>(name));
  }
  write_npz(folder / "b.npz", arrays);
  CHECK(content_of(folder / "a.npz") == content_of(folder / "b.npz"));
  write_npz(folder / "none.npz", {});
  CHECK(open_npz(folder / "none.npz").names().empty());
  CHECK_THROWS_WITH(write_npz(folder / "c.npz", {arrays[0], arrays[0]}),
                    (folder / "c.npz").string() + ": names of arrays: expected each once, got 'codes' twice");
  CHECK_THROWS_AS(write_npz(folder / "c.npz", {{"", arrays[0].tensor}}), Error);
  CHECK(!std::filesystem::exists(folder / "c.npz"));
}

TEST_CASE("ZIP64 records stand where numbers need more than 32 bits, and are read back", "[io]") {
  const detail::ZipEntry large{"x.npy", 7, std::uint64_t{5} << 32, std::uint64_t{6} << 32};
  const std::string entry = large.central();
  CHECK(large.local().size() == 30 + 5 + 20);
  CHECK(entry.size() == 46 + 5 + 28);
  const std::uint64_t begin = std::uint64_t{7} << 32;
  // the end records lie in a short file here, so that the directory they point to is outside
  CHECK(message_of_npz(entry + detail::zip_end(1, begin, begin + entry.size()))
            .starts_with("f: offset of the ZIP64 end record: expected within the file"));
  ZipMember member{0, 0, 0, 0xffffffffU, 0xffffffffU, 0xffffffffU};
  detail::apply_zip64(as_bytes(entry).subspan(51), member, "f");
  CHECK(member.size == large.size);
  CHECK(member.packed == large.size);
  CHECK(member.offset == large.offset);
  CHECK_THROWS_AS(detail::apply_zip64(as_bytes(entry).subspan(51, 20), member = {0, 0, 0, 0xffffffffU, 0, 0}, "f"),
                  Error);
}

TEST_CASE("Each fault in an npz file has its own message", "[io]") {
  const std::string stored = content_of(test_file("io/data/npz/stored.npz"));
  const std::string deflated = content_of(test_file("io/data/npz/deflated.npz"));
  const auto directory = stored.find("PK\1\2"), end = stored.find("PK\5\6");
  const auto changed = [](std::string text, std::size_t at, std::string_view by) {
    text.replace(at, by.size(), by);
    return text;
  };
  REQUIRE(message_of_npz(stored) == "no error");
  REQUIRE(message_of_npz(stored.substr(0, end + 20) + le(std::uint16_t{3}) + "abc") == "no error");  // a comment
  CHECK(message_of_npz("short") == "f: bytes of the file: expected at least 22 (a zip file), got 5");
  CHECK(message_of_npz(stored + "x") == "f: end of the file: expected the directory of a zip file, got none");
  CHECK(message_of_npz(changed(stored, end + 16, le(std::uint32_t{0x7fffffff}))) ==
        "f: directory of the zip file: expected within the file, got 2147483647");
  CHECK(message_of_npz(changed(stored, end + 4, le(std::uint16_t{1}))) ==
        "f: disks of the zip file: expected one, got several");
  CHECK(message_of_npz(changed(stored, directory, "XX")) ==
        "f: directory entry 0: expected its signature, got another");
  CHECK(message_of_npz(changed(stored, directory + 8, le(std::uint16_t{1}))) ==
        "f, member codes.npy: member: expected one that is not encrypted, got an encrypted one");
  CHECK(message_of_npz(changed(stored, directory + 10, le(std::uint16_t{14}))) ==
        "f, member codes.npy: method: expected 0 (stored) or 8 (deflated), got 14");
  CHECK(message_of_npz(changed(stored, directory + 16, le(std::uint32_t{1})))
            .starts_with("f, member codes.npy: CRC-32: expected 1, got "));
  CHECK(message_of_npz(changed(stored, directory + 20, le(std::uint32_t{1}))) ==
        "f, member codes.npy: packed size: expected 136, got 1");
  CHECK(message_of_npz(changed(stored, directory + 42, le(std::uint32_t{99999}))) ==
        "f, member codes.npy: offset: expected within the file, got 99999");
  CHECK(message_of_npz(changed(stored, directory + 42, le(std::uint32_t{1}))) ==
        "f, member codes.npy: local header: expected its signature, got another");
  CHECK(message_of_npz(changed(stored, stored.rfind("PK\3\4") - 1, "X")).starts_with("f, member x.npy: CRC-32: "));
  const auto packed = deflated.find("PK\1\2");
  CHECK(message_of_npz(deflated, 100) == "f, member codes.npy: unpacked bytes: expected at most 100, got 136");
  CHECK(message_of_npz(changed(deflated, packed + 24, le(std::uint32_t{137}))) ==
        "f, member codes.npy: inflated bytes: expected 137, got 136");
  CHECK(message_of_npz(changed(deflated, packed + 24, le(std::uint32_t{135}))) ==
        "f, member codes.npy: inflated data: expected their end, got more");
  CHECK(message_of_npz(changed(deflated, packed + 24, le(std::uint32_t{0x7fffffff})))
            .starts_with("f, member codes.npy: unpacked bytes: expected at most "));
  CHECK(message_of_npz(changed(deflated, packed + 20, le(std::uint32_t{20})))
            .starts_with("f, member codes.npy: deflated data: expected sound ones, got "));
}
