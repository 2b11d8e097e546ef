#include <catch2/catch.hpp>
#include <data/dataset_exercise.hpp>
#include <data/dataset_samples.hpp>
#include <filesystem>
#include <io/mutate.hpp>
#include <string>
#include <string_view>
#include <support/damaged.hpp>
#include <utility>
#include <vector>

using namespace hashweave;
using namespace hashweave::test;

namespace {

/// Whether the file was read; an `Error` is an answer too, any other exception fails the test.
bool reads(const std::string& text, OnBadItem policy) {
  const std::vector<char> bytes{text.begin(), text.end()};  // exactly this size, for the address sanitizer
  try {
    exercise_dataset(std::as_bytes(std::span{bytes}), policy);
    return true;
  } catch (const MachineError&) {
    throw;
  } catch (const Error& error) {
    if (std::string{error.what()}.find(": expected ") == std::string::npos) throw;
    return false;
  }
}
std::string sample(const std::string& format) {
  const TemporaryFolder folder;
  if (format == "tar") return tar_sample(folder);
  if (format == "jsonl") return jsonl_sample;
  if (format == "karpathy") return karpathy_sample;
  if (format == "coco") return coco_sample;
  if (format == "instances") return instances_sample;
  if (format == "csv") return csv_sample;
  if (format == "bars") return bar_sample;
  return token_sample;
}

}  // namespace

TEST_CASE("Damaged data sets of each format are read or refused with an Error", "[data][mutants]") {
  const std::string format = GENERATE("jsonl", "karpathy", "coco", "instances", "csv", "bars", "token", "tar");
  const std::string seed = sample(format);
  REQUIRE(reads(seed, OnBadItem::error) == (format != "instances"));  // of a caption file's other image
  Mutator mutator{2};
  std::uint32_t read = 0;
  for (std::uint32_t i = 0; i < damaged_files; ++i) {
    CAPTURE(format, i);
    bool sound = false;
    std::string text = mutator.mutant(seed, i);
    if (format == "tar" && i % 4 != 0) text = with_checksums(std::move(text));
    REQUIRE_NOTHROW(sound = reads(text, i % 2 == 0 ? OnBadItem::skip : OnBadItem::error));
    read += sound ? 1 : 0;
  }
  CAPTURE(format, read);
  CHECK(read > 0);
  CHECK(read < damaged_files);
}

TEST_CASE("Damaged tar files are read or refused with an Error", "[data][mutants]") {
  const TemporaryFolder folder;
  const std::string name(120, 'n'), seed_text = "x";
  write_tar(folder / "f.tar", {{"a", as_bytes(name)}, {name, as_bytes(seed_text)}, {"b", {}}});
  const std::string seed = content_of(folder / "f.tar").substr(0, 4096);
  Mutator mutator{3};
  std::uint32_t read = 0;
  for (std::uint32_t i = 0; i < damaged_files; ++i) {
    CAPTURE(i);
    std::string text = mutator.mutant(seed, i);
    if (i % 4 != 0) text = with_checksums(std::move(text));
    const std::vector<char> bytes{text.begin(), text.end()};
    try {
      exercise_tar(std::as_bytes(std::span{bytes}));
      ++read;
    } catch (const MachineError&) {
      FAIL("the machine was blamed");
    } catch (const Error&) {
    }
  }
  CHECK(read > 0);
  CHECK(read < damaged_files);
}

TEST_CASE("The seeds of the fuzz targets of data sets are read or refused with an Error", "[data][mutants]") {
  for (const char* name : {"dataset", "tar"}) {
    const auto folder = test_file("fuzz/corpus") / name;
    REQUIRE(std::filesystem::is_directory(folder));
    for (const auto& entry : std::filesystem::directory_iterator{folder}) {
      CAPTURE(entry.path().string());
      CHECK_NOTHROW(reads(content_of(entry.path()), OnBadItem::skip));
    }
  }
}
