#include <catch2/catch.hpp>
#include <hashweave/io/mat5.hpp>
#include <io/files.hpp>
#include <string>
#include <vector>

using namespace hashweave;
using namespace hashweave::test;

namespace {

std::string header(std::uint16_t version = 0x0100, std::string_view endian = "IM") {
  return std::string(124, ' ') + le(version) + std::string{endian};
}
std::string element(std::uint32_t type, std::string text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  text.resize((text.size() + 7) / 8 * 8);
  return le(type) + le(size) + text;
}
/// A matrix named x of this class (its flags included) and these extents.
std::string matrix(std::uint32_t flags, std::vector<std::int32_t> extents, const std::string& content,
                   const std::string& name = "x") {
  std::string dims;
  for (const std::int32_t extent : extents) dims += le(extent);
  return element(14, element(6, le(flags) + le(std::uint32_t{0})) + element(5, dims) + element(1, name) + content);
}
std::string message_of_mat(const std::string& text, std::uint64_t limit = mat_inflate_limit) {
  try {
    const MatFile file{blob(text), "f", limit};
    for (const auto& [name, variable] : file.variables()) file.at(name);
  } catch (const MachineError&) {
    return "the machine was blamed";
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("Variables that scipy wrote are read, plain and compressed", "[io]") {
  for (const char* name : {"plain.mat", "compressed.mat"}) {
    CAPTURE(name);
    const auto path = test_file("io/data/mat5") / name;
    const MatFile file = open_mat(path);
    CHECK(file.variables().size() == 10);
    CHECK(file.numbers("doubles").shape == Shape{2, 3});
    CHECK(file.values<double>("doubles") == std::vector<double>{0, 0.25, 0.5, 0.75, 1, 1.25});
    CHECK(file.values<int>("labels") == std::vector{0, 1, 1, 1, 0, 0});
    CHECK(file.values<float>("single") == std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7});
    CHECK(file.values<std::int64_t>("long") == std::vector<std::int64_t>{-1, std::int64_t{1} << 40});
    CHECK(file.numbers("none").shape == Shape{0, 3});
    CHECK(file.text("words") == std::vector<std::string>{"abc", "xyz"});
    CHECK(file.text("files") == std::vector<std::string>{"im1.jpg", "größe", "", "a b"});
    const std::string here = path.string() + ", variable ";
    CHECK_THROWS_WITH(file.at("nobody"), path.string() + ": variable: expected nobody, got none of that name among 10");
    CHECK_THROWS_WITH(file.numbers("words"), here + "words: kind: expected numbers, got text");
    CHECK_THROWS_WITH(file.text("labels"), here + "labels: kind: expected text, got numbers");
    const std::string kinds = ": kind: expected real numbers, char or a cell array of char, got ";
    CHECK_THROWS_WITH(file.at("record"), here + "record" + kinds + "class struct");
    CHECK_THROWS_WITH(file.at("waves"), here + "waves" + kinds + "complex numbers");
    CHECK_THROWS_WITH(file.at("mixed"), here + "mixed" + kinds + "a cell array of other things than text");
  }
}

TEST_CASE("Numbers stored in fewer bytes than their class, and small elements, are read", "[io]") {
  const std::string small = le(std::uint32_t{(2U << 16) | 2}) + std::string{"\x05\x06\0\0", 4};
  const std::string text = header() + matrix(6, {1, 2}, small);
  const MatFile file{blob(text), "f"};
  CHECK(file.numbers("x").dtype == DType::u8);
  CHECK(file.values<double>("x") == std::vector<double>{5, 6});
}

TEST_CASE("Text in UTF-16 with pairs, and empty text, becomes UTF-8", "[io]") {
  const std::string units =
      le(std::uint16_t{'a'}) + le(std::uint16_t{0xd83d}) + le(std::uint16_t{0xde00}) + le(std::uint16_t{0xdc00});
  const std::string text = header() + matrix(4, {1, 4}, element(4, units)) +
                           matrix(4, {0, 0}, element(16, ""), "none") +
                           matrix(4, {2'000'000'000, 0}, element(16, ""), "many") +
                           matrix(1, {1, 2}, element(14, "") + matrix(4, {1, 1}, element(16, "b"), ""), "cells");
  const MatFile file{blob(text), "f"};
  CHECK(file.text("x") == std::vector<std::string>{"a\xF0\x9F\x98\x80\xEF\xBF\xBD"});
  CHECK(file.text("none").empty());
  CHECK(file.text("many") == std::vector<std::string>{""});
  CHECK(file.text("cells") == std::vector<std::string>{"", "b"});
}

TEST_CASE("Each fault in a MAT file has its own message", "[io]") {
  const std::string eight(8, '\0');
  CHECK(message_of_mat(header() + matrix(6, {1, 1}, element(9, eight))) == "no error");
  CHECK(message_of_mat("MATLAB") == "f: text of the header at byte 0: expected 124 bytes, got 6 left");
  CHECK(message_of_mat(header(0x0100, "MI")) == "f: byte order: expected IM (little-endian), got big-endian");
  CHECK(message_of_mat(header(0x0100, "XX")) == "f: byte order: expected IM (little-endian), got none");
  CHECK(message_of_mat(header(0x0200)) ==
        "f: version of the MAT file: expected 5.0, got 7.3 (HDF5): save it with -v7, or as npz");
  CHECK(message_of_mat(header() + "abc") == "f: type of an element at byte 128: expected 4 bytes, got 3 left");
  CHECK(message_of_mat(header() + element(9, eight)) ==
        "f, element at byte 128: type: expected 14 (matrix) or 15 (compressed), got 9");
  CHECK(message_of_mat(header() + le(std::uint32_t{14}) + le(std::uint32_t{99})) ==
        "f: element at byte 136: expected 99 bytes, got 0 left");
  CHECK(message_of_mat(header() + le(std::uint32_t{(5U << 16) | 2}) + "abcd") ==
        "f: bytes of a small element: expected 1 to 4, got 5");
  const std::string x = "f, variable x: ";
  CHECK(message_of_mat(header() + matrix(6, {2, 1}, element(9, eight))) ==
        x + "bytes of F64 (2, 1): expected 16, got 8");
  CHECK(message_of_mat(header() + matrix(6, {1, 1}, element(16, eight))) ==
        x + "type of the numbers: expected a kind of number, got 16");
  CHECK(message_of_mat(header() + matrix(6, {-1, -1}, element(9, eight))) ==
        "f, element at byte 128: extents: expected such as fit into memory, got (-1, -1)");
  CHECK(message_of_mat(header() + matrix(6, {1}, element(9, eight))) ==
        "f, element at byte 128: extents: expected two or more numbers of int32, got 4");
  CHECK(message_of_mat(header() + matrix(4, {1, 3}, element(16, "ab"))) ==
        x + "characters of (1, 3): expected 3, got 2");
  CHECK(message_of_mat(header() + matrix(4, {1, 1}, element(16, "\xff"))) == x + "text: expected UTF-8, got byte 255");
  CHECK(message_of_mat(header() + matrix(4, {1, 1}, element(16, "\xed\xa0\x80"))) ==
        x + "text: expected UTF-8, got code point 55296");
  CHECK(message_of_mat(header() + matrix(4, {1, 1}, element(9, eight))) ==
        x + "type of characters: expected UTF-8, UTF-16, uint8 or uint16, got 9");
  CHECK(message_of_mat(header() + matrix(1, {1, 1}, element(9, eight))) ==
        "f, variable x, cell 0: type: expected 14 (matrix), got 9");
  CHECK(message_of_mat(header() + matrix(1, {1 << 30, 1}, ""))
            .starts_with("f, element at byte 128: type of an element at byte "));
  const std::string one = matrix(6, {1, 1}, element(9, eight));
  CHECK(message_of_mat(header() + one + one) == "f: names of variables: expected each once, got 'x' twice");
  const std::string compressed = content_of(test_file("io/data/mat5/compressed.mat"));
  CHECK(message_of_mat(compressed, 100).find("inflated bytes: expected at most ") != std::string::npos);
  CHECK(message_of_mat(header() + element(15, "not zlib")) ==
        "f, element at byte 128: deflated data: expected sound ones, got incorrect header check");
}
