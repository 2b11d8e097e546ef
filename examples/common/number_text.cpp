#include "number_text.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace examples {

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

}  // namespace examples
