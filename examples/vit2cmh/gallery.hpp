#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace vit2cmh {

/// Queries with their answers, in order of distance; right and wrong are told by colour and by sign. `galleries` holds
/// up to four lists: text_to_image, image_to_text, worst_text_to_image and worst_image_to_text. Empty where it has
/// none.
std::string galleries_html(const nlohmann::json& galleries);

/// The signs that the galleries refer to: once a page.
std::string gallery_symbols();

}  // namespace vit2cmh
