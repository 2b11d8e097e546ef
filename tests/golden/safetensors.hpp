#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <golden/case.hpp>
#include <hashweave/core/error.hpp>
#include <hashweave/core/types.hpp>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace hashweave::golden {

inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  require(in.good(), "golden", "file", "one that can be read", path.string());
  return {std::istreambuf_iterator<char>{in}, {}};
}

template <class Stored>
std::vector<double> decode(const char* bytes, std::size_t count) {
  std::vector<Stored> stored(count);
  if (count > 0) std::memcpy(stored.data(), bytes, count * sizeof(Stored));
  return {stored.begin(), stored.end()};
}

/// The tensors of a safetensors file: u64 length of the header, header (JSON), data. F32, I64 and U8.
/// @throws Error unless the tensors lie end to end, fill the file, and each is as long as its shape says.
inline Tensors read_safetensors(const std::filesystem::path& path) {
  const std::string bytes = read_file(path), where = path.filename().string();
  std::uint64_t header_size = 0;
  require(bytes.size() >= sizeof header_size, where, "bytes of the file", "at least 8", bytes.size());
  std::memcpy(&header_size, bytes.data(), sizeof header_size);
  require(header_size <= bytes.size() - 8, where, "bytes of the header", "at most the file's", header_size);
  const auto header = nlohmann::json::parse(bytes.substr(8, header_size));
  const std::size_t data_begin = 8 + header_size;

  Tensors tensors;
  std::vector<std::pair<std::size_t, std::size_t>> extents;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    const std::string in = where + ", " + name, type = entry.at("dtype");
    const std::size_t begin = entry.at("data_offsets").at(0), end = entry.at("data_offsets").at(1);
    const bool known = type == "F32" || type == "I64" || type == "U8";
    require(known, in, "type", "F32, I64 or U8", type);
    Tensor tensor{entry.at("shape"), {}};
    std::size_t count = 1;
    for (const Size extent : tensor.shape) count *= static_cast<std::size_t>(extent);
    const std::size_t wanted = count * (type == "F32" ? 4 : type == "I64" ? 8 : 1);
    require(begin <= end && end <= bytes.size() - data_begin, in, "end of the data", "within the file", end);
    require(end - begin == wanted, in, "bytes", wanted, end - begin);
    const char* data = bytes.data() + data_begin + begin;
    tensor.values = type == "F32"   ? decode<float>(data, count)
                    : type == "I64" ? decode<std::int64_t>(data, count)
                                    : decode<std::uint8_t>(data, count);
    tensors.emplace(name, std::move(tensor));
    extents.emplace_back(begin, end);
  }
  std::sort(extents.begin(), extents.end());
  std::size_t filled = 0;
  for (const auto& [begin, end] : extents) {
    require(begin == filled, where, "begin of the next tensor's data", filled, begin);
    filled = end;
  }
  require(data_begin + filled == bytes.size(), where, "bytes of the file", data_begin + filled, bytes.size());
  return tensors;
}

}  // namespace hashweave::golden
