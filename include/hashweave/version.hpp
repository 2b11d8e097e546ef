#pragma once
/// The library's version, as in CMake, meson and the change log.
#define HASHWEAVE_VERSION_MAJOR 0
#define HASHWEAVE_VERSION_MINOR 1
#define HASHWEAVE_VERSION_PATCH 0

namespace hashweave {
inline constexpr const char* version = "0.1.0";
}
