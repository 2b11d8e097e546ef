#pragma once
#include <string_view>

namespace vit2cmh {

/// The style sheet of the report: light and dark, wide and narrow, and on paper.
std::string_view report_style();

}  // namespace vit2cmh
