#include <catch2/catch.hpp>
#include <data/dataset_samples.hpp>
#include <hashweave/data/dataset.hpp>
#include <string>
#include <vector>

using namespace hashweave;
using namespace hashweave::test;

namespace {

/// The message of opening a text with policy `error`; with `skip`, what is left and what was counted.
struct Outcome {
  std::string message;
  Size items = 0, captions = 0, faults = 0;
};
Outcome outcome(const std::string& text, const std::string& name = "f") {
  Outcome out;
  try {
    parse_dataset(blob(text), name, unchecked());
    out.message = "no error";
  } catch (const Error& error) {
    out.message = error.what();
  }
  DatasetOptions options = unchecked();
  options.on_bad_item = OnBadItem::skip;
  try {
    const CaptionDataset set = parse_dataset(blob(text), name, options);
    out.items = set.size();
    out.captions = set.caption_count();
    out.faults = set.faults().count;
    if (out.faults > 0) CHECK(set.faults().messages[0] == out.message);
  } catch (const Error&) {
    out.items = -1;
  }
  return out;
}
const std::string good = R"({"image": "g.png", "captions": ["good"]})"
                         "\n";
void check_line(const std::string& line, const std::string& expected) {
  const Outcome out = outcome(good + line + "\n");
  CAPTURE(line.substr(0, 100), out.message);
  CHECK_THAT(out.message, Catch::StartsWith("f:2: ") && Catch::Contains(expected));
  CHECK(out.items == 1);
  CHECK(out.faults == 1);
}

}  // namespace

TEST_CASE("A bad line of the native format is named with its number, or skipped and counted", "[data][dataset]") {
  check_line("{", "text: expected JSON, got ");
  check_line("[1, 2]", "record: expected an object, got array");
  check_line(R"({"captions": []})", "expected a member 'image', got none");
  check_line(R"({"image": 3})", "image: expected a string, got number");
  check_line(R"({"image": "../x.png"})",
             "path of the image: expected one that stays within its folder, got '../x.png'");
  check_line(R"({"image": "a/../../x.png"})", "one that stays within its folder");
  check_line(R"({"image": "/etc/passwd"})", "path of the image: expected a relative one");
  check_line(R"({"image": "a/"})", "expected one that names a file");
  check_line(R"({"image": "."})", "expected one that names a file");
  check_line(R"({"image": "a\u0000b"})", "expected no control characters, got 'a\\x00b'");
  check_line(R"({"image": "g.png"})", "name of the item: expected one that did not come before");
  check_line(R"({"image": "a", "captions": [3]})", "captions: expected a string, got number");
  check_line(R"({"image": "a", "captions": {}})", "captions: expected a list, got object");
  check_line(R"({"image": "a", "captions": ["ok", " "]})", "caption: expected some text, got none");
  check_line("{\"image\": \"a\", \"captions\": [\"\xFF\"]}", "expected JSON");
  check_line(R"({"image": "a", "split": "tain"})", "split: expected train, val or test, got 'tain'");
  check_line(R"({"image": "a", "split": 1})", "split: expected a string");
  check_line(R"({"image": "a", "id": 1.5})", "id: expected a whole number, got number");
  check_line(R"({"image": "a", "id": 18446744073709551615})", "id: expected a number of 63 bits");
  check_line(R"({"image": "a", "labels": [[]]})", "labels: expected a whole number, got array");
  check_line(R"({"image": "a", "labels": [""]})", "label: expected some text, got none");
  check_line(R"({"image": "a", "image": "b"})", "keys of an object: expected each once");
  check_line(R"({"image": "a", "x": )" + std::string(64, '[') + std::string(64, ']') + "}",
             "depth of JSON: expected at most 64");
  check_line(R"({"image": "a", "captions": [")" + std::string((64 << 10) + 1, 'x') + "\"]}",
             "caption: expected at most 65536 bytes, got 65537");
  check_line(R"({"image": "a", "x": ")" + std::string(1 << 20, 'x') + "\"}",
             "bytes of the line: expected at most 1048576");
}

TEST_CASE("Ids that come twice are refused", "[data][dataset]") {
  const Outcome out = outcome(R"({"id": 1, "image": "a"})"
                              "\n"
                              R"({"id": 1, "image": "b"})");
  CHECK(out.message == "f:2: name of the item: expected one that did not come before, got '1'");
  CHECK(out.faults == 1);
}

TEST_CASE("A bad record of Karpathy's JSON is named with its number", "[data][dataset]") {
  const auto with = [](const std::string& image) {
    return outcome(R"({"images": [{"filename": "g.png", "split": "train", "sentences": [{"raw": "x"}]}, )" + image +
                   "]}");
  };
  const auto check = [&](const std::string& image, const std::string& expected) {
    const Outcome out = with(image);
    CAPTURE(out.message);
    CHECK_THAT(out.message, Catch::StartsWith("f, images[1]") && Catch::Contains(expected));
    CHECK(out.items == 1);
    CHECK(out.faults == 1);
  };
  check("3", "record: expected an object, got number");
  check("[]", "record: expected an object, got array");
  check(R"({"filename": "a"})", "expected a member 'sentences'");
  check(R"({"filename": "../a", "sentences": []})", "stays within its folder");
  check(R"({"filename": "a", "sentences": [{}]})", "a sentence: record: expected a member 'tokens'");
  check(R"({"filename": "a", "sentences": [{"tokens": []}]})", "caption: expected some text");
  check(R"({"filename": "a", "sentences": [], "split": "?"})", "split: expected train, val or test");
  check(R"({"filename": "a", "sentences": [], "imgid": "x"})", "imgid: expected a whole number, got string");
}

TEST_CASE("A bad record of COCO's JSON is named with its list and number", "[data][dataset]") {
  const auto check = [](const std::string& images, const std::string& annotations, const std::string& expected,
                        Size items, Size captions) {
    const Outcome out = outcome(R"({"images": [{"id": 1, "file_name": "g.png"})" + images +
                                R"(], "annotations": [{"image_id": 1, "caption": "x"})" + annotations + "]}");
    CAPTURE(out.message);
    CHECK_THAT(out.message, Catch::Contains(expected));
    CHECK(out.items == items);
    CHECK(out.captions == captions);
    CHECK(out.faults == 1);
  };
  check(R"(, {"id": 2})", "", "f, images[1]: record: expected a member 'file_name'", 1, 1);
  check(R"(, {"id": "2", "file_name": "a"})", "", "f, images[1]: id: expected a whole number, got string", 1, 1);
  check(R"(, {"id": 1, "file_name": "a"})", "", "f, images[1]: id of the item: expected one that did not come before",
        1, 1);
  check("", R"(, {"image_id": 1})", "f, annotations[1]: annotation: expected a member 'caption'", 1, 1);
  check("", R"(, {"image_id": 1, "caption": ""})", "f, annotations[1]: caption: expected some text", 1, 1);
  check("", R"(, {"image_id": 5, "caption": "y"})", "f, annotations[1]: image_id: expected the id of an image, got 5",
        1, 1);
  check(R"(, {"id": 2, "file_name": "a"})", R"(, {"image_id": 2, "category_id": 3})",
        "f, images[1]: category_id: expected the id of a category, got 3", 1, 1);
}

TEST_CASE("JSON that is damaged is refused whole", "[data][dataset]") {
  for (const std::string& sample : {karpathy_sample, coco_sample}) {
    CHECK_THAT(outcome(sample.substr(0, sample.size() - 2)).message, Catch::Contains("text: expected JSON, got"));
    CHECK(outcome(sample.substr(0, sample.size() - 2)).items == -1);
    CHECK_THAT(outcome(sample + "x").message, Catch::Contains("text: expected JSON, got"));
    CHECK_THAT(outcome(sample + std::string(1, '\0')).message, Catch::Contains("expected no zero byte"));
  }
}

TEST_CASE("A bad line of a token file or a table is named with its number", "[data][dataset]") {
  const auto check = [](const std::string& text, const std::string& expected, Size items, Size captions) {
    const Outcome out = outcome(text);
    CAPTURE(text.substr(0, 100), out.message);
    CHECK_THAT(out.message, Catch::Contains(expected));
    CHECK(out.items == items);
    CHECK(out.captions == captions);
    CHECK(out.faults == 1);
  };
  const std::string token = "a.png#0\tA\n";
  check(token + "b.png 0\tB\n", "f:2: line: expected image#number, a tab and a caption, got 'b.png 0\\x09B'", 1, 1);
  check(token + "a.png#1\t \n", "f:2: caption: expected some text", 1, 1);
  check(token + "a.png#1\t\xC3(\n", "f:2: caption: expected UTF-8", 1, 1);
  check(token + "a.png#1\t" + std::string(1 << 20, 'x'), "f:2: bytes of the line", 1, 1);
  check(token + "../b#0\tB\n", "f:2: path of the image", 1, 1);

  const std::string csv = "image,caption\na.png,A\n";
  check(csv + "b.png\n", "f:3: fields of the record: expected 2, got 1", 1, 1);
  check(csv + "b.png,B,C\n", "f:3: fields of the record: expected 2, got 3", 1, 1);
  check(csv + "b.png,\"B\nc.png,C\n", "f:3: field in quotes: expected closing quotes, got none", 2, 2);
  check(csv + "b.png,\"B\" x\n", "f:3: field in quotes: expected a separator or a line end", 1, 1);
  check(csv + ",B\n", "f:3: name of the image: expected some text", 1, 1);
  check(csv + "b.png," + std::string(1 << 20, 'x') + "\nc.png,C\n", "f:3: bytes of the record: expected at most", 2, 2);
  check("image,caption\na.png,\"A\nB\"\nb.png\n", "f:4: fields of the record", 1, 1);
  check("image,caption,split\na.png,A,test\na.png,B,val\n", "f:3: split of 'a.png': expected test, got val", 1, 1);
  check("image,caption,split\na.png,A,test\nb.png,B,tst\n", "f:3: split: expected train, val or test, got 'tst'", 1, 1);
  // the row of Flickr30k that lacks a separator
  check("image_name| comment_number| comment\na.png| 0| A\n2199200615.jpg| 4   A dog runs across the grass .\n",
        "f:3: fields of the record: expected 3, got 2", 1, 1);
}

TEST_CASE("A bad item of a shard is named with its key", "[data][dataset]") {
  const TemporaryFolder folder;
  const std::string image = png();
  const auto check = [&](const std::string& ending, const std::string& text, const std::string& expected) {
    write_tar(folder / "s.tar",
              {{"g.png", as_bytes(image)}, {"k.png", as_bytes(image)}, {"k." + ending, as_bytes(text)}});
    const Outcome out = outcome(content_of(folder / "s.tar"), "s.tar");
    CAPTURE(out.message);
    CHECK_THAT(out.message, Catch::StartsWith("s.tar, k") && Catch::Contains(expected));
    CHECK(out.items == 1);
    CHECK(out.faults == 1);
  };
  check("json", "{", "k.json: text: expected JSON");
  check("json", R"({"captions": 1})", "k.json: captions: expected a list, got number");
  check("txt", "\xFF\xFE", "k.txt: caption: expected UTF-8");
  check("txt", "", "k.txt: caption: expected some text");
  check("cls", "seven", "k.cls: label: expected a whole number that is not negative, got 'seven'");
  check("jpg", image, "k: images of the item: expected one, got several");
  write_tar(folder / "s.tar", {{"g.png", as_bytes(image)}, {"k.txt", as_bytes(image)}});
  CHECK_THAT(outcome(content_of(folder / "s.tar")).message, Catch::Contains("k"));
}

TEST_CASE("Images that are missing or broken are found when the data set is opened", "[data][dataset]") {
  const TemporaryFolder folder;
  put_all(folder, {{"dataset.jsonl", jsonl_sample}, {"sub/b.png", png().substr(0, 50)}});
  put_images(folder, {"a.png"});
  CHECK_THROWS_WITH(open_dataset(folder.path()), Catch::Contains("dataset.jsonl:4: image: expected the file ") &&
                                                     Catch::Contains("c.png, got no such file"));
  DatasetOptions options = skipping();
  CHECK(open_dataset(folder.path(), options).size() == 2);
  options.check = ImageCheck::header;
  const CaptionDataset set = open_dataset(folder.path(), options);
  CHECK(set.size() == 1);
  CHECK(set.faults().count == 2);
  CHECK_THAT(set.faults().messages[0], Catch::Contains("dataset.jsonl:3: image ") && Catch::Contains("cut off"));
  options.check = ImageCheck::none;
  CHECK(open_dataset(folder.path(), options).size() == 3);
  CHECK_THROWS_AS(open_dataset(folder.path(), unchecked()).image_bytes(2), Error);
}

TEST_CASE("Broken items are all counted but only the first are named", "[data][dataset]") {
  DatasetOptions options = skipping();
  options.check = ImageCheck::none;
  options.limits.named_faults = 2;
  const CaptionDataset set = parse_dataset(blob(good + "{\n{\n{\n{\n"), "f", options);
  CHECK(set.faults().count == 4);
  CHECK(set.faults().messages.size() == 2);
}

TEST_CASE("A path without a data set is refused with what was looked for", "[data][dataset]") {
  const TemporaryFolder folder;
  const auto message = [&](const char* name) -> std::string {
    try {
      open_dataset(folder / name);
    } catch (const MachineError&) {
      return "the machine was blamed";
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  put_all(folder, {{"empty.csv", ""},
                   {"text.txt", "hello"},
                   {"packed.gz", "\x1F\x8B\x08"},
                   {"only_bad.jsonl", R"({"image": 1})"},
                   {"two/a.csv", csv_sample},
                   {"two/b.token", token_sample},
                   {"twice/a.csv", csv_sample},
                   {"twice/b.csv", csv_sample},
                   {"none/readme.md", "x"}});
  CHECK_THAT(message("missing"),
             Catch::Contains("missing: opening it for reading: expected success, got No such file"));
  CHECK_THAT(message("empty.csv"), Catch::Contains("expected a file that is not empty"));
  CHECK_THAT(message("text.txt"),
             Catch::Contains("format of the data set") && Catch::Contains("beginning with 'hello'"));
  CHECK_THAT(message("packed.gz"), Catch::Contains("got gzip: unpack it first"));
  CHECK_THAT(message("two"), Catch::Contains("expected one; name one of them, got b.token, a.csv"));
  CHECK_THAT(message("twice"), Catch::Contains("a.csv, b.csv"));
  CHECK_THAT(message("none"), Catch::Contains("none: folder: expected a data set, such as dataset.jsonl"));
  CHECK_THROWS_WITH(open_dataset(folder / "only_bad.jsonl", skipping()),
                    Catch::Contains("items: expected at least 1, got none; first fault: "));
}
