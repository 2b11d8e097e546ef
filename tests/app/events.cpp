#include <vit2cmh/events.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cerrno>
#include <hashweave/io/crc32c.hpp>
#include <io/files.hpp>
#include <limits>
#include <string>
#include <vector>

using namespace hashweave;
using namespace hashweave::test;
using namespace vit2cmh;
using Catch::Matchers::Contains;

namespace {

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    out += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    out += "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

/// The messages of a file, every checksum checked; what is cut at the end is ignored, as readers do.
std::vector<std::string> messages(const std::string& file) {
  const auto unmasked = [](std::uint32_t masked) {
    const std::uint32_t turned = masked - 0xA282EAD8U;
    return (turned << 15) | (turned >> 17);
  };
  std::vector<std::string> out;
  for (std::size_t at = 0; at + 12 <= file.size();) {
    const auto length = load_number<std::uint64_t>(as_bytes(file).data() + at);
    CHECK(unmasked(load_number<std::uint32_t>(as_bytes(file).data() + at + 8)) ==
          crc32c(as_bytes(file).subspan(at, 8)));
    if (at + 16 + length > file.size()) break;
    out.push_back(file.substr(at + 12, length));
    CHECK(unmasked(load_number<std::uint32_t>(as_bytes(file).data() + at + 12 + length)) ==
          crc32c(as_bytes(out.back())));
    at += 16 + length;
  }
  return out;
}

/// Real calls; `left` bytes can still be written.
class FillingDisk : public FileCalls {
 public:
  std::size_t left = 0;
  int opened = 0, closed = 0;

  int open(const char* path, int flags, mode_t mode) override {
    ++opened;
    return FileCalls::open(path, flags, mode);
  }
  ssize_t write(int file, const void* from, std::size_t count) override {
    errno = ENOSPC;
    if (left == 0) return -1;
    const std::size_t some = std::min(left, count);
    left -= some;
    return FileCalls::write(file, from, some);
  }
  int close(int file) override {
    ++closed;
    return FileCalls::close(file);
  }
};

}  // namespace

TEST_CASE("Event records have the bytes that TensorBoard 2.21 writes", "[app]") {
  constexpr double time = 1700000000.25;
  CHECK(hex(event_record(version_event(time))) ==
        "1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e4576656e743a32338d2fe9");
  CHECK(hex(event_record(scalar_event(time, 300, "train/loss", 0.75F))) ==
        "2100000000000000017becf60900001040fc54d94110ac022a130a110a0a747261696e2f6c6f7373150000403f738999e3");
  CHECK(hex(event_record(scalar_event(time, 0, "a", -std::numeric_limits<float>::infinity()))) ==
        "1500000000000000d6ab6b2b0900001040fc54d9412a0a0a080a016115000080ff3e5c56fa");
  CHECK(hex(event_record(restart_event(time, 7))) == "0f000000000000006d532b090900001040fc54d94110073a0208010f417177");
  const std::vector<float> values{3, std::numeric_limits<float>::quiet_NaN(), 3};
  CHECK(hex(event_record(histogram_event(time, 2, "h", values))) ==
        "5500000000000000d7df0fc10900001040fc54d94110022a480a460a01682a410900000000000008401100000000000008401900000000"
        "00000040210000000000001840290000000000003240320800000000000008403a080000000000000040ab981ad3");
}

TEST_CASE("An event file begins with its version and holds every value in order", "[app]") {
  const TemporaryFolder folder;
  std::filesystem::path path;
  {
    EventWriter events{folder / "run/events"};
    path = events.path();
    CHECK(path.parent_path() == folder / "run/events");
    CHECK_THAT(path.filename().string(), Catch::Matchers::StartsWith("events.out.tfevents."));
    CHECK(messages(content_of(path)).size() == 1);
    events.restart(4);
    events.scalar("loss", 0.5, 5);
    events.scalar("loss", std::numeric_limits<double>::quiet_NaN(), 6);
    events.histogram("h", std::vector<float>{1, 2, 3}, 6);
    events.flush();
    CHECK(messages(content_of(path)).size() == 5);
    events.scalar("last", 1, 7);
  }
  const std::string file = content_of(path);
  const auto all = messages(file);
  REQUIRE(all.size() == 6);
  CHECK(all[0].substr(9) == version_event(0).substr(9));  // all but the time
  CHECK(all[1].substr(9) == restart_event(0, 4).substr(9));
  CHECK(all[2].substr(9) == scalar_event(0, 5, "loss", 0.5F).substr(9));
  CHECK(all[5].substr(9) == scalar_event(0, 7, "last", 1).substr(9));
  CHECK(messages(file.substr(0, file.size() - 1)).size() == 5);
}

TEST_CASE("Two event files of one second and host lie beside each other", "[app]") {
  const TemporaryFolder folder;
  std::vector<std::filesystem::path> paths;
  for (int i = 0; i < 3; ++i) paths.push_back(EventWriter{folder.path()}.path());
  std::sort(paths.begin(), paths.end());
  CHECK(std::unique(paths.begin(), paths.end()) == paths.end());
  for (const auto& path : paths) CHECK(messages(content_of(path)).size() == 1);
}

TEST_CASE("A histogram counts every finite value once", "[app]") {
  std::vector<float> values;
  for (int i = 0; i <= 60; ++i) values.push_back(static_cast<float>(i));
  const std::string message = histogram_event(0, 0, "h", values);
  // 30 limits and 30 counts of eight bytes come last
  REQUIRE(message.size() > 2 * 243);
  const auto number = [&](std::size_t from_end) {
    return load_number<double>(as_bytes(message).data() + message.size() - 8 * from_end);
  };
  double sum = 0;
  for (std::size_t i = 1; i <= 30; ++i) sum += number(i);
  CHECK(sum == 61);
  CHECK(number(1) == 3);  // 58, 59 and 60
}

TEST_CASE("A full disk stops an event file as a MachineError, and nothing follows what is cut", "[app]") {
  const TemporaryFolder folder;
  FillingDisk disk;
  CHECK_THROWS_AS((EventWriter{folder / "none", disk}), MachineError);
  CHECK(disk.closed == disk.opened);
  disk.left = 100;
  std::filesystem::path path;
  {
    EventWriter events{folder / "some", disk};
    path = events.path();
    for (int step = 0; step < 10; ++step) events.scalar("loss", 1, step);
    CHECK_THROWS_WITH(events.flush(), Contains("writing: expected success, got No space left on device"));
    disk.left = 10'000;
    CHECK_THROWS_AS(events.scalar("loss", 1, 11), MachineError);
    CHECK_THROWS_AS(events.flush(), MachineError);
  }
  CHECK(content_of(path).size() == 100);
  CHECK(messages(content_of(path)).size() == 2);
  CHECK(disk.closed == disk.opened);
}

TEST_CASE("A folder that cannot be made for events is an Error", "[app]") {
  const TemporaryFolder folder;
  put(folder / "file", "");
  CHECK_THROWS_WITH(EventWriter{folder / "file/events"}, Contains("making the folder: expected success"));
}
