#include <array>
#include <catch2/catch.hpp>
#include <hashweave/cmh/towers.hpp>
#include <hashweave/core/memory.hpp>
#include <hashweave/io/checkpoint.hpp>
#include <hashweave/io/onnx_dinov2.hpp>
#include <io/files.hpp>
#include <io/protobuf_writer.hpp>
#include <map>
#include <string>
#include <support/check_error.hpp>
#include <vector>

using namespace hashweave;
using namespace hashweave::test;

namespace {

struct Host {
  using Scalar = float;
  using Memory = HostMemory;
};
using Tower = Dinov2Tower<6, 2, 64, 1, 1, 128>;

/// A model with a DINOv2 backbone as PyTorch's exporter writes it: Linear weights transposed under made-up names, the
/// position table in two halves. Every number of a tensor is its place in the list, the rows of positions count up.
struct OnnxModel {
  std::map<std::string, std::pair<Shape, float>> tensors{
      {"net.embeddings.cls_token", {{1, 1, 64}, 1.0F}},
      {"net.embeddings.patch_embeddings.projection.weight", {{64, 3, 2, 2}, 2.0F}},
      {"net.embeddings.patch_embeddings.projection.bias", {{64}, 3.0F}},
      {"net.layernorm.weight", {{64}, 4.0F}},
      {"net.layernorm.bias", {{64}, 5.0F}},
      {"head.bias", {{2}, 6.0F}},
      {"onnx::Concat_9", {{1, 1, 64}, 7.0F}},
      {"onnx::Reshape_8", {{1, 9, 64}, 8.0F}}};
  std::vector<std::array<std::string, 3>> nodes{{"/net/embeddings/Concat_6", "Concat", "onnx::Concat_9"},
                                                {"/net/embeddings/Reshape_1", "Reshape", "onnx::Reshape_8"}};
  OnnxModel() {
    const std::string layer = "net.encoder.layer.0.";
    for (const std::string name : {"norm1", "norm2"})
      for (const std::string part : {".weight", ".bias"}) tensors[layer + name + part] = {{64}, 9.0F};
    tensors[layer + "layer_scale1.lambda1"] = tensors[layer + "layer_scale2.lambda1"] = {{64}, 0.5F};
    const std::map<std::string, Shape> linear{{"attention.attention.query", {64, 64}},
                                              {"attention.attention.key", {64, 64}},
                                              {"attention.attention.value", {64, 64}},
                                              {"attention.output.dense", {64, 64}},
                                              {"mlp.fc1", {64, 128}},
                                              {"mlp.fc2", {128, 64}}};
    for (const auto& [name, in_out] : linear) {
      std::string path = "/net/encoder/layer.0/" + name + "/MatMul";
      for (const std::string from : {"attention.attention.", "attention.output.", "mlp."})
        if (const auto at = path.find(from); at != std::string::npos)
          for (std::size_t i = at; i < at + from.size(); ++i)
            if (path[i] == '.') path[i] = '/';
      tensors["onnx::MatMul_" + name] = {in_out, 10.0F};
      tensors[layer + name + ".bias"] = {{in_out[1]}, 11.0F};
      nodes.push_back({path, "MatMul", "onnx::MatMul_" + name});
    }
  }
  std::string text() const {
    std::string graph;
    for (const auto& [path, op, constant] : nodes)
      graph += field(1, field(1, std::string{"x"}) + field(1, constant) + field(3, path) + field(4, op));
    for (const auto& [name, entry] : tensors) {
      const auto& [shape, value] = entry;
      std::string dims, raw;
      Size count = 1;
      for (const Size extent : shape) {
        dims += field(1, static_cast<std::uint64_t>(extent));
        count *= extent;
      }
      for (Size i = 0; i < count; ++i) raw += le(name == "onnx::Reshape_8" ? static_cast<float>(i / 64) : value);
      graph += field(5, dims + field(2, std::uint64_t{1}) + field(9, raw) + field(8, name));
    }
    return field(7, graph);
  }
  TensorFile read() const {
    const std::string bytes = text();
    return dinov2_of_onnx(parse_onnx(blob(bytes), "m"));
  }
};

}  // namespace

TEST_CASE("a DINOv2 backbone within an ONNX model becomes a checkpoint with a config.json", "[io][checkpoint]") {
  const TemporaryFolder folder;
  const TensorFile weights = OnnxModel{}.read();
  CHECK_FALSE(weights.contains("head.bias"));
  CHECK(weights.shape("embeddings.position_embeddings") == Shape{1, 10, 64});
  CHECK(weights.shape("encoder.layer.0.mlp.fc1.weight") == Shape{128, 64});
  write_dinov2(weights, folder.path());

  Parameters<Host, Tower> params;
  Tower tower;
  const LoadReport report = load_checkpoint(params, tower, folder.path(), hf_dinov2());
  CHECK(report.loaded.size() == params.entries().size());
  CHECK(report.ignored.empty());
  CHECK_FALSE(report.positions_resampled);
  const std::vector<float> positions = params.values("patch_embed.pos_embed");
  CHECK(positions[0] == 7);
  CHECK(positions[64] == 0);
  CHECK(positions[9 * 64] == 8);
  const TowerConfig config = config_of(tower);
  CHECK(config.layer_norm_eps == 1e-6);
  const TowerConfig read = parse_config(content_of(folder / "config.json"), "c", hf_dinov2());
  for (const auto& [key, size] : config_sizes) {
    CAPTURE(key);
    CHECK(read.*size == config.*size);
  }
}

TEST_CASE("an ONNX model without a whole DINOv2 backbone is refused", "[io][checkpoint]") {
  const auto refused = [](auto&& change, std::initializer_list<const char*> parts) {
    OnnxModel model;
    change(model);
    check_error([&] { dinov2_config_json(model.read()); }, parts);
  };
  refused([](OnnxModel& m) { m.tensors.erase("net.embeddings.cls_token"); },
          {"m: tensors called", "expected 1, got 0"});
  refused([](OnnxModel& m) { m.tensors["b.embeddings.cls_token"] = {{1, 1, 64}, 1.0F}; }, {"expected 1, got 2"});
  refused([](OnnxModel& m) { m.tensors["net.embeddings.cls_token"].first = {64}; }, {"expected (1, 1, D), got (64)"});
  refused([](OnnxModel& m) { m.tensors.erase("onnx::Reshape_8"); },
          {"position tables", "expected 1 and 1, got 1 and 0"});
  refused(
      [](OnnxModel& m) {
        m.tensors["onnx::Reshape_8"].first = {1, 10, 64};
      },
      {"expected a square, got (1, 11, 64)"});
  refused([](OnnxModel& m) { m.tensors.erase("net.embeddings.patch_embeddings.projection.weight"); },
          {"none of that name"});
  refused(
      [](OnnxModel& m) {
        m.tensors["onnx::MatMul_mlp.fc1"].first = {64, 100};
      },
      {"expected a multiple of 64, got 100"});
}
