#pragma once
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <hashweave/core/error.hpp>
#include <hashweave/io/bytes.hpp>
#include <hashweave/io/file.hpp>
#include <hashweave/io/json.hpp>
#include <hashweave/io/safetensors_header.hpp>
#include <hashweave/io/tensor.hpp>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave {

/// Tensors and metadata of a safetensors file, or of all files that an index names. The data stay mapped.
class SafeTensors : public TensorFile {
 public:
  using Metadata = std::map<std::string, std::string, std::less<>>;
  SafeTensors(std::string where, std::map<std::string, StoredTensor, std::less<>> tensors, Metadata metadata)
      : TensorFile{std::move(where), std::move(tensors)}, metadata_{std::move(metadata)} {}
  /// The strings under `__metadata__`.
  const Metadata& metadata() const { return metadata_; }

 private:
  Metadata metadata_;
};

/// The largest header that is read or written, as in the reference implementation.
inline constexpr std::uint64_t safetensors_header_limit = 100'000'000;

/// The safetensors file that `file` holds: u64 length of the header, header (JSON), data, row-major and little-endian.
///
/// Checked before any number is touched: the header's length against the file and the limit; the JSON, its UTF-8, keys
/// that come twice; each dtype, extent and product; that the tensors lie end to end from the first byte of the data to
/// the last of the file. NaN and infinity are not checked. Throws `Error` naming file and tensor.
/// Source: https://github.com/huggingface/safetensors, README "Format" and src/tensor.rs, `validate`.
inline SafeTensors parse_safetensors(const Blob& file, const std::string& where) {
  ByteReader reader{file.bytes, where};
  const std::uint64_t header_size = reader.u64("length of the header");
  require(header_size <= safetensors_header_limit, where, "bytes of the header",
          "at most " + std::to_string(safetensors_header_limit), header_size);
  const std::string_view text = as_text(reader.take(header_size, "header"));
  require(text.starts_with('{'), where, "first byte of the header", "{",
          text.empty() ? "none" : std::to_string(static_cast<unsigned char>(text.front())));
  detail::require_plain_json(text, where);
  detail::SafeTensorsHeader header{where};
  nlohmann::json::sax_parse(text, &header);

  const Bytes data = reader.take(reader.left(), "data");
  std::vector<std::pair<std::string_view, const detail::SafeTensorsEntry*>> in_order;
  for (const auto& [name, entry] : header.entries) in_order.emplace_back(name, &entry);
  std::stable_sort(in_order.begin(), in_order.end(),
                   [](const auto& a, const auto& b) { return *a.second->offsets < *b.second->offsets; });
  std::map<std::string, StoredTensor, std::less<>> tensors;
  std::uint64_t filled = 0;
  for (const auto& [name, entry] : in_order) {
    const std::string here = where + ", tensor " + legible(name);
    const std::uint64_t begin = (*entry->offsets)[0], end = (*entry->offsets)[1];
    require(begin == filled, here, "begin of the data", std::to_string(filled) + " (no gap, no overlap)", begin);
    require(begin <= end && end <= data.size(), here, "end of the data",
            std::to_string(begin) + " to " + std::to_string(data.size()), end);
    const auto wanted = bytes_of(*entry->dtype, *entry->shape);
    require(wanted.has_value(), here, "shape", "one that fits into memory", to_string(*entry->shape));
    require(end - begin == static_cast<std::uint64_t>(*wanted), here,
            "bytes of " + std::string{name_of(*entry->dtype)} + " " + to_string(*entry->shape), *wanted, end - begin);
    tensors.emplace_hint(tensors.end(), name,
                         StoredTensor{{*entry->dtype, *entry->shape, data.subspan(begin, end - begin)}, file.owner});
    filled = end;
  }
  require(filled == data.size(), where, "bytes of data", filled, data.size());
  return {where, std::move(tensors), std::move(header.metadata)};
}

namespace detail {

/// The tensors that an index names, each from its file: {"weight_map": {tensor: file beside the index}}.
inline SafeTensors open_safetensors_index(const std::filesystem::path& path) {
  const std::string where = path.string();
  const Blob file = map_file(path);
  const auto index = parse_json(as_text(file.bytes), where);
  require(index.is_object() && index.contains("weight_map") && index["weight_map"].is_object(), where, "index",
          "an object with a weight_map", "another");
  std::map<std::string, SafeTensors, std::less<>> shards;
  std::map<std::string, StoredTensor, std::less<>> tensors;
  SafeTensors::Metadata metadata;
  for (const auto& [name, value] : index["weight_map"].items()) {
    require(value.is_string(), where, "file of tensor " + legible(name), "a string", value.type_name());
    const auto& shard = value.get_ref<const std::string&>();
    const bool plain = !shard.empty() && shard != "." && shard != ".." &&
                       shard.find_first_of(std::string_view{"/\\\0", 3}) == std::string::npos;
    require(plain, where, "file of tensor " + legible(name), "a name without a folder", "'" + legible(shard) + "'");
    auto open = shards.find(shard);
    if (open == shards.end()) {
      const auto at = path.parent_path() / shard;
      open = shards.emplace(shard, parse_safetensors(map_file(at), at.string())).first;
      for (const auto& [key, text] : open->second.metadata()) metadata.emplace(key, text);
    }
    tensors.emplace(name, open->second.at(name));
  }
  return {where, std::move(tensors), std::move(metadata)};
}

}  // namespace detail

/// Opens a safetensors file; or an index (`*.json`) with the files beside it; or a folder that holds
/// `model.safetensors` or else `model.safetensors.index.json`. Tensors of the files that the index does not name are
/// left out. Throws `Error` as `parse_safetensors` does, and where a file is missing.
inline SafeTensors open_safetensors(const std::filesystem::path& path) {
  if (std::error_code ignored; std::filesystem::is_directory(path, ignored)) {
    for (const char* name : {"model.safetensors", "model.safetensors.index.json"})
      if (std::filesystem::exists(path / name, ignored)) return open_safetensors(path / name);
    fail(path.string(), "folder", "model.safetensors or model.safetensors.index.json in it", "neither");
  }
  if (path.extension() == ".json") return detail::open_safetensors_index(path);
  return parse_safetensors(map_file(path), path.string());
}

}  // namespace hashweave
