#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

/// Text, numbers and JSON fields as a page shows them. Whatever comes from data goes through `escaped`.
namespace vit2cmh {

using Json = nlohmann::json;

/// The text as HTML shows it, in content and in quoted attributes: & < > " ' become entities; bytes that are not UTF-8
/// and control characters but for line ends and tabs become U+FFFD.
std::string escaped(std::string_view text);
/// A JSON value as text: a string as it is, anything else as JSON writes it. Not escaped.
std::string plain_text(const Json& value);

/// Whether the URL is a picture within itself: data:image/png or data:image/jpeg in base64, and nothing else.
bool is_picture_url(std::string_view url);

/// A number with that many decimals and commas between thousands: 1,234.5.
std::string number_text(double value, int decimals = 0);
/// A number with four significant digits at most, very small ones as 1e-5.
std::string short_number(double value);
/// 42 s, 23 min 4 s, 5 h 12 min.
std::string duration_text(double seconds);
/// `one` or `many` behind the number: 1 image, 1,000 images.
std::string counted(double count, std::string_view one, std::string_view many);

// The fields of an object, or nothing where `object` is none, has no such field or one of another kind.

const Json* field(const Json& object, std::string_view key);
/// A finite number.
std::optional<double> number_field(const Json& object, std::string_view key);
std::optional<bool> bool_field(const Json& object, std::string_view key);
/// A string or a number as text, not escaped; empty where there is none.
std::string text_field(const Json& object, std::string_view key);
/// An empty array or object where there is none.
const Json& array_field(const Json& object, std::string_view key);
const Json& object_field(const Json& object, std::string_view key);

}  // namespace vit2cmh
