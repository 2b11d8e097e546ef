#include <algorithm>
#include <catch2/catch.hpp>
#include <hashweave/data/tar.hpp>
#include <hashweave/data/tar_writer.hpp>
#include <io/files.hpp>
#include <string>
#include <utility>
#include <vector>

using namespace hashweave;
using namespace hashweave::test;

namespace {

using Members = std::vector<std::pair<std::string, std::string>>;

Members members_of(const std::string& text) {
  const TarFile tar{blob(text), "f.tar"};
  Members members;
  for (const TarMember& member : tar.members()) members.emplace_back(member.name, as_text(tar.read(member).bytes));
  return members;
}
std::string written(const Members& members) {
  const TemporaryFolder folder;
  std::vector<TarEntry> entries;
  for (const auto& [name, text] : members) entries.push_back({name, as_bytes(text)});
  write_tar(folder / "f.tar", entries);
  return content_of(folder / "f.tar");
}
/// A header with its checksum made right again after a change.
std::string header(char type, std::string_view name, std::uint64_t size) {
  return detail::tar_header(name, "", size, type);
}
std::string mended(std::string block) {
  block.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char c : block) sum += static_cast<unsigned char>(c);
  std::string digits(6, '0');
  for (std::size_t i = 6; i-- > 0; sum >>= 3) digits[i] = static_cast<char>('0' + (sum & 7));
  block.replace(148, 8, digits + std::string{"\0 ", 2});
  return block;
}
std::string padded(std::string text) {
  text.resize((text.size() + 511) / 512 * 512, '\0');
  return text;
}
const std::string end(1024, '\0');

std::string message_of(const std::string& text) {
  try {
    members_of(text);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("What is written to a tar file is read again", "[data][tar]") {
  const std::string deep(80, 'd'), longest(300, 'n');
  const Members members{{"a.txt", "hello"},
                        {"folder/empty", ""},
                        {"exactly a block", std::string(512, 'x')},
                        {std::string(100, 'q'), "100 bytes of name"},
                        {deep + "/" + deep, "a name cut in two"},
                        {longest + "/" + longest, "a name in a pax header"},
                        {std::string(101, 'p'), "a name without a slash"},
                        {"é/漢字.jpg", "UTF-8"},
                        {"a.txt", "a name that comes twice"}};
  const std::string text = written(members);
  CHECK(members_of(text) == members);
  CHECK(text.size() % 10240 == 0);
  CHECK(written(members) == text);
}

TEST_CASE("Old, GNU and pax headers are read", "[data][tar]") {
  std::string old = header('\0', "old", 1);
  old.replace(257, 8, std::string(8, '\0'));
  old.replace(345, 3, "pre");  // there were no prefixes before ustar
  CHECK(members_of(mended(old) + padded("x") + end) == Members{{"old", "x"}});

  const std::string name(200, 'g');
  CHECK(members_of(header('L', "././@LongLink", 201) + padded(name) + header('0', "ggg", 1) + padded("y") + end) ==
        Members{{name, "y"}});
  CHECK(members_of(header('K', "././@LongLink", 201) + padded(name) + header('2', "link", 0) + end).empty());

  const std::string records = "18 path=pax/name!\n10 size=2\n12 ctime=1.\n";
  CHECK(members_of(header('x', "p", records.size()) + padded(records) + header('0', "short", 0) + padded("zz") + end) ==
        Members{{"pax/name!", "zz"}});
  CHECK(members_of(header('g', "global", 13) + padded("13 comment=a\n") + header('0', "a", 0) + end) ==
        Members{{"a", ""}});

  std::string binary = header('0', "binary size", 0);
  binary.replace(124, 12, std::string{"\x80\0\0\0\0\0\0\0\0\0\0\x03", 12});
  CHECK(members_of(mended(binary) + padded("abc") + end) == Members{{"binary size", "abc"}});
}

TEST_CASE("Folders, links and devices are left out of a tar file's members", "[data][tar]") {
  std::string text;
  for (const char type : {'1', '2', '3', '4', '5', '6'}) text += header(type, "not a file", 0);
  text += header('5', "a folder with a size, as some write it", 4096) + header('\0', "old folder/", 0);
  text += header('0', "file", 1) + padded("x") + end;
  CHECK(members_of(text) == Members{{"file", "x"}});
}

TEST_CASE("Damaged tar files are refused with the place of the fault", "[data][tar]") {
  const std::string good = header('0', "a", 3) + padded("abc");
  CHECK(message_of(good + std::string(512, '\0')) == "no error");
  CHECK_THAT(message_of(""),
             Catch::Contains("f.tar, byte 0: end of the tar file: expected a block of zeros, got none"));
  CHECK_THAT(message_of(good), Catch::Contains("byte 1024: end of the tar file"));
  CHECK_THAT(message_of(good + end + "x"),
             Catch::Contains("byte 1024: bytes behind the end of the tar file: expected zeros"));
  CHECK_THAT(message_of(good + end + good + end), Catch::Contains("bytes behind the end"));
  std::string wrong = good + end;
  wrong[3] = 'x';
  CHECK_THAT(message_of(wrong), Catch::Contains("f.tar, byte 0: checksum of the tar header: expected "));
  CHECK_THAT(message_of(header('0', "a", 2000) + padded("abc") + end),
             Catch::Contains("bytes of the member: expected at most 1536 that are left, got 2000"));
  CHECK_THAT(message_of(header('S', "a", 0) + end), Catch::Contains("expected a plain file, got a sparse one"));
  CHECK_THAT(message_of(header('0', "", 0) + end), Catch::Contains("name: expected one without zero bytes, got none"));
  CHECK_THAT(message_of(header('x', "p", 12) + padded("12 path=abc\n") + end),
             Catch::Contains("extended header: expected a member behind it, got the end"));
  std::string letters = header('0', "a", 0);
  letters.replace(124, 3, "9x9");
  CHECK_THAT(message_of(mended(letters) + end), Catch::Contains("size: expected an octal number, got '9x9"));
  std::string negative = header('0', "a", 0);
  negative.replace(124, 12, std::string(12, '\xFF'));
  CHECK_THAT(message_of(mended(negative) + end), Catch::Contains("expected a number that is not negative and fits"));
  for (const char* record :
       {"x", "99 path=a\n", "9 path=ab", "0 path=ab\n", "18446744073709551616 path=a\n", "8 patha\n"}) {
    const std::string text = record;
    CHECK_THAT(message_of(header('x', "p", text.size()) + padded(text) + header('0', "a", 0) + end),
               Catch::Contains("record of the pax header: expected "));
  }
  const std::string sparse = "22 GNU.sparse.major=1\n", size = "11 size=1x\n", zero{"12 path=a\0b\n", 12};
  const auto with = [&](const std::string& records) {
    return message_of(header('x', "p", records.size()) + padded(records) + header('0', "a", 0) + end);
  };
  CHECK_THAT(with(sparse), Catch::Contains("a sparse one"));
  CHECK_THAT(with(size), Catch::Contains("size in the pax header: expected a number, got '1x'"));
  CHECK_THAT(with(zero), Catch::Contains("name: expected one without zero bytes, got a\\x00b"));
}

TEST_CASE("A tar file is not written with names that cannot be read again", "[data][tar]") {
  const TemporaryFolder folder;
  for (const std::string& name : {std::string{}, std::string{"a\0b", 3}, std::string{"folder/"}})
    CHECK_THROWS_AS(write_tar(folder / "f.tar", {{name, {}}}), Error);
  CHECK_FALSE(std::filesystem::exists(folder / "f.tar"));
}
