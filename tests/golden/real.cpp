// The towers with real pretrained weights (tools/get_weights.sh), against what transformers computes from them. Hidden,
// because the weights are not in the repository: tests/golden/real.sh runs `golden_tests "[real]"`.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <hashweave/cmh/towers.hpp>
#include <hashweave/cpu.hpp>
#include <hashweave/io/checkpoint.hpp>
#include <hashweave/text/bert_tokenizer.hpp>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

using namespace hashweave;

namespace {

using B = Cpu<float>;

/// Where tools/get_weights.sh puts them.
std::filesystem::path weights(const std::string& name) {
  const char* cache = std::getenv("HASHWEAVE_CACHE");
  const char* home = std::getenv("HOME");
  const bool given = cache != nullptr && *cache != '\0';
  const std::filesystem::path folder =
      given ? std::filesystem::path{cache}
            : std::filesystem::path{home != nullptr ? home : "."} / ".cache" / "hashweave";
  require(std::filesystem::exists(folder / name / "model.safetensors"), folder.string(), name,
          "the weights that tools/get_weights.sh fetches", "none");
  return folder / name;
}

SafeTensors expected() {
  const char* other = std::getenv("HASHWEAVE_GOLDEN");
  const std::filesystem::path folder = other != nullptr && *other != '\0' ? other : HASHWEAVE_GOLDEN_DEFAULT;
  return open_safetensors(folder / "real.safetensors");
}

/// max|a - b| / max|b|.
double error_of(const std::vector<float>& got, const std::vector<float>& wanted) {
  REQUIRE(got.size() == wanted.size());
  double worst = 0, most = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const double difference = std::abs(static_cast<double>(got[i]) - static_cast<double>(wanted[i]));
    worst = difference > worst || std::isnan(difference) ? difference : worst;
    most = std::max(most, std::abs(static_cast<double>(wanted[i])));
  }
  return worst / most;
}
template <class V>
std::vector<float> values_of(const V& view) {
  const auto m = view.mat();
  return {m.data, m.data + m.size()};
}

}  // namespace

TEST_CASE("MiniLM's published weights give transformers' tokens", "[.real]") {
  const SafeTensors golden = expected();
  const auto folder = weights("minilm-l6");
  using Tower = BertTower<30522, 512, 384, 6, 12, 1536>;
  Parameters<B, Tower> params;
  Tower tower;
  const LoadReport report = load_checkpoint(params, tower, folder, hf_bert());
  CHECK(report.loaded.size() == params.entries().size());
  CHECK(config_of(tower).layer_norm_eps == 1e-12);

  const auto texts = nlohmann::json::parse(golden.metadata().at("texts")).get<std::vector<std::string>>();
  const BertTokenizer tokenizer{folder / "vocab.txt", {}};
  const PackedIds packed = tokenizer.encode_batch(texts);
  B be;
  const auto y = infer(be, tower, *params, packed.view<B>());
  double worst = 0;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string at = std::to_string(i);
    CAPTURE(texts[i]);
    CHECK(tokenizer.encode(texts[i]).ids == golden.values<std::int32_t>("minilm.ids." + at));
    const auto s = static_cast<Size>(i);
    const float* row = y.mat().data + y.segments.begin(s) * 384;
    const std::vector<float> got{row, row + y.segments.length(s) * 384};
    const double error = error_of(got, golden.values<float>("minilm.out." + at));
    CHECK(error < 1e-3);
    worst = std::max(worst, error);
  }
  std::cout << "MiniLM-L6, " << texts.size() << " texts in one packed batch: " << worst << "\n";
}

TEST_CASE("DINOv2's published weights give transformers' tokens, positions resampled to 8 x 8", "[.real]") {
  const SafeTensors golden = expected();
  using Tower = Dinov2Tower<112, 14, 384, 12, 6, 1536>;
  Parameters<B, Tower> params;
  Tower tower;
  const LoadReport report = load_checkpoint(params, tower, weights("dinov2-s"), hf_dinov2());
  CHECK(report.loaded.size() == params.entries().size());
  CHECK(report.positions_resampled);
  CHECK(config_of(tower).layer_norm_eps == 1e-6);
  B be;
  for (const std::string at : {"0", "1"}) {
    std::vector<float> pixels = golden.values<float>("dinov2.pixels." + at);
    const auto y = infer(be, tower, *params, View<B, Pixels<3, 112, 112>>{pixels.data(), 1});
    const double error = error_of(values_of(y), golden.values<float>("dinov2.out." + at));
    CAPTURE(at);
    CHECK(error < 1e-3);
    std::cout << "DINOv2 ViT-S/14, image " << at << ": " << error << "\n";
    be.tape().rewind();
  }
}
