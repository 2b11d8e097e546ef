#include <catch2/catch.hpp>
#include <data/dataset_samples.hpp>
#include <hashweave/data/dataset.hpp>
#include <string>
#include <vector>

using namespace hashweave;
using namespace hashweave::test;
using Strings = std::vector<std::string>;
using Places = std::vector<Size>;

TEST_CASE("The native format gives ids, captions, labels and splits", "[data][dataset]") {
  const TemporaryFolder folder;
  put_all(folder, {{"dataset.jsonl", jsonl_sample}});
  put_images(folder, {"a.png", "sub/b.png", "c.png"});
  for (const bool by_folder : {true, false}) {
    const CaptionDataset set = open_dataset(by_folder ? folder.path() : folder / "dataset.jsonl");
    REQUIRE(set.size() == 3);
    CHECK(set.owner(0) == 7);
    CHECK(set[1].id == 3);
    CHECK(names_of(set) == Strings{"7", "3", "9"});
    CHECK(captions_of(set, 0) == Strings{"A red cat.", "Ein Kätzchen"});
    CHECK(set.caption_count() == 3);
    CHECK(set.classes() == Strings{"animal", "cat", "vehicle"});
    CHECK(labels_of(set, 0) == Strings{"animal", "cat"});
    CHECK(labels_of(set, 2).empty());
    CHECK(set.positions(Split::train) == Places{0});
    CHECK(set.positions(Split::val) == Places{1});
    CHECK(set.positions(Split::test) == Places{2});
    CHECK(set.positions(Split::rest).empty());
    CHECK(set.faults().count == 0);
    CHECK(as_text(set.image_bytes(1).bytes) == png());
    CHECK(set.image_features().rows() == 0);
  }
}

TEST_CASE("Items of the native format without an id are known by their image", "[data][dataset]") {
  const auto set = parse_dataset(blob(R"({"image": "x/y.jpg", "captions": "one"})"
                                      "\n"
                                      R"({"image": "z.jpg", "id": 4, "labels": [10, 9]})"),
                                 "s", unchecked());
  CHECK(names_of(set) == Strings{"x/y.jpg", "4"});
  CHECK(set[0].id == 0);
  CHECK(set[1].id == 1);  // ids are places unless every item has one
  CHECK(captions_of(set, 0) == Strings{"one"});
  CHECK(set.classes() == Strings{"9", "10"});
  CHECK(set[1].split == Split::rest);
}

TEST_CASE("Karpathy's JSON gives captions, splits, and restval as train", "[data][dataset]") {
  const TemporaryFolder folder;
  put_all(folder, {{"dataset_coco.json", karpathy_sample}});
  put_images(folder, {"pictures/val/a.png", "pictures/val/b.png", "pictures/val/c.png"});
  DatasetOptions options;
  options.images = GENERATE("", "named");
  if (!options.images.empty()) options.images = folder / "pictures";
  const CaptionDataset set = open_dataset(folder.path(), options);
  REQUIRE(set.size() == 3);
  CHECK(names_of(set) == Strings{"val/a.png", "val/b.png", "val/c.png"});
  CHECK(captions_of(set, 0) == Strings{"A cat.", "a pet"});
  CHECK(captions_of(set, 1) == Strings{"A dog."});
  CHECK(captions_of(set, 2).empty());
  CHECK(set.positions(Split::train) == Places{0});
  CHECK(set.positions(Split::test) == Places{1});
  CHECK(set.owner(2) == 2);
  CHECK(set.place(0).path == (folder / "pictures/val/a.png").string());
}

TEST_CASE("COCO's captions and instances make captions and dense labels", "[data][dataset]") {
  const TemporaryFolder folder;
  put_all(folder, {{"annotations/captions_val2017.json", coco_sample},
                   {"annotations/instances_val2017.json", instances_sample}});
  put_images(folder, {"val2017/a.png", "val2017/b.png", "val2017/c.png"});
  const auto path = GENERATE("annotations", "annotations/captions_val2017.json");
  const CaptionDataset set = open_dataset(folder / path);
  REQUIRE(set.size() == 3);
  CHECK(set[0].id == 40);
  CHECK(set[1].id == 12);
  CHECK(captions_of(set, 0) == Strings{"A cat", "A pet"});
  CHECK(captions_of(set, 1) == Strings{"A bus"});
  CHECK(captions_of(set, 2).empty());
  CHECK(set.classes() == Strings{"bicycle", "zebra", "toothbrush"});  // by category id
  CHECK(labels_of(set, 0) == Strings{"zebra", "toothbrush"});
  CHECK(labels_of(set, 1) == Strings{"toothbrush"});
  CHECK(set.positions(Split::val).size() == 3);  // as the file's name says
  CHECK(as_text(set.image_bytes(2).bytes) == png());
}

TEST_CASE("Several files of COCO captions in a folder make one data set", "[data][dataset]") {
  const TemporaryFolder folder;
  const std::string other = R"({"images": [{"id": 1, "file_name": "t.png"}], "annotations": []})";
  put_all(folder, {{"captions_val2017.json", coco_sample},
                   {"captions_train2017.json", other},
                   {"instances_val2017.json", instances_sample}});
  put_images(folder, {"val2017/a.png", "val2017/b.png", "val2017/c.png", "train2017/t.png"});
  const CaptionDataset set = open_dataset(folder.path());
  CHECK(names_of(set) == Strings{"t.png", "a.png", "b.png", "c.png"});
  CHECK(set.positions(Split::train) == Places{0});
  CHECK(set.label_count() == 3);
}

TEST_CASE("Flickr's token files give captions, and the lists beside them the splits", "[data][dataset]") {
  const TemporaryFolder folder;
  put_all(folder, {{"Flickr8k.token.txt", token_sample},
                   {"Flickr_8k.trainImages.txt", "a.png\n"},
                   {"Flickr_8k.devImages.txt", "b#1.png\r\nmissing.png\n"},
                   {"readme.txt", "Text that is no data set.\n"}});
  put_images(folder, {"Images/a.png", "Images/b#1.png", "Images/c.png"});
  const CaptionDataset set = open_dataset(folder.path());
  CHECK(names_of(set) == Strings{"a.png", "b#1.png", "c.png"});
  CHECK(captions_of(set, 0) == Strings{"A cat .", "A pet ."});
  CHECK(set.positions(Split::train) == Places{0});
  CHECK(set.positions(Split::val) == Places{1});
  CHECK(set.positions(Split::rest) == Places{2});
}

TEST_CASE("Tables with a header give captions, quoted or not", "[data][dataset]") {
  const auto csv = parse_dataset(blob(csv_sample), "f.csv", unchecked());
  CHECK(names_of(csv) == Strings{"a.png", "b.png", "c.png"});
  CHECK(captions_of(csv, 0) == Strings{"A cat .", "A pet ."});
  CHECK(captions_of(csv, 1) == Strings{"A dog, \"Rex\",\nand a ball ."});
  CHECK(captions_of(csv, 2) == Strings{"A bird"});

  const auto bars = parse_dataset(blob(bar_sample), "f.csv", unchecked());
  CHECK(captions_of(bars, 0) == Strings{"A \"big\" cat | and more .", "A pet ."});

  const auto tabs = parse_dataset(
      blob("\xEF\xBB\xBFsplit\tText\tnumber\tFile_Name\ntest\tA cat\t1\ta.png\n\tB\t2\tb.png"), "f.tsv", unchecked());
  CHECK(names_of(tabs) == Strings{"a.png", "b.png"});
  CHECK(tabs[0].split == Split::test);
  CHECK(tabs[1].split == Split::rest);
}

TEST_CASE("A WebDataset shard gives items by key", "[data][dataset]") {
  const TemporaryFolder folder, other;
  put(folder / "clips-train-000000.tar", tar_sample(other));
  const CaptionDataset set = open_dataset(folder.path());
  CHECK(names_of(set) == Strings{"5", "k/0002", "k/0003"});
  CHECK(captions_of(set, 0) == Strings{"A cat", "A pet"});
  CHECK(captions_of(set, 1) == Strings{"A dog"});
  CHECK(captions_of(set, 2) == Strings{"A bird"});
  CHECK(set.classes() == Strings{"2", "cat"});
  CHECK(labels_of(set, 0) == Strings{"2", "cat"});
  CHECK(labels_of(set, 1) == Strings{"2"});
  CHECK(set.positions(Split::val) == Places{0});
  CHECK(set.positions(Split::train) == Places{1, 2});  // as the shard's name says
  for (Size i = 0; i < 3; ++i) CHECK(as_text(set.image_bytes(i).bytes) == png());
}

TEST_CASE("Several shards make one data set, and a key twice is a fault", "[data][dataset]") {
  const TemporaryFolder folder, other;
  const std::string image = png();
  put(folder / "x-000000.tar", tar_sample(other));
  write_tar(folder / "x-000001.tar", {{"a.png", as_bytes(image)}, {"k/0003.png", as_bytes(image)}});
  CHECK_THROWS_WITH(open_dataset(folder.path()),
                    Catch::Contains("x-000001.tar, k/0003: name of the item: expected one that did not come before"));
  const CaptionDataset set = open_dataset(folder.path(), skipping());
  CHECK(set.size() == 4);
  CHECK(set.place(3).shard == 1);
  CHECK(set.faults().count == 1);
}

TEST_CASE("Formats are told by content, whatever the file's name", "[data][dataset]") {
  const TemporaryFolder folder;
  const auto format = [](const std::string& text) { return dataset_format(as_bytes(text)); };
  CHECK(format(jsonl_sample) == DatasetFormat::jsonl);
  CHECK(format("{\"id\": 1, broken\n" + jsonl_sample) == DatasetFormat::jsonl);
  CHECK(format(karpathy_sample) == DatasetFormat::karpathy);
  CHECK(format(coco_sample) == DatasetFormat::coco);
  CHECK(format(token_sample) == DatasetFormat::token);
  CHECK(format("a line of another kind\n" + token_sample) == DatasetFormat::token);
  CHECK(format(csv_sample) == DatasetFormat::table);
  CHECK(format(bar_sample) == DatasetFormat::table);
  CHECK(format(tar_sample(folder)) == DatasetFormat::webdataset);
  CHECK(format(content_of(test_file("io/data/npz/stored.npz"))) == DatasetFormat::npz);
  CHECK(format(content_of(test_file("io/data/mat5/plain.mat"))) == DatasetFormat::mat);
  CHECK_FALSE(format("just text, with a comma\n"));
  CHECK_FALSE(format(R"({"name": "some", "other": [{"json": 1}]})"));
  CHECK_FALSE(format(png()));
  CHECK_FALSE(format(""));
}

TEST_CASE("Captions can be gone through as a data set of their own", "[data][dataset]") {
  const auto set = parse_dataset(blob(jsonl_sample), "s", unchecked());
  const Places all{0, 1, 2};
  const CaptionList captions{set, all};
  REQUIRE(captions.size() == 3);
  CHECK(captions[1] == "Ein Kätzchen");
  CHECK(captions.owner(0) == 7);
  CHECK(captions.owner(1) == 7);
  CHECK(captions.owner(2) == 3);
  CHECK(captions.item(2) == 1);
  CHECK(CaptionList(set, Places{2}).size() == 0);
}
