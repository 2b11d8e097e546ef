#include <catch2/catch.hpp>
#include <filesystem>
#include <hashweave/data/dataset.hpp>
#include <hashweave/data/dataset_image.hpp>
#include <hashweave/data/tar_writer.hpp>
#include <io/files.hpp>
#include <set>
#include <string>
#include <vector>

using namespace hashweave;
using namespace hashweave::test;

namespace {

std::filesystem::path clipart() { return test_file("../examples/vit2cmh/data/clipart"); }

}  // namespace

TEST_CASE("The embedded data set holds what its README says", "[data][dataset][clipart]") {
  DatasetOptions options;
  options.check = ImageCheck::header;
  const CaptionDataset set = open_dataset(clipart(), options);
  CHECK(set.size() == 2768);
  CHECK(set.caption_count() == 2768);
  CHECK(set.label_count() == 3660);
  CHECK(set.classes().size() == 35);
  CHECK(set.positions(Split::train).size() == 2268);
  CHECK(set.positions(Split::val).size() == 200);
  CHECK(set.positions(Split::test).size() == 300);
  CHECK(set.faults().count == 0);
  std::set<std::int64_t> ids;
  for (Size i = 0; i < set.size(); ++i) {
    const DatasetItem item = set[i];
    if (item.captions.size() != 1 || item.labels.empty()) FAIL("item " << item.name);
    ids.insert(item.id);
  }
  CHECK(ids.size() == 2768);
  CHECK(std::string{set[2].captions[0]} == "Armadillo. animal");
  CHECK(set.classes()[static_cast<std::size_t>(set[2].labels[0])] == "animal");
}

TEST_CASE("Images of the embedded data set decode", "[data][dataset][clipart]") {
  const CaptionDataset set = open_dataset(clipart() / "clipart-000001.tar");
  REQUIRE(set.size() == 1000);
  for (const Size i : {Size{0}, Size{1}, Size{500}, Size{999}}) {
    const Image image = load_image(set, i);
    CHECK(std::max(image.height(), image.width()) == 112);
  }
}

TEST_CASE("The shard that Python wrote is written the same, byte by byte", "[data][tar][clipart]") {
  const auto path = clipart() / "clipart-000002.tar";
  const TarFile tar = open_tar(path);
  std::vector<TarEntry> entries;
  for (const TarMember& member : tar.members()) entries.push_back({member.name, tar.read(member).bytes});
  CHECK(entries.size() == 2 * 768);
  const TemporaryFolder folder;
  write_tar(folder / "same.tar", entries);
  const bool same = content_of(folder / "same.tar") == content_of(path);
  CHECK(same);
}

TEST_CASE("An image that does not decode is named", "[data][dataset]") {
  const TemporaryFolder folder;
  put(folder / "a.jpg", "no image");
  put(folder / "dataset.jsonl", R"({"id": 3, "image": "a.jpg"})");
  const CaptionDataset set = open_dataset(folder.path());
  CHECK_THROWS_WITH(load_image(set, 0), Catch::Contains("a.jpg, item 3: ") && Catch::Contains("expected JPEG or PNG"));
}
