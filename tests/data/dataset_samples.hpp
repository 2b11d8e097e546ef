#pragma once
#include <array>
#include <filesystem>
#include <hashweave/data/dataset.hpp>
#include <hashweave/data/tar_writer.hpp>
#include <io/files.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// Small data sets of every format, for the tests of this room.
namespace hashweave::test {

/// A grey PNG file of 1 x 1 pixels.
inline constexpr std::array<unsigned char, 67> tiny_png{
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00,
    0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x3a, 0x7e, 0x9b, 0x55, 0x00,
    0x00, 0x00, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0xda, 0x63, 0x68, 0x00, 0x00, 0x00, 0x82, 0x00, 0x81,
    0xda, 0x45, 0x08, 0x3b, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};

inline std::string png() { return {reinterpret_cast<const char*>(tiny_png.data()), tiny_png.size()}; }

/// Files with these contents in a folder; folders are made where a name has some.
inline void put_all(const TemporaryFolder& folder, const std::vector<std::pair<std::string, std::string>>& files) {
  for (const auto& [name, text] : files) {
    std::filesystem::create_directories((folder / name).parent_path());
    put(folder / name, text);
  }
}
inline void put_images(const TemporaryFolder& folder, const std::vector<std::string>& names) {
  for (const std::string& name : names) put_all(folder, {{name, png()}});
}

inline DatasetOptions skipping() {
  DatasetOptions options;
  options.on_bad_item = OnBadItem::skip;
  return options;
}
inline DatasetOptions unchecked() {
  DatasetOptions options;
  options.check = ImageCheck::none;
  return options;
}

inline const std::string jsonl_sample =
    R"({"id": 7, "image": "a.png", "captions": ["A red cat.", "Ein Kätzchen"], "labels": ["cat", "animal"], "split": "train"})"
    "\n\n"
    R"({"id": 3, "image": "sub/b.png", "captions": ["A car"], "labels": ["vehicle"], "split": "val", "more": {"x": 1}})"
    "\r\n"
    R"({"id": 9, "image": "c.png", "captions": [], "labels": [], "split": "test"})";

inline const std::string karpathy_sample =
    R"({"dataset": "coco", "images": [
{"filepath": "val", "filename": "a.png", "imgid": 0, "split": "restval", "sentids": [0, 1],
 "sentences": [{"tokens": ["a", "cat"], "raw": "A cat.", "imgid": 0, "sentid": 0}, {"tokens": ["a", "pet"]}]},
{"filepath": "val", "filename": "b.png", "imgid": 1, "split": "test", "sentences": [{"raw": " A dog. "}]},
{"filepath": "val", "filename": "c.png", "imgid": 2, "split": "val", "sentences": []}]})";

inline const std::string coco_sample =
    R"({"info": {"year": 2017}, "licenses": [{"id": 1}],
"annotations": [{"id": 1, "image_id": 40, "caption": "A cat"}, {"id": 2, "image_id": 12, "caption": "A bus"},
 {"id": 3, "image_id": 40, "caption": "A pet "}],
"images": [{"id": 40, "file_name": "a.png"}, {"id": 12, "file_name": "b.png"}, {"id": 77, "file_name": "c.png"}]})";

inline const std::string instances_sample =
    R"({"images": [{"id": 40, "file_name": "a.png"}],
"annotations": [{"image_id": 40, "category_id": 90, "bbox": [1, 2, 3.5, 4]}, {"image_id": 40, "category_id": 17},
 {"image_id": 12, "category_id": 90}, {"image_id": 40, "category_id": 90}],
"categories": [{"id": 90, "name": "toothbrush"}, {"id": 17, "name": "zebra"}, {"id": 2, "name": "bicycle"}]})";

inline const std::string token_sample =
    "a.png#0\tA cat .\r\na.png#1\tA pet .\n\nb#1.png#0\tA dog .\nc.png#12\tA bird .\n";

inline const std::string csv_sample =
    "image,caption\na.png,A cat .\nb.png,\"A dog, \"\"Rex\"\",\nand a ball .\"\na.png,A pet .\n\nc.png,\"A bird\"\n";

inline const std::string bar_sample =
    "image_name| comment_number| comment\na.png| 0| A \"big\" cat | and more .\nb.png| 0| A dog .\na.png| 1| A pet .\n";

/// A shard with three items.
inline std::string tar_sample(const TemporaryFolder& folder) {
  const std::string image = png();
  const std::string fields = R"({"id": 5, "captions": ["A cat", "A pet"], "labels": ["cat", 2], "split": "val"})";
  const std::string caption = "A dog\n", label = "2\n", other = R"({"caption": "A bird", "width": 1})";
  write_tar(folder / "sample.tar", {{"k/0001.png", as_bytes(image)},
                                    {"k/0001.json", as_bytes(fields)},
                                    {"k/0002.txt", as_bytes(caption)},
                                    {"k/0002.PNG", as_bytes(image)},
                                    {"k/0002.cls", as_bytes(label)},
                                    {"k/0003.png", as_bytes(image)},
                                    {"k/0003.json", as_bytes(other)},
                                    {"k/0003.seg.png", as_bytes(other)}});
  std::string text = content_of(folder / "sample.tar");
  std::filesystem::remove(folder / "sample.tar");
  return text;
}

/// The captions of an item.
inline std::vector<std::string> captions_of(const CaptionDataset& set, Size i) {
  const auto captions = set[i].captions;
  return {captions.begin(), captions.end()};
}
/// The names of an item's classes.
inline std::vector<std::string> labels_of(const CaptionDataset& set, Size i) {
  std::vector<std::string> names;
  for (const std::int32_t label : set[i].labels) names.push_back(set.classes()[static_cast<std::size_t>(label)]);
  return names;
}
inline std::vector<std::string> names_of(const CaptionDataset& set) {
  std::vector<std::string> names;
  for (Size i = 0; i < set.size(); ++i) names.emplace_back(set[i].name);
  return names;
}

}  // namespace hashweave::test
