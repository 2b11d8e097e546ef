#pragma once
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <hashweave/core/error.hpp>
#include <hashweave/io/file.hpp>
#include <utility>

namespace hashweave {

/// A file open for writing, which only one process at a time can have (`flock`); readers are not kept out.
class LockedFile {
 public:
  LockedFile() = default;
  /// Throws as `fail_system`, and `Error` where another has the file.
  explicit LockedFile(const std::filesystem::path& path) : number_{::open(path.c_str(), O_RDWR | O_CLOEXEC)} {
    if (number_ < 0) fail_system(path, "opening it for writing", errno);
    if (::flock(number_, LOCK_EX | LOCK_NB) == 0) return;
    const int code = errno;
    ::close(std::exchange(number_, -1));
    if (code == EWOULDBLOCK) fail(path.string(), "others who write to the file", "none", "one");
    fail_system(path, "locking it", code);
  }
  LockedFile(LockedFile&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
  LockedFile& operator=(LockedFile&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~LockedFile() {
    if (number_ >= 0) ::close(number_);
  }

  /// The file descriptor.
  int number() const { return number_; }

  /// Whether the file still stands under this path.
  bool is_at(const std::filesystem::path& path) const {
    struct stat here {
    }, there{};
    return ::fstat(number_, &here) == 0 && ::stat(path.c_str(), &there) == 0 && here.st_dev == there.st_dev &&
           here.st_ino == there.st_ino;
  }

 private:
  int number_ = -1;
};

}  // namespace hashweave
