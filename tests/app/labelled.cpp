#include <catch2/catch.hpp>
#include <common/binary_codes.hpp>
#include <common/label_evaluation.hpp>
#include <common/labelled_data.hpp>
#include <common/settings.hpp>
#include <hashweave/io/npy.hpp>
#include <io/files.hpp>
#include <numeric>
#include <set>

using namespace hashweave;
using namespace hashweave::test;
using examples::Kind;

namespace {

/// 12 items of three classes, ten of them train, two of them test; item i has the classes i % 3 and, where i is
/// even, 2.
struct Sample {
  TemporaryFolder folder;
  examples::DataChoice choice;

  explicit Sample(const std::string& last = R"("labels": ["a"], "split": "test"})") {
    std::string lines;
    for (int i = 0; i < 12; ++i) {
      const std::string name = i % 3 == 0 ? "a" : i % 3 == 1 ? "b" : "c";
      const std::string more = i % 2 == 0 && name != "c" ? R"(", "c)" : "";
      const std::string begin = R"({"id": )" + std::to_string(100 + i) + R"(, "captions": ["x"], "image": "i.png", )";
      lines += begin +
               (i == 11 ? last
                        : R"("labels": [")" + name + more + R"("], "split": ")" + (i < 10 ? "train" : "test") + "\"}") +
               "\n";
    }
    put(folder / "dataset.jsonl", lines);
    put(folder / "i.png", content_of(test_file("fuzz/corpus/image/one_pixel.png")));
    choice.data = folder / "dataset.jsonl";
  }
};

}  // namespace

TEST_CASE("labelled data: splits, labels and what is set apart", "[app]") {
  const Sample sample;
  const examples::LabelledData data{sample.choice};
  CHECK(data.set().classes() == std::vector<std::string>{"a", "b", "c"});
  CHECK(data.train().size() == 10);
  CHECK(data.val().empty());
  CHECK(data.query().size() == 2);
  CHECK(data.database().size() == 10);  // no rest: the train split
  std::vector<float> memory;
  const std::vector<Size> rows{4, 0};
  const auto labels = data.labels(rows, memory);
  CHECK(std::vector<float>(labels.data, labels.data + labels.size()) == std::vector<float>{0, 1, 1, 1, 0, 1});

  examples::DataChoice choice = sample.choice;
  choice.val_share = 0.3;
  choice.seed = 7;
  const examples::LabelledData apart{choice}, again{choice};
  CHECK(apart.val().size() == 3);
  CHECK(apart.train().size() == 7);
  CHECK(apart.database().size() == 10);
  std::set<Size> all(apart.val().begin(), apart.val().end());
  all.insert(apart.train().begin(), apart.train().end());
  CHECK(all.size() == 10);
  CHECK(std::equal(apart.val().begin(), apart.val().end(), again.val().begin()));
}

TEST_CASE("labelled data: the manifest says who stands where", "[app]") {
  const Sample sample;
  const auto manifest = examples::LabelledData{sample.choice}.manifest();
  CHECK(manifest["classes"] == nlohmann::json{"a", "b", "c"});
  CHECK(manifest["query"]["ids"] == nlohmann::json{110, 111});
  CHECK(manifest["train"]["items"] == 10);
  CHECK(manifest["train"]["ids_crc32c"] == manifest["database"]["ids_crc32c"]);
  const Sample other{R"("labels": ["b"], "split": "test"})"};
  const auto changed = examples::LabelledData{other.choice}.manifest();
  CHECK(changed["query"]["ids_crc32c"] == manifest["query"]["ids_crc32c"]);
  CHECK(changed["query"]["labels_crc32c"] != manifest["query"]["labels_crc32c"]);
}

TEST_CASE("labelled data: what is refused", "[app]") {
  const Sample sample;
  const auto refused = [&](auto&& change, const std::string& message) {
    examples::DataChoice choice = sample.choice;
    change(choice);
    CHECK_THROWS_WITH(examples::LabelledData{choice}, Catch::Contains(message));
  };
  refused([](auto& c) { c.database = "rest"; }, "split rest: expected at least 1 item with labels");
  refused([](auto& c) { c.database = "test"; }, "ids that are in the query and the database set: expected 0, got 2");
  refused([](auto& c) { c.query = "tests"; }, "expected train, val, test or rest, got tests");
  refused([](auto& c) { c.val_share = 1; }, "share of the train split: expected 0 to below 1");
  Sample bare{R"("labels": [], "split": "test"})"};
  CHECK_THROWS_WITH(examples::LabelledData{bare.choice},
                    Catch::Contains("labels of item '111': expected at least 1, got 0"));
  bare.choice.skip_bad = true;
  CHECK(examples::LabelledData{bare.choice}.query().size() == 1);
  examples::DataChoice overlap = sample.choice;
  overlap.database = "test";
  overlap.allow_overlap = true;
  CHECK(examples::LabelledData{overlap}.database().size() == 2);
  std::vector<float> memory;
  CHECK_THROWS_WITH(examples::LabelledData{sample.choice}.features(Kind::image, std::vector<Size>{0}, 128, memory),
                    Catch::Contains("image features: expected a matrix, got none"));
}

TEST_CASE("features are filled up with zeros", "[app]") {
  TemporaryFolder folder;
  const auto array = [&](const std::string& name, const Shape& shape, const std::vector<float>& values) {
    write_npy(folder / (name + ".npy"), view_of(values, shape));
  };
  array("I_tr", {2, 2}, {1, 2, 3, 4});
  array("T_tr", {2, 1}, {5, 6});
  array("L_tr", {2, 2}, {1, 0, 1, 1});
  array("I_te", {1, 2}, {7, 8});
  array("T_te", {1, 1}, {9});
  array("L_te", {1, 2}, {0, 1});
  examples::DataChoice choice;
  choice.data = folder.path();
  const examples::LabelledData data{choice};
  std::vector<float> memory;
  const auto x = data.features(Kind::image, std::vector<Size>{1, 0}, 4, memory);
  CHECK(std::vector<float>(x.data, x.data + x.size()) == std::vector<float>{3, 4, 0, 0, 1, 2, 0, 0});
  CHECK_THROWS_WITH(data.features(Kind::image, std::vector<Size>{0}, 1, memory),
                    Catch::Contains("columns of the image features: expected at most 1, got 2"));
  CHECK(examples::padded_width(10) == 128);
  CHECK(examples::padded_width(384) == 384);
  CHECK_THROWS_WITH(examples::padded_width(5000), Catch::Contains("expected at most 4096, got 5000"));
}

TEST_CASE("evaluation by labels: the named protocols, by hand", "[app]") {
  const Sample sample;  // query 110: b, c (even); query 111: a
  const examples::LabelledData data{sample.choice};
  // every item's code is its place in 8 bits' worth of distance from the queries' code, which is all ones
  const std::vector<Size> queries(data.query().begin(), data.query().end());
  std::vector<float> query_codes(queries.size() * 16, 1.0F), item_codes(data.database().size() * 16, 1.0F);
  for (std::size_t i = 0; i < data.database().size(); ++i)
    std::fill_n(item_codes.begin() + static_cast<std::ptrdiff_t>(i * 16), i, -1.0F);
  const auto out = examples::evaluate_labels(data, {queries, query_codes, 16}, {data.database(), item_codes, 16},
                                             {{3, 11}, Ties::order, true});
  // in order of distance: items 0..9; b or c: 0 1 2 4 5 6 7 8 -> precisions 1 1 1 4/5 5/6 6/7 7/8 8/9; a: 0 3 6 9
  const double first = (1 + 1 + 1 + 4.0 / 5 + 5.0 / 6 + 6.0 / 7 + 7.0 / 8 + 8.0 / 9) / 8;
  const double second = (1 + 2.0 / 4 + 3.0 / 7 + 4.0 / 10) / 4;
  CHECK(out["map_all"].get<double>() == Approx((first + second) / 2));
  CHECK(out["map_at_3"].get<double>() == Approx((1.0 + 1.0) / 2));
  CHECK(out["map_cmh_3"].get<double>() == Approx((1.0 + (1 + 2.0 / 4 + 3.0 / 7) / 3) / 2));
  CHECK(!out.contains("map_at_11"));
  CHECK(out["precision_at_radius_2"].get<double>() == Approx((1.0 + 1.0 / 3) / 2));
  CHECK(out["per_class"].size() == 3);
  CHECK(out["per_class"][0]["map_all"].get<double>() == Approx(second));
  CHECK(out["precision_recall"].size() == 17);
  CHECK(out["precision_recall"][16]["recall"] == 1.0);
  CHECK(out["without_relevant"] == 0);
}

TEST_CASE("settings go from the command line to JSON and back", "[app]") {
  examples::Settings settings{
      {{"bits", Size{64}, "bits"}, {"gamma", 20.0, "scale"}, {"method", "a", "which", {"a", "b"}}}};
  settings.set({"bits", Size{32}, "bits"});
  settings.set({"fast", false, "flag"});
  CHECK(settings.whole("bits") == 32);
  CLI::App app;
  settings.add_to(app);
  app.parse("--gamma 2 --method b --fast", false);
  CHECK(settings.number("gamma") == 2);
  CHECK(settings.text("method") == "b");
  CHECK(settings.flag("fast"));
  examples::Settings other = settings;
  auto stored = settings.as_json();
  CHECK(stored.dump() == R"({"bits":32,"fast":true,"gamma":2.0,"method":"b"})");
  stored["bits"] = 16;
  other.take(stored, "file");
  CHECK(other.whole("bits") == 16);
  stored["bits"] = "x";
  CHECK_THROWS_WITH(other.take(stored, "file"), Catch::Contains("file: setting bits: expected a value such as 16"));
  stored.erase("bits");
  CHECK_THROWS_WITH(other.take(stored, "file"), Catch::Contains("file: setting bits: expected a value, got none"));
  CHECK_THROWS_AS(app.parse("--method c", false), CLI::ValidationError);
  CHECK_THROWS_WITH(settings.number("delta"), Catch::Contains("expected one that the program has, got delta"));
}
