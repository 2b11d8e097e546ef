#pragma once
#include <cstdint>

namespace hashweave::test {

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HASHWEAVE_TESTS_SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define HASHWEAVE_TESTS_SANITIZED
#endif

/// Damaged copies of a file to be tried: ten thousand where the address sanitizer watches, a tenth of them elsewhere.
#ifdef HASHWEAVE_TESTS_SANITIZED
inline constexpr std::uint32_t damaged_files = 10'000;
#else
inline constexpr std::uint32_t damaged_files = 1'000;
#endif

}  // namespace hashweave::test
