#pragma once
#include <unistd.h>

#include <concepts>
#include <filesystem>
#include <fstream>
#include <hashweave/io/bytes.hpp>
#include <hashweave/io/file.hpp>
#include <iterator>
#include <string>
#include <string_view>

namespace hashweave::test {

/// A folder for one test, gone afterwards.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hashweave-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

inline std::string content_of(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}
inline void put(const std::filesystem::path& path, std::string_view text) {
  std::ofstream{path, std::ios::binary}.write(text.data(), static_cast<std::streamsize>(text.size()));
}
/// The message of the `Error` that f throws.
template <std::invocable F>
std::string message_of(F&& f) {
  try {
    f();
  } catch (const MachineError&) {
    return "the machine was blamed";
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}
/// A file below tests/.
inline std::filesystem::path test_file(std::string_view name) { return std::filesystem::path{HASHWEAVE_TESTS} / name; }

/// The number's bytes, little-endian.
template <class T>
std::string le(T number) {
  return {reinterpret_cast<const char*>(&number), sizeof number};
}
inline Blob blob(const std::string& text) { return borrowed_blob(as_bytes(text)); }

}  // namespace hashweave::test
