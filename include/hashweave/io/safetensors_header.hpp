#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/io/json.hpp>
#include <hashweave/io/tensor.hpp>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave::detail {

/// What the header of a safetensors file says of one tensor. Offsets in bytes from the end of the header.
struct SafeTensorsEntry {
  std::optional<DType> dtype;
  std::optional<Shape> shape;
  std::optional<std::vector<std::uint64_t>> offsets;
};

/// Reads the header without a document in memory. Events come from nlohmann's parser; every one that the format has no
/// place for throws.
///   {"__metadata__": {string: string...}, name: {"dtype": string, "shape": [n...], "data_offsets": [begin, end]}...}
class SafeTensorsHeader {
 public:
  explicit SafeTensorsHeader(std::string where) : where_{std::move(where)} {}

  std::map<std::string, SafeTensorsEntry, std::less<>> entries;
  std::map<std::string, std::string, std::less<>> metadata;

  bool start_object(std::size_t) {
    if (depth_ == 1 && in_metadata_) {
      require(!metadata_seen_, where_, "__metadata__", "once", "twice");
      metadata_seen_ = true;
    } else if (depth_ == 1) {
      const auto [at, inserted] = entries.try_emplace(name_);
      require(inserted, where_, "tensor names", "each once", "'" + legible(name_) + "' twice");
      entry_ = &at->second;
    } else if (depth_ != 0) {
      unexpected("an object");
    }
    ++depth_;
    return true;
  }
  bool end_object() {
    if (--depth_ == 1 && !in_metadata_) {
      require(entry_->dtype && entry_->shape && entry_->offsets, here(), "entry", "dtype, shape and data_offsets",
              "fewer");
    }
    return true;
  }
  bool key(std::string& text) {
    if (depth_ == 1) {
      name_ = text;
      in_metadata_ = text == "__metadata__";
    } else {
      key_ = text;
      if (!in_metadata_ && key_ != "dtype" && key_ != "shape" && key_ != "data_offsets")
        fail(here(), "entry", "dtype, shape and data_offsets", "'" + legible(key_) + "'");
    }
    return true;
  }
  bool string(std::string& text) {
    if (depth_ == 2 && in_metadata_) {
      require(metadata.emplace(key_, text).second, here(), "keys", "each once", "'" + legible(key_) + "' twice");
    } else if (depth_ == 2 && key_ == "dtype" && !in_list_) {
      const auto type = dtype_named(text);
      require(type.has_value(), here(), "dtype", "BOOL, [IU]8/16/32/64, F16, BF16, F32 or F64", legible(text));
      once(!entry_->dtype);
      entry_->dtype = *type;
    } else {
      unexpected("a string");
    }
    return true;
  }
  bool start_array(std::size_t) {
    if (depth_ != 2 || in_metadata_ || in_list_ || key_ == "dtype") unexpected("a list");
    in_list_ = true;
    if (key_ == "shape") {
      once(!entry_->shape);
      entry_->shape.emplace();
    } else {
      once(!entry_->offsets);
      entry_->offsets.emplace();
    }
    return true;
  }
  bool end_array() {
    in_list_ = false;
    if (key_ == "data_offsets")
      require(entry_->offsets->size() == 2, here(), "data_offsets", "2 numbers", entry_->offsets->size());
    return true;
  }
  bool number_unsigned(std::uint64_t number) {
    if (!in_list_) unexpected("a number");
    if (key_ == "shape") {
      constexpr auto largest = static_cast<std::uint64_t>(std::numeric_limits<Size>::max());
      require(number <= largest, here(), "extent", "at most " + std::to_string(largest), number);
      entry_->shape->push_back(static_cast<Size>(number));
    } else {
      entry_->offsets->push_back(number);
    }
    return true;
  }
  bool number_integer(std::int64_t number) { return unexpected(std::to_string(number)); }
  bool number_float(double, const std::string& text) { return unexpected(legible(text)); }
  bool null() { return unexpected("null"); }
  bool boolean(bool) { return unexpected("true or false"); }
  template <class Binary>
  bool binary(Binary&) {
    return unexpected("binary data");
  }
  bool parse_error(std::size_t, const std::string&, const std::exception& error) {
    fail(where_, "header", "JSON", reason(error.what()));
  }

 private:
  std::string here() const {
    return depth_ == 0 ? where_ : where_ + ", " + (in_metadata_ ? "" : "tensor ") + legible(name_);
  }
  bool unexpected(std::string_view got) const {
    fail(here(), depth_ < 2 ? "header" : legible(key_),
         depth_ == 0       ? "an object"
         : depth_ == 1     ? "an object for each tensor"
         : in_metadata_    ? "a string"
         : key_ == "dtype" ? "a string"
                           : "a list of whole numbers that are not negative",
         got);
  }
  void once(bool first) const { require(first, here(), "keys", "each once", "'" + legible(key_) + "' twice"); }

  std::string where_, name_, key_;
  SafeTensorsEntry* entry_ = nullptr;
  int depth_ = 0;
  bool in_metadata_ = false, metadata_seen_ = false, in_list_ = false;
};

}  // namespace hashweave::detail
