#pragma once
#include <filesystem>
namespace vit2cmh {
void write_report(const std::filesystem::path& run, const std::filesystem::path& out);
}
