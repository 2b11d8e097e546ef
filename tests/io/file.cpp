#include <sys/resource.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <hashweave/io/checked.hpp>
#include <hashweave/io/file.hpp>
#include <io/files.hpp>
#include <limits>
#include <string>

using namespace hashweave;
using namespace hashweave::test;
using Catch::Matchers::Equals;
using Catch::Matchers::StartsWith;

TEST_CASE("Checked sums and products know when they do not fit", "[io]") {
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  STATIC_REQUIRE(checked_multiply<std::int64_t>(1 << 20, 1 << 20) == std::int64_t{1} << 40);
  STATIC_REQUIRE(!checked_multiply(most, std::int64_t{2}));
  STATIC_REQUIRE(!checked_multiply(std::numeric_limits<std::uint64_t>::max(), std::uint64_t{3}));
  STATIC_REQUIRE(checked_multiply(std::uint64_t{0}, std::numeric_limits<std::uint64_t>::max()) == std::uint64_t{0});
  STATIC_REQUIRE(checked_add(most - 1, std::int64_t{1}) == most);
  STATIC_REQUIRE(!checked_add(most, std::int64_t{1}));
}

TEST_CASE("A byte reader reads numbers in order and never past the end", "[io]") {
  const std::string text =
      std::string{"\x01"} + le(std::uint16_t{0x0302}) + le(std::uint32_t{7}) + le(std::uint64_t{8}) + "ab";
  ByteReader reader{as_bytes(text), "f", 100};
  CHECK(reader.u8("a") == 1);
  CHECK(reader.u16("b") == 0x0302);
  CHECK(reader.u32("c") == 7);
  CHECK(reader.u64("d") == 8);
  CHECK(as_text(reader.take(1, "e")) == "a");
  CHECK(reader.place() == 116);
  CHECK_THROWS_WITH(reader.u16("the end"), "f: the end at byte 116: expected 2 bytes, got 1 left");
  CHECK_THROWS_WITH(reader.take(std::numeric_limits<std::uint64_t>::max(), "x"),
                    "f: x at byte 116: expected 18446744073709551615 bytes, got 1 left");
  CHECK(reader.left() == 1);
}

TEST_CASE("A mapped file gives the file's bytes, also none", "[io]") {
  const TemporaryFolder folder;
  put(folder / "some", "twelve bytes");
  put(folder / "none", "");
  MappedFile some{folder / "some"};
  const MappedFile none{folder / "none"};
  CHECK(as_text(some.bytes()) == "twelve bytes");
  CHECK(none.bytes().empty());
  const MappedFile moved{std::move(some)};
  CHECK(as_text(moved.bytes()) == "twelve bytes");
  Blob shared = map_file(folder / "some");
  const Blob copy = shared;
  shared = {};
  CHECK(as_text(copy.bytes) == "twelve bytes");
}

TEST_CASE("What cannot be mapped is an Error that names the path", "[io]") {
  const TemporaryFolder folder;
  const std::string missing = (folder / "missing").string(), pipe = (folder / "pipe").string();
  CHECK_THROWS_WITH(MappedFile{missing}, missing +
                                             ": opening it for reading: expected success, got No such file or "
                                             "directory (errno 2)");
  CHECK_THROWS_WITH(MappedFile{folder.path()},
                    folder.path().string() + ": kind of file: expected a regular file, got a folder");
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK_THROWS_WITH(MappedFile{pipe}, pipe + ": kind of file: expected a regular file, got another kind");
}

TEST_CASE("A file is written whole, replaces the old one and leaves nothing else", "[io]") {
  const TemporaryFolder folder;
  const auto path = folder / "file";
  const std::string large(200'000, 'x');
  for (const std::string& text : {std::string{"first"}, std::string{}, large}) {
    write_atomically(path, [&](FileWriter& out) {
      out.write(std::string_view{text}.substr(0, text.size() / 2));
      out.write(std::string_view{text}.substr(text.size() / 2));
      CHECK(out.position() == text.size());
    });
    CHECK(content_of(path) == text);
  }
  CHECK(std::distance(std::filesystem::directory_iterator{folder.path()}, {}) == 1);
}

TEST_CASE("An exception of the writer leaves the old file alone", "[io]") {
  const TemporaryFolder folder;
  put(folder / "file", "old");
  CHECK_THROWS_AS(write_atomically(folder / "file",
                                   [](FileWriter& out) {
                                     out.write("new");
                                     throw std::runtime_error{"stop"};
                                   }),
                  std::runtime_error);
  CHECK(content_of(folder / "file") == "old");
  CHECK(std::distance(std::filesystem::directory_iterator{folder.path()}, {}) == 1);
}

TEST_CASE("Writing into a folder that is not there is an Error, not a MachineError", "[io]") {
  const TemporaryFolder folder;
  try {
    write_atomically(folder / "no/file", [](FileWriter&) {});
    FAIL("it was written");
  } catch (const MachineError&) {
    FAIL("the machine was blamed");
  } catch (const Error& error) {
    CHECK_THAT(error.what(), StartsWith((folder / "no/file").string() + ": making a temporary file: "));
  }
  CHECK_THROWS_AS(write_atomically(std::filesystem::path{"/"}, [](FileWriter&) {}), Error);
}

namespace {

/// Real calls until the `fails`-th of all, which fails with `code`; every write sends at most seven bytes.
class FaultyCalls : public FileCalls {
 public:
  FaultyCalls(int fails, int code) : fails_{fails}, code_{code} {}
  int count() const { return count_; }
  bool renamed() const { return renamed_; }

  int open(const char* path, int flags, mode_t mode) override {
    return fault() ? -1 : FileCalls::open(path, flags, mode);
  }
  ssize_t write(int file, const void* from, std::size_t count) override {
    return fault() ? -1 : FileCalls::write(file, from, std::min<std::size_t>(count, 7));
  }
  int sync(int file) override { return fault() ? -1 : FileCalls::sync(file); }
  int close(int file) override {
    const int status = FileCalls::close(file);
    return fault() ? -1 : status;
  }
  int rename(const char* from, const char* to) override {
    if (fault()) return -1;
    renamed_ = true;
    return FileCalls::rename(from, to);
  }

 private:
  bool fault() {
    errno = code_;
    return ++count_ == fails_;
  }
  int fails_ = 0, code_ = 0, count_ = 0;
  bool renamed_ = false;
};

}  // namespace

TEST_CASE("Whichever system call fails, the old file or the new one stands in full", "[io]") {
  const int code = GENERATE(ENOSPC, EIO, EDQUOT, EROFS);
  const std::string text = "twenty-six bytes, no more.";
  const auto write = [&](const std::filesystem::path& path, FileCalls& calls) {
    write_atomically(
        path, [&](FileWriter& out) { out.write(text); }, calls);
  };
  const TemporaryFolder sound;
  FaultyCalls none{0, code};
  write(sound / "file", none);
  REQUIRE(content_of(sound / "file") == text);
  REQUIRE(none.count() == 1 + 4 + 3 + 3);  // open; write; sync, close, rename; the folder's open, sync, close
  for (int k = 1; k <= none.count(); ++k) {
    CAPTURE(k);
    const TemporaryFolder folder;
    put(folder / "file", "old");
    FaultyCalls calls{k, code};
    if (k == none.count())  // closing the folder decides nothing
      CHECK_NOTHROW(write(folder / "file", calls));
    else
      CHECK_THROWS_AS(write(folder / "file", calls), MachineError);
    CHECK(content_of(folder / "file") == (calls.renamed() ? text : "old"));
    CHECK(calls.renamed() == (k > 8));
    CHECK(std::distance(std::filesystem::directory_iterator{folder.path()}, {}) == 1);
  }
}

TEST_CASE("An interrupted write goes on", "[io]") {
  const TemporaryFolder folder;
  FaultyCalls calls{3, EINTR};
  write_atomically(
      folder / "file", [](FileWriter& out) { out.write("twenty-six bytes, no more."); }, calls);
  CHECK(content_of(folder / "file") == "twenty-six bytes, no more.");
}

TEST_CASE("A limit of the system on the size of files is a MachineError", "[io]") {
  const TemporaryFolder folder;
  put(folder / "file", "old");
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{4096, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  std::string message;
  try {
    write_atomically(folder / "file", [](FileWriter& out) { out.write(std::string(100'000, 'x')); });
  } catch (const MachineError& error) {
    message = error.what();
  }
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK_THAT(message,
             Equals((folder / "file").string() + ": writing: expected success, got File too large (errno 27)"));
  CHECK(content_of(folder / "file") == "old");
  CHECK(std::distance(std::filesystem::directory_iterator{folder.path()}, {}) == 1);
}
