#include <catch2/catch.hpp>
#include <common/feature_scale.hpp>
#include <hashweave/io/safetensors_writer.hpp>
#include <io/files.hpp>

using namespace hashweave;
using namespace hashweave::test;

TEST_CASE("features are brought to mean 0 and deviation 1 of the items they were fitted to, and stored", "[app]") {
  const std::vector<float> train{1, 7, 3, 7, 5, 7};  // the second column is the same everywhere
  examples::FeatureScale scale{2};
  std::vector<float> rows{1, 7, 9, 8};
  scale.apply(rows);
  CHECK(rows == std::vector<float>{1, 7, 9, 8});  // nothing fitted yet
  scale.fit(matrix(train.data(), 3, 2));
  scale.apply(rows);
  const double deviation = std::sqrt(8.0 / 3);
  CHECK(rows[0] == Approx(-2 / deviation));
  CHECK(rows[2] == Approx(6 / deviation));
  CHECK(rows[1] == 0);
  CHECK(rows[3] == 0);
  CHECK_THROWS_WITH(scale.fit(matrix(train.data(), 2, 3)), "FeatureScale: columns: expected 2, got 3");

  const TemporaryFolder folder;
  std::vector<NamedTensor> tensors;
  scale.add_to(tensors, "image.scale");
  write_safetensors(folder / "scale.safetensors", tensors, {});
  examples::FeatureScale loaded{2};
  examples::TensorTargets targets;
  loaded.add_to(targets, "image.scale");
  targets.read(open_safetensors(folder / "scale.safetensors"), "a scale");
  std::vector<float> again{1, 7, 9, 8};
  loaded.apply(again);
  CHECK(again == rows);
}
