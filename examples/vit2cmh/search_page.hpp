#pragma once
#include <string>
#include <string_view>

namespace vit2cmh {

/// The page that `vit2cmh serve` gives: one file with style and script, which asks the same server alone. `nonce` is
/// what its Content-Security-Policy allows style and script by.
std::string search_page(std::string_view nonce, std::string_view title);

}  // namespace vit2cmh
