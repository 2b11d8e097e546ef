#pragma once
#include <algorithm>
#include <filesystem>
#include <hashweave/core/error.hpp>
#include <hashweave/io/bytes.hpp>
#include <hashweave/io/file.hpp>
#include <hashweave/io/json.hpp>
#include <hashweave/io/safetensors.hpp>
#include <hashweave/io/tensor.hpp>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace hashweave {

namespace detail {

/// Length, header and padding. `tensors` in the order of the file.
inline std::string safetensors_head(const std::vector<NamedTensor>& tensors, const SafeTensors::Metadata& metadata,
                                    const std::string& where) {
  std::string header = "{", separator;
  if (!metadata.empty()) {
    header += "\"__metadata__\":{";
    for (const auto& [key, text] : metadata) {
      header += separator + json_string(key, where) + ":" + json_string(text, where);
      separator = ",";
    }
    header += "}";
  }
  std::size_t begin = 0;
  for (const auto& [name, tensor] : tensors) {
    header +=
        separator + json_string(name, where) + ":{\"dtype\":\"" + std::string{name_of(tensor.dtype)} + "\",\"shape\":[";
    for (std::size_t d = 0; d < tensor.shape.size(); ++d)
      header.append(d == 0 ? "" : ",").append(std::to_string(tensor.shape[d]));
    const std::size_t end = begin + tensor.bytes.size();
    header += "],\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
    separator = ",";
    begin = end;
  }
  header += "}";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  require(header.size() <= safetensors_header_limit, where, "bytes of the header",
          "at most " + std::to_string(safetensors_header_limit), header.size());
  const std::uint64_t size = header.size();
  return std::string{as_text(std::as_bytes(std::span{&size, 1}))} + header;
}

}  // namespace detail

/// Writes a safetensors file, whole or not at all (see `write_atomically`), as the reference implementation lays it
/// out: larger numbers first, then by name; the header padded with spaces so that the data begin at a multiple of 8.
/// The same tensors and metadata give the same bytes. Throws `Error` at a name that comes twice or is not UTF-8, at a
/// tensor that is column-major or not as long as its shape says; `MachineError` where the disk fails.
inline void write_safetensors(const std::filesystem::path& path, std::vector<NamedTensor> tensors,
                              const SafeTensors::Metadata& metadata, FileCalls& calls) {
  const std::string where = path.string();
  std::sort(tensors.begin(), tensors.end(), [](const NamedTensor& a, const NamedTensor& b) {
    return a.tensor.dtype != b.tensor.dtype ? a.tensor.dtype > b.tensor.dtype : a.name < b.name;
  });
  std::map<std::string_view, int> times;
  for (const auto& [name, tensor] : tensors) {
    require(++times[name] == 1 && name != "__metadata__", where, "tensor names", "each once, none of them __metadata__",
            legible(name));
    const auto wanted = bytes_of(tensor.dtype, tensor.shape);
    require(wanted && static_cast<std::size_t>(*wanted) == tensor.bytes.size(), where + ", tensor " + legible(name),
            "bytes of shape " + to_string(tensor.shape), wanted ? std::to_string(*wanted) : "a shape",
            tensor.bytes.size());
    require(tensor.order == Order::row_major, where + ", tensor " + legible(name), "order", "row-major",
            "column-major");
  }
  const std::string head = detail::safetensors_head(tensors, metadata, where);
  write_atomically(
      path,
      [&](FileWriter& out) {
        out.write(head);
        for (const NamedTensor& named : tensors) out.write(named.tensor.bytes);
      },
      calls);
}
inline void write_safetensors(const std::filesystem::path& path, std::vector<NamedTensor> tensors,
                              const SafeTensors::Metadata& metadata = {}) {
  FileCalls calls;
  write_safetensors(path, std::move(tensors), metadata, calls);
}

}  // namespace hashweave
