#include "html.hpp"

#include <cmath>
#include <hashweave/text/utf8.hpp>

namespace vit2cmh {

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 8);
  for (const char *at = text.data(), *end = at + text.size(); at != end;) {
    const auto [point, bytes] = hashweave::decode_utf8(at, end);
    at += bytes;
    const bool control = (point < 0x20 && point != '\n' && point != '\t') || (point >= 0x7F && point < 0xA0);
    switch (point) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default: {
        std::array<char, 4> encoded{};
        const char* const past =
            hashweave::encode_utf8(control ? hashweave::replacement_character : point, encoded.data());
        out.append(encoded.data(), static_cast<std::size_t>(past - encoded.data()));
      }
    }
  }
  return out;
}

std::string plain_text(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>();
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

bool is_picture_url(std::string_view url) {
  constexpr std::size_t longest = std::size_t{4} << 20;
  std::string_view data;
  for (const std::string_view start : {"data:image/png;base64,", "data:image/jpeg;base64,"})
    if (url.starts_with(start)) data = url.substr(start.size());
  if (data.empty() || data.size() % 4 != 0 || data.size() > longest) return false;
  for (int padding = 0; padding < 2 && data.ends_with('='); ++padding) data.remove_suffix(1);
  for (const char c : data) {
    const bool digit = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (!digit && c != '+' && c != '/') return false;
  }
  return true;
}

const Json* field(const Json& object, std::string_view key) {
  if (!object.is_object()) return nullptr;
  const auto at = object.find(std::string{key});
  return at == object.end() ? nullptr : &*at;
}
std::optional<double> number_field(const Json& object, std::string_view key) {
  const Json* value = field(object, key);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const auto number = value->get<double>();
  return std::isfinite(number) ? std::optional{number} : std::nullopt;
}
std::optional<bool> bool_field(const Json& object, std::string_view key) {
  const Json* value = field(object, key);
  return value != nullptr && value->is_boolean() ? std::optional{value->get<bool>()} : std::nullopt;
}
std::string text_field(const Json& object, std::string_view key) {
  const Json* value = field(object, key);
  return value != nullptr && (value->is_string() || value->is_number()) ? plain_text(*value) : std::string{};
}
const Json& array_field(const Json& object, std::string_view key) {
  static const Json none = Json::array();
  const Json* value = field(object, key);
  return value != nullptr && value->is_array() ? *value : none;
}
const Json& object_field(const Json& object, std::string_view key) {
  static const Json none = Json::object();
  const Json* value = field(object, key);
  return value != nullptr && value->is_object() ? *value : none;
}

}  // namespace vit2cmh
