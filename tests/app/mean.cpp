#include <common/mean.hpp>

#include <catch2/catch.hpp>
#include <io/files.hpp>

using namespace hashweave::test;

namespace {

struct Figures {
  TemporaryFolder folder;
  std::string file(std::string_view name, std::string_view text) const {
    put(folder / name, text);
    return (folder / name).string();
  }
};

}  // namespace

TEST_CASE("mean gives mean and spread of every number, label by label", "[app]") {
  const Figures figures;
  const auto a = figures.file("a.json", R"({"bits": 64, "binary": {"rsum": 100.0, "folds": [1]}})");
  const auto b =
      figures.file("b.json", R"({"eval": {"bits": 64, "binary": {"rsum": 104.0, "folds": [2]}}, "best": 3})");
  const auto means = examples::mean_of_runs({"x=" + a, "x=" + b, "one=" + b});
  CHECK(means.dump() == R"({"x":{"runs":2,"bits":64,"binary":{"rsum":{"mean":102.0,"spread":2.8284271247461903}}},)"
                        R"("one":{"runs":1,"bits":64,"binary":{"rsum":{"mean":104.0,"spread":0.0}}}})");
  CHECK(examples::as_lines(means) == "x: 2 runs  binary rsum 102.0 +- 2.8\none: 1 runs  binary rsum 104.0 +- 0.0\n");
}
TEST_CASE("mean gives mAP of each direction and the seconds of training", "[app]") {
  const Figures figures;
  const auto a = figures.file("a.json", R"({"eval": {"fused": {"map_all": 0.5}}, "train_seconds": 3.0})");
  const auto b = figures.file("b.json", R"({"eval": {"fused": {"map_all": 0.75}}, "train_seconds": 5.0})");
  const auto means = examples::mean_of_runs({"x=" + a, "x=" + b});
  CHECK(means["x"]["train_seconds"]["mean"] == 4.0);
  CHECK(examples::as_lines(means) == "x: 2 runs  fused mAP@all 0.6250 +- 0.1768\n");
}
TEST_CASE("mean gives baselines, and mAP of both ways", "[app]") {
  const Figures figures;
  const auto one = [&](std::string_view name, std::string map, std::string untrained) {
    return "x=" + figures.file(name, R"({"eval": {"map": {"image_to_text": {"map_all": )" + map +
                                         R"(}}}, "baselines": [{"name": "untrained", "eval": {"binary": {"rsum": )" +
                                         untrained + "}}}]}");
  };
  const auto means = examples::mean_of_runs({one("a.json", "0.25", "10.0"), one("b.json", "0.75", "12.0")});
  CHECK(means["x"]["baselines"]["untrained"]["binary"]["rsum"]["mean"] == 11.0);
  CHECK(examples::as_lines(means) ==
        "x: 2 runs  image_to_text mAP@all 0.5000 +- 0.3536\n  untrained:  binary rsum 11.0 +- 1.4\n");
}
TEST_CASE("mean refuses files that do not belong together", "[app]") {
  const Figures figures;
  const auto a = figures.file("a.json", R"({"bits": 64, "binary": {"rsum": 100.0}})");
  const auto b = figures.file("b.json", R"({"bits": 128, "binary": {"rsum": 104.0}})");
  const auto c = figures.file("c.json", R"({"bits": 64})");
  const auto d = figures.file("d.json", "[");
  CHECK_THROWS_WITH(examples::mean_of_runs({"x=" + a, "x=" + b}), "x: figures: expected 64 in all files, got others");
  CHECK_THROWS_WITH(examples::mean_of_runs({"x=" + a, "x=" + c}),
                    "x: figures: expected \"binary\" in all files, got none");
  CHECK_THROWS_WITH(examples::mean_of_runs({"x=" + d}), d + ": figures: expected a JSON object, got something else");
  CHECK_THROWS_WITH(examples::mean_of_runs({"x"}), "x: argument: expected label=file, got no label");
}
