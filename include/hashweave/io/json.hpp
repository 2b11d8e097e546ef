#pragma once
#include <hashweave/core/error.hpp>
#include <hashweave/io/bytes.hpp>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace hashweave {

/// What JSON text from a file may be at most.
struct JsonLimits {
  std::size_t bytes = std::size_t{64} << 20;
  int depth = 64;
};

namespace detail {

/// What nlohmann's parser passes over in silence: a zero byte, which it takes for the end, and a byte order mark.
inline void require_plain_json(std::string_view text, std::string_view where) {
  const auto zero = text.find('\0');
  require(zero == std::string_view::npos, where, "JSON text", "no zero byte", "one at byte " + std::to_string(zero));
  require(!text.starts_with("\xEF\xBB\xBF"), where, "JSON text", "no byte order mark", "one");
}

/// nlohmann's message without its own name and number in front.
inline std::string reason(std::string_view message) {
  const auto end = message.find("] ");
  return legible(end == std::string_view::npos ? message : message.substr(end + 2));
}

}  // namespace detail

/// JSON text as a document. Stricter than the parser itself: Throws `Error` at a key that an object holds twice, a zero
/// byte, invalid UTF-8, text behind the end, and where a limit is passed. Cost: memory of some twenty times the text.
/// `Document` may be nlohmann::ordered_json, which keeps the order of keys.
template <class Document = nlohmann::json>
Document parse_json(std::string_view text, std::string_view where, const JsonLimits& limits = {}) {
  require(text.size() <= limits.bytes, where, "bytes of JSON", "at most " + std::to_string(limits.bytes), text.size());
  detail::require_plain_json(text, where);
  std::vector<std::set<std::string>> keys;  // of the objects that are open
  const auto watch = [&](int depth, typename Document::parse_event_t event, Document& parsed) {
    using Event = typename Document::parse_event_t;
    if (event == Event::object_start || event == Event::array_start)
      require(depth < limits.depth, where, "depth of JSON", "at most " + std::to_string(limits.depth), depth + 1);
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key) {
      const auto& key = parsed.template get_ref<const std::string&>();
      require(keys.back().insert(key).second, where, "keys of an object", "each once", "'" + legible(key) + "' twice");
    }
    return true;
  };
  try {
    return Document::parse(text, watch);
  } catch (const typename Document::exception& error) {
    fail(where, "text", "JSON", detail::reason(error.what()));
  }
}

/// A string as JSON writes it, in quotes. Throws `Error` where it is not UTF-8.
inline std::string json_string(const std::string& text, std::string_view where) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::exception& error) {
    fail(where, "string", "UTF-8", detail::reason(error.what()));
  }
}

}  // namespace hashweave
