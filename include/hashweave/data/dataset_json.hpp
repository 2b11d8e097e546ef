#pragma once
#include <algorithm>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/data/dataset_options.hpp>
#include <hashweave/data/dataset_text.hpp>
#include <hashweave/io/json.hpp>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave::detail {

/// One object of a JSON file. Each question throws `Error` where the member is of another kind than asked for; a member
/// that is null counts as missing.
class JsonRecord {
 public:
  JsonRecord(const nlohmann::json& value, std::string_view where) : value_{value}, where_{where} {
    require(value.is_object(), where_, "record", "an object", value.type_name());
  }
  const std::string& where() const { return where_; }
  const nlohmann::json* find(const char* key) const {
    const auto found = value_.find(key);
    return found == value_.end() || found->is_null() ? nullptr : &*found;
  }
  const nlohmann::json& at(const char* key) const {
    const nlohmann::json* found = find(key);
    if (found == nullptr) fail(where_, "record", "a member '" + std::string{key} + "'", "none");
    return *found;
  }
  const nlohmann::json& list(const char* key) const {
    const nlohmann::json& found = at(key);
    require(found.is_array(), where_, key, "a list", found.type_name());
    return found;
  }
  const std::string& text(const char* key) const { return as_text(at(key), key); }
  std::int64_t integer(const char* key) const { return as_integer(at(key), key); }

  const std::string& as_text(const nlohmann::json& value, const char* key) const {
    require(value.is_string(), where_, key, "a string", value.type_name());
    return value.get_ref<const std::string&>();
  }
  std::int64_t as_integer(const nlohmann::json& value, const char* key) const {
    require(value.is_number_integer(), where_, key, "a whole number", value.type_name());
    const bool fits = !value.is_number_unsigned() || value.get<std::uint64_t>() <= INT64_MAX;
    require(fits, where_, key, "a number of 63 bits", value.is_number_unsigned() ? value.get<std::uint64_t>() : 0);
    return value.get<std::int64_t>();
  }
  /// A string, or a whole number as decimal text.
  std::string as_name(const nlohmann::json& value, const char* key) const {
    return value.is_string() ? as_text(value, key) : std::to_string(as_integer(value, key));
  }
  /// The part of the data set; `rest` where the member is missing.
  Split split(const char* key) const {
    const nlohmann::json* found = find(key);
    if (found == nullptr) return Split::rest;
    const auto split = split_named(as_text(*found, key));
    if (!split) fail(where_, key, "train, val or test", in_quotes(as_text(*found, key)));
    return *split;
  }

 private:
  const nlohmann::json& value_;
  std::string where_;
};

/// Reads a JSON text whose top is an object, and calls f(key, number, element) for every element of every list that is
/// a member of the top. Elements are dropped again: memory is that of one of them. As strict as `parse_json`.
/// @throws Error at text that is no JSON, and as f does.
template <class F>
void for_each_record(std::string_view text, std::string_view where, const DatasetLimits& limits, F&& f) {
  using nlohmann::json;
  using Event = json::parse_event_t;
  require(text.size() <= limits.file_bytes, where, "bytes of JSON",
          Phrase{"at most ", static_cast<Size>(limits.file_bytes)}, text.size());
  require_plain_json(text, where);
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  std::string member;                       // of the top
  bool in_list = false;                     // that member is a list
  std::size_t number = 0;
  const auto watch = [&](int depth, Event event, json& parsed) {
    const bool begins = event == Event::object_start || event == Event::array_start;
    const bool ends = event == Event::object_end || event == Event::array_end;
    if (begins)
      require(depth < limits.json_depth, where, "depth of JSON", Phrase{"at most ", limits.json_depth}, depth + 1);
    if (depth == 0 && event != Event::object_end)
      require(event == Event::object_start, where, "JSON text", "an object at the top", "another value");
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys.back().insert(key).second) fail(where, "keys of an object", "each once", in_quotes(key) + " twice");
      if (depth == 1) member = key;
    }
    if (depth == 1 && (begins || ends)) {
      in_list = event == Event::array_start;
      number = 0;
    }
    if (depth != 2 || !in_list || begins || event == Event::key) return true;
    f(std::as_const(member), number++, std::as_const(parsed));
    return false;
  };
  try {
    [[maybe_unused]] const json rest = json::parse(text, watch);  // lists without their elements
  } catch (const json::exception& error) {
    fail(where, "text", "JSON", reason(error.what()));
  }
}

}  // namespace hashweave::detail
