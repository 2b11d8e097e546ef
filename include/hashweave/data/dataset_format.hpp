#pragma once
#include <algorithm>
#include <cstdint>
#include <hashweave/data/dataset_table.hpp>
#include <hashweave/data/dataset_text.hpp>
#include <hashweave/data/dataset_token.hpp>
#include <hashweave/data/tar_header.hpp>
#include <hashweave/io/bytes.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hashweave {

/// The formats that data sets come in; docs/datasets.md describes them.
enum class DatasetFormat : std::uint8_t { jsonl, karpathy, coco, token, table, webdataset, mat, npz, npy };

inline constexpr std::array<std::string_view, 9> dataset_format_names{
    "dataset.jsonl",    "Karpathy JSON", "COCO JSON", "Flickr token file", "table of captions",
    "WebDataset shard", "MAT file",      "npz file",  "npy files"};
constexpr std::string_view name_of(DatasetFormat format) {
  return dataset_format_names[static_cast<std::size_t>(format)];
}

namespace detail {

/// Looks at the keys of a JSON text until they tell the format.
class JsonFormatSeeker : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::optional<DatasetFormat> found() const { return found_; }

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_array(std::size_t) override { return ++depth_ <= 64; }
  bool end_array() override { return --depth_ >= 0; }
  bool start_object(std::size_t) override { return ++depth_ <= 64; }
  bool end_object() override { return --depth_ >= 0; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override { return false; }
  bool key(string_t& key) override {
    if (depth_ == 1) {
      member_ = key;
      if (key == "image" || key == "captions") found_ = DatasetFormat::jsonl;
    } else if (depth_ == 3 && member_ == "images") {
      if (key == "filename" || key == "sentences" || key == "sentids") found_ = DatasetFormat::karpathy;
      if (key == "file_name") found_ = DatasetFormat::coco;
    } else if (depth_ == 3 && member_ == "annotations") {
      if (key == "image_id") found_ = DatasetFormat::coco;
    }
    return !found_;
  }

 private:
  std::optional<DatasetFormat> found_;
  std::string member_;
  int depth_ = 0;
};

inline std::optional<DatasetFormat> json_format(std::string_view text) {
  JsonFormatSeeker seeker;
  nlohmann::json::sax_parse(text.begin(), text.end(), &seeker, nlohmann::json::input_format_t::json, false);
  return seeker.found();
}

inline bool is_tar(Bytes file) {
  if (file.size() < tar_block) return false;
  try {
    return !TarHeader{file.first(tar_block), ""}.name().empty();
  } catch (const Error&) {
    return false;
  }
}

/// The format of a text file: the first lines tell, because some may be broken.
inline std::optional<DatasetFormat> text_format(std::string_view text) {
  if (table_layout(text)) return DatasetFormat::table;
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  for (int lines = 0; lines < 16 && !text.empty(); ++lines) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    if (line.starts_with('{')) {
      if (const auto format = json_format(text)) return format;
    } else if (token_line(text.substr(0, end))) {
      return DatasetFormat::token;
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::nullopt;
}

}  // namespace detail

/// The format of a file, by its content. Nothing, where it is none of them.
inline std::optional<DatasetFormat> dataset_format(Bytes file) {
  const std::string_view text = as_text(file);
  if (text.starts_with("PK\x03\x04")) return DatasetFormat::npz;
  if (text.starts_with("\x93NUMPY")) return DatasetFormat::npy;
  if (text.starts_with("MATLAB ") || text.starts_with("\x89HDF")) return DatasetFormat::mat;
  if (text.size() >= 128 && (text.substr(124, 4) == std::string_view{"\x00\x01IM", 4})) return DatasetFormat::mat;
  if (detail::is_tar(file)) return DatasetFormat::webdataset;
  return detail::text_format(text);
}

}  // namespace hashweave
