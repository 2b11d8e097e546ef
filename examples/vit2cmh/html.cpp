#include "html.hpp"

#include <array>
#include <cmath>
#include <cstdio>
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

namespace {

std::string printed(const char* format, int digits, double value) {
  std::array<char, 400> text{};  // the largest double has 309 digits
  std::snprintf(text.data(), text.size(), format, digits, value);
  return text.data();
}

}  // namespace

std::string number_text(double value, int decimals) {
  std::string text = printed("%.*f", decimals, std::abs(value));
  const auto point = text.find('.');
  for (auto at = static_cast<std::ptrdiff_t>(point == std::string::npos ? text.size() : point) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  const bool negative = value < 0 && text.find_first_of("123456789") != std::string::npos;
  return negative ? "\u2212" + text : text;
}

std::string short_number(double value) {
  const double size = std::abs(value);
  if (value == 0) return "0";
  if (size < 1e-3 || size >= 1e7) {
    std::string text = printed("%.*e", 1, value);  // 1.0e-05 becomes 1e-5
    const auto exponent = text.find('e');
    std::string digits = text.substr(0, exponent);
    if (digits.ends_with(".0")) digits.resize(digits.size() - 2);
    return digits + "e" + std::to_string(std::atoi(text.c_str() + exponent + 1));
  }
  const int decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : size >= 0.1 ? 3 : 5;
  std::string text = number_text(value, decimals);
  if (text.find('.') != std::string::npos) {
    while (text.ends_with('0')) text.pop_back();
    if (text.ends_with('.')) text.pop_back();
  }
  return text;
}

std::string duration_text(double seconds) {
  if (seconds < 10) return short_number(std::round(std::max(0.0, seconds) * 10) / 10) + " s";
  const double whole = std::round(seconds);
  const auto part = [](double value, const char* unit) { return number_text(value) + " " + unit; };
  if (whole < 60) return part(whole, "s");
  if (whole < 3600) {
    const double rest = std::fmod(whole, 60);
    return part(std::floor(whole / 60), "min") + (rest > 0 && whole < 600 ? " " + part(rest, "s") : "");
  }
  const double minutes = std::round(whole / 60), rest = std::fmod(minutes, 60);
  return part(std::floor(minutes / 60), "h") + (rest > 0 ? " " + part(rest, "min") : "");
}

std::string counted(double count, std::string_view one, std::string_view many) {
  return number_text(count) + " " + std::string{count == 1 ? one : many};
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
