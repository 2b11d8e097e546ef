#include <catch2/catch.hpp>
#include <filesystem>
#include <io/exercise.hpp>
#include <io/files.hpp>
#include <io/heap_watch.hpp>
#include <io/mutate.hpp>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <support/damaged.hpp>

using namespace hashweave;
using namespace hashweave::test;

namespace {

/// Whether the file was read; an `Error` is an answer too, any other exception fails the test, and so does memory of
/// more than four times the file and 16 MiB.
bool reads(const Format& format, const std::string& text) {
  // a copy of exactly this size, so that the address sanitizer sees each byte read behind the end
  const std::vector<char> bytes{text.begin(), text.end()};
  const HeapWatch watch;
  bool read = true;
  try {
    format.exercise(std::as_bytes(std::span{bytes}));
  } catch (const Error& error) {
    if (std::string{error.what()}.find(": expected ") == std::string::npos) throw;
    read = false;
  }
  if (watch.peak() > 4 * text.size() + (16 << 20))
    throw std::logic_error{"memory: " + std::to_string(watch.peak()) + " bytes for a file of " +
                           std::to_string(text.size())};
  return read;
}

}  // namespace

TEST_CASE("Damaged files of each format are read or refused with an Error", "[io][mutants]") {
  const Format format = GENERATE(from_range(formats));
  CAPTURE(format.seed);
  const std::string seed = content_of(test_file("io/data") / format.seed);
  REQUIRE(reads(format, seed));
  Mutator mutator{1};
  std::uint32_t read = 0;
  for (std::uint32_t i = 0; i < damaged_files; ++i) {
    CAPTURE(i);
    bool sound = false;
    REQUIRE_NOTHROW(sound = reads(format, mutator.mutant(seed, i)));
    read += sound ? 1 : 0;
  }
  CAPTURE(read);
  CHECK(read < damaged_files);
}

TEST_CASE("Every file that is cut short is refused", "[io][mutants]") {
  const Format format = GENERATE(from_range(formats));
  CAPTURE(format.seed);
  const std::string seed = content_of(test_file("io/data") / format.seed);
  for (std::size_t size = 0; size < seed.size(); ++size) {
    CAPTURE(size);
    const bool sound = reads(format, seed.substr(0, size));
    // a MAT file ends wherever a variable ends; an ONNX file may end before its last fields
    for (const std::string_view whole : {"safetensors", "npy", "npz", "faiss_binary"})
      if (format.name == whole) CHECK_FALSE(sound);
  }
}

TEST_CASE("The seeds of the fuzz targets are read or refused with an Error", "[io][mutants]") {
  std::set<std::string_view> done;
  for (const Format& format : formats) {
    if (!done.insert(format.name).second) continue;
    const auto folder = test_file("fuzz/corpus") / format.name;
    REQUIRE(std::filesystem::is_directory(folder));
    for (const auto& entry : std::filesystem::directory_iterator{folder}) {
      CAPTURE(entry.path().string());
      CHECK_NOTHROW(reads(format, content_of(entry.path())));
    }
  }
}
