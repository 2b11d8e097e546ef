#pragma once
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <hashweave/core/error.hpp>
#include <hashweave/io/bytes.hpp>
#include <hashweave/io/file.hpp>
#include <hashweave/io/onnx_tensor.hpp>
#include <hashweave/io/protobuf.hpp>
#include <hashweave/io/tensor.hpp>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave {

/// A node of an ONNX graph, as far as weights need it.
struct OnnxNode {
  std::string name, op;
  std::vector<std::string> inputs, outputs;
  bool transposes_b = false;  ///< Gemm: y = x bᵀ + c
};

/// The weights of an ONNX model under the names of the modules that they come from, and the graph's nodes.
class OnnxWeights : public TensorFile {
 public:
  OnnxWeights(std::string where, std::map<std::string, StoredTensor, std::less<>> tensors, std::vector<OnnxNode> nodes)
      : TensorFile{std::move(where), std::move(tensors)}, nodes_{std::move(nodes)} {}
  const std::vector<OnnxNode>& nodes() const { return nodes_; }

 private:
  std::vector<OnnxNode> nodes_;
};

namespace detail {

inline OnnxNode read_onnx_node(Bytes message, const std::string& where) {
  OnnxNode node;
  for (WireReader reader{message, where}; !reader.done();) {
    const WireField field = reader.next();
    if (field.id == 1)
      node.inputs.push_back(text_of(field, where));
    else if (field.id == 2)
      node.outputs.push_back(text_of(field, where));
    else if (field.id == 3)
      node.name = text_of(field, where);
    else if (field.id == 4)
      node.op = text_of(field, where);
    else if (field.id == 5) {
      std::string name;
      std::uint64_t number = 0;
      for (WireReader attribute{bytes_of(field, where), where}; !attribute.done();) {
        const WireField part = attribute.next();
        if (part.id == 1)
          name = text_of(part, where);
        else if (part.id == 3)
          number = number_of(part, where);
      }
      if (name == "transB") node.transposes_b = number != 0;
    }
  }
  return node;
}

/// Whether an exporter made the name up: `onnx::MatMul_1234`, or digits alone.
inline bool is_generated(std::string_view name) {
  return name.starts_with("onnx::") || name.find_first_not_of("0123456789") == std::string_view::npos;
}

/// `/encoder/layer.0/query/MatMul` -> {`encoder.layer.0.query`, `MatMul`}; nothing where the name has no module or is
/// longer than any real one (it is copied once an input).
inline std::optional<std::pair<std::string, std::string>> module_of(std::string_view node) {
  const auto last = node.rfind('/');
  if (!node.starts_with('/') || last == 0 || node.size() > 512) return std::nullopt;
  std::string module{node.substr(1, last - 1)};
  std::replace(module.begin(), module.end(), '/', '.');
  return std::pair{std::move(module), std::string{node.substr(last + 1)}};
}

/// The name and layout that input `place` of a node gives to a constant without a name of its own.
struct OnnxUse {
  std::string name;
  bool transposed = false;
};
inline std::optional<OnnxUse> use_of(const OnnxNode& node, std::size_t place, const StoredTensor& constant) {
  const auto module = module_of(node.name);
  if (!module) return std::nullopt;
  const auto& [path, last] = *module;
  const bool product = node.op == "MatMul" || node.op == "Gemm";
  if (product && place == 1 && constant.shape.size() == 2)
    return OnnxUse{path + (last == node.op ? "" : "." + last) + ".weight", !node.transposes_b};
  if (node.op == "Gemm" && place == 2) return OnnxUse{path + (last == node.op ? "" : "." + last) + ".bias"};
  return OnnxUse{path + "." + last + "." + std::to_string(place)};
}

/// The same numbers seen as the transpose: (in, out) stored row by row is (out, in) column by column.
inline StoredTensor transposed(StoredTensor tensor) {
  std::reverse(tensor.shape.begin(), tensor.shape.end());
  tensor.order = tensor.order == Order::row_major ? Order::column_major : Order::row_major;
  return tensor;
}

/// Names constants after the nodes that take them, and follows Identity nodes, which exporters put where two modules
/// share one tensor. A name that is taken already is left as it is.
inline void name_onnx_constants(std::map<std::string, StoredTensor, std::less<>>& tensors,
                                const std::vector<OnnxNode>& nodes) {
  std::map<std::string, StoredTensor, std::less<>> generated;
  for (auto at = tensors.begin(); at != tensors.end();) {
    const auto next = std::next(at);
    if (is_generated(at->first)) generated.insert(tensors.extract(at));
    at = next;
  }
  std::map<std::string_view, bool> named;
  for (const OnnxNode& node : nodes) {
    if (node.op == "Identity" && node.inputs.size() == 1 && node.outputs.size() == 1) {
      const auto shared = tensors.find(node.inputs[0]);
      if (shared != tensors.end() && !is_generated(node.outputs[0]) && !node.outputs[0].starts_with('/'))
        tensors.try_emplace(node.outputs[0], shared->second);
      continue;
    }
    for (std::size_t place = 0; place < node.inputs.size(); ++place) {
      const auto constant = generated.find(node.inputs[place]);
      if (constant == generated.end()) continue;
      const auto use = use_of(node, place, constant->second);
      if (!use) continue;
      if (tensors.try_emplace(use->name, use->transposed ? transposed(constant->second) : constant->second).second)
        named[constant->first] = true;
    }
  }
  for (auto& [name, tensor] : generated)
    if (!named.contains(name)) tensors.try_emplace(name, tensor);
}

}  // namespace detail

/// The weights of an ONNX model: the graph's initialisers, raw or as lists, under their names.
///
/// PyTorch's exporter folds a Linear layer's transposition into a constant of a made-up name. Such a constant gets the
/// name of the node that takes it, and the layout of a Linear weight: `onnx::MatMul_1966` (in, out), taken by
/// `/encoder/layer.0/query/MatMul`, is `encoder.layer.0.query.weight` (out, in). Any other constant of a made-up name
/// is called after node and input: `/embeddings/Reshape_1` takes `embeddings.Reshape_1.0`. One that several nodes take
/// has several names; one that only nodes without a module take keeps its own.
/// Left out: constants within nodes and subgraphs, sparse initialisers. Throws `Error` at a damaged file, at numbers in
/// other files and of kinds that are not read, naming the tensor, and at names that come twice.
/// Source: onnx/onnx.proto.
inline OnnxWeights parse_onnx(const Blob& file, const std::string& where) {
  std::optional<Bytes> graph;
  for (detail::WireReader model{file.bytes, where}; !model.done();) {
    const detail::WireField field = model.next();
    if (field.id != 7) continue;
    require(!graph, where, "graphs of the model", "one", "another");
    graph = detail::bytes_of(field, where);
  }
  require(graph.has_value(), where, "model", "one with a graph", "none: this is no ONNX model");

  std::map<std::string, StoredTensor, std::less<>> tensors;
  std::vector<OnnxNode> nodes;
  for (detail::WireReader reader{*graph, where + ", graph"}; !reader.done();) {
    const detail::WireField field = reader.next();
    if (field.id == 1) nodes.push_back(detail::read_onnx_node(detail::bytes_of(field, where), where + ", node"));
    if (field.id != 5) continue;
    const detail::OnnxTensor tensor{detail::bytes_of(field, where), where + ", initializer"};
    const std::string here = where + ", tensor " + legible(tensor.name());
    require(!tensor.name().empty(), where, "name of an initializer", "one", "none");
    require(tensors.emplace(tensor.name(), tensor.stored(file, here)).second, where, "names of initializers",
            "each once", "'" + legible(tensor.name()) + "' twice");
  }
  detail::name_onnx_constants(tensors, nodes);
  return {where, std::move(tensors), std::move(nodes)};
}

/// Opens an ONNX model; raw numbers stay mapped.
inline OnnxWeights open_onnx(const std::filesystem::path& path) { return parse_onnx(map_file(path), path.string()); }

}  // namespace hashweave
