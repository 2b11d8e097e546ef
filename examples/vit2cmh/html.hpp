#pragma once
#include <common/number_text.hpp>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

/// Text, numbers and JSON fields as a page shows them. Whatever comes from data goes through `escaped`.
namespace vit2cmh {
using namespace examples;

using Json = nlohmann::json;

/// The text as HTML shows it, in content and in quoted attributes: & < > " ' become entities; bytes that are not UTF-8
/// and control characters but for line ends and tabs become U+FFFD.
std::string escaped(std::string_view text);
/// A JSON value as text: a string as it is, anything else as JSON writes it. Not escaped.
std::string plain_text(const Json& value);

/// Whether the URL is a picture within itself: data:image/png or data:image/jpeg in base64, and nothing else.
bool is_picture_url(std::string_view url);

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
