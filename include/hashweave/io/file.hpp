#pragma once
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <hashweave/core/error.hpp>
#include <hashweave/io/bytes.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace hashweave {

/// Throws for a system call that failed with `code` (an errno): `Error` where the path is at fault (it does not exist,
/// is a folder, may not be touched), `MachineError` otherwise. The message names the path and holds the system's text.
[[noreturn]] inline void fail_system(const std::filesystem::path& path, std::string_view what, int code) {
  const std::string text = path.string() + ": " + std::string{what} + ": expected success, got " +
                           std::generic_category().message(code) + " (errno " + std::to_string(code) + ")";
  for (const int callers : {ENOENT, ENOTDIR, EISDIR, EACCES, EPERM, ENAMETOOLONG, ELOOP, EINVAL, EEXIST})
    if (code == callers) throw Error{text};
  throw MachineError{text};
}

/// A file's bytes, read-only, as part of memory. An empty file gives no bytes.
///
/// The file must not be shortened while it is mapped: reading beyond its new end kills the process. Files written by
/// `write_atomically` are replaced, never changed, so that a mapping keeps the old bytes.
class MappedFile {
 public:
  /// Throws `Error` where there is no such readable regular file, `MachineError` where the system fails.
  explicit MappedFile(const std::filesystem::path& path) {
    // without O_NONBLOCK a named pipe would keep us waiting for a writer
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) fail_system(path, "opening it for reading", errno);
    struct stat status {};
    if (::fstat(file, &status) != 0) close_and_fail(file, path, "asking for its size");
    if (!S_ISREG(status.st_mode)) {
      ::close(file);
      fail(path.string(), "kind of file", "a regular file", S_ISDIR(status.st_mode) ? "a folder" : "another kind");
    }
    size_ = static_cast<std::size_t>(status.st_size);
    if (size_ > 0) {
      data_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
      if (data_ == MAP_FAILED) close_and_fail(file, path, "mapping it into memory");
    }
    ::close(file);
  }
  MappedFile(MappedFile&& other) noexcept
      : data_{std::exchange(other.data_, nullptr)}, size_{std::exchange(other.size_, 0)} {}
  MappedFile& operator=(MappedFile&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~MappedFile() {
    if (size_ > 0) ::munmap(data_, size_);
  }

  Bytes bytes() const { return {static_cast<const std::byte*>(data_), size_}; }

 private:
  [[noreturn]] static void close_and_fail(int file, const std::filesystem::path& path, std::string_view what) {
    const int code = errno;
    ::close(file);
    fail_system(path, what, code);
  }
  void* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Bytes together with what keeps them alive. Copies share.
struct Blob {
  Bytes bytes;
  std::shared_ptr<const void> owner;
};

/// A file's bytes, mapped. Throws as `MappedFile`.
inline Blob map_file(const std::filesystem::path& path) {
  auto file = std::make_shared<const MappedFile>(path);
  const Bytes bytes = file->bytes();
  return {bytes, std::move(file)};
}
/// Bytes in memory of their own.
inline Blob owned_blob(std::vector<std::byte> memory) {
  auto owner = std::make_shared<const std::vector<std::byte>>(std::move(memory));
  const Bytes bytes{*owner};
  return {bytes, std::move(owner)};
}
/// Bytes that someone else keeps alive.
inline Blob borrowed_blob(Bytes bytes) { return {bytes, nullptr}; }

/// The system calls of `write_atomically`. Tests put a fault in the way of each.
class FileCalls {
 public:
  virtual ~FileCalls() = default;
  virtual int open(const char* path, int flags, mode_t mode) { return ::open(path, flags, mode); }
  virtual ssize_t write(int file, const void* from, std::size_t count) { return ::write(file, from, count); }
  virtual int sync(int file) { return ::fsync(file); }
  virtual int close(int file) { return ::close(file); }
  virtual int rename(const char* from, const char* to) { return ::rename(from, to); }
};

/// Where `write_atomically` lets its caller write: bytes go to the new file in order, through a buffer.
class FileWriter {
 public:
  FileWriter(FileCalls& calls, int file, const std::filesystem::path& path) : calls_{calls}, file_{file}, path_{path} {}

  void write(Bytes bytes) {
    position_ += bytes.size();
    if (buffer_.size() + bytes.size() > buffer_size) flush();
    if (bytes.size() > buffer_size)
      send(bytes);
    else
      buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  }
  void write(std::string_view text) { write(as_bytes(text)); }
  /// Bytes written so far.
  std::uint64_t position() const { return position_; }
  /// Hands what is in the buffer to the system. Throws `MachineError` as writing does.
  void flush() {
    send(buffer_);
    buffer_.clear();
  }

 private:
  static constexpr std::size_t buffer_size = 1 << 16;
  void send(Bytes bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = calls_.write(file_, bytes.data(), bytes.size());
      if (sent < 0 && errno == EINTR) continue;
      if (sent <= 0) fail_system(path_, "writing", sent < 0 ? errno : EIO);
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
  }
  FileCalls& calls_;
  int file_;
  const std::filesystem::path& path_;
  std::vector<std::byte> buffer_;
  std::uint64_t position_ = 0;
};

namespace detail {

/// A new file beside `path`, removed again unless it was kept.
class TemporaryFile {
 public:
  TemporaryFile(FileCalls& calls, const std::filesystem::path& path) : calls_{calls}, target_{path} {
    const std::string stem = "." + path.filename().string().substr(0, 200) + ".tmp-" + std::to_string(::getpid());
    for (int attempt = 0; file_ < 0; ++attempt) {
      path_ = path.parent_path() / (stem + "-" + std::to_string(attempt));
      file_ = calls_.open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (file_ < 0 && (errno != EEXIST || attempt == 1000)) fail_system(target_, "making a temporary file", errno);
    }
  }
  TemporaryFile(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (file_ >= 0) ::close(file_);
    if (!kept_) ::unlink(path_.c_str());
  }
  int file() const { return file_; }
  void replace_target() {
    if (calls_.sync(file_) != 0) fail_system(target_, "syncing it to the disk", errno);
    if (calls_.close(std::exchange(file_, -1)) != 0) fail_system(target_, "closing it", errno);
    if (calls_.rename(path_.c_str(), target_.c_str()) != 0) fail_system(target_, "renaming the temporary file", errno);
    kept_ = true;
  }

 private:
  FileCalls& calls_;
  std::filesystem::path target_, path_;
  int file_ = -1;
  bool kept_ = false;
};

inline void sync_folder(FileCalls& calls, const std::filesystem::path& path) {
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."};
  const int file = calls.open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
  if (file < 0) fail_system(folder, "opening the folder", errno);
  const int failed = calls.sync(file) != 0 ? errno : 0;
  calls.close(file);
  // some file systems cannot sync a folder and say EINVAL
  if (failed != 0 && failed != EINVAL) fail_system(folder, "syncing the folder to the disk", failed);
}

}  // namespace detail

/// Writes a file whole or not at all: `writer(FileWriter&)` writes to a temporary file in the same folder, which is
/// synced to the disk and renamed to `path`; then the folder is synced. A reader sees the old file or the new one.
///
/// On any failure, an exception of the writer among them, the old file is untouched and the temporary one is gone; only
/// when the last step fails (syncing the folder) does the new file already stand, in full. Two processes may write one
/// path at once: one of the files stays. Throws as `fail_system`.
template <class Writer>
void write_atomically(const std::filesystem::path& path, Writer&& writer, FileCalls& calls) {
  require(path.has_filename(), path.string(), "path to write", "one with a file name", "none");
  detail::TemporaryFile temporary{calls, path};
  FileWriter out{calls, temporary.file(), path};
  std::forward<Writer>(writer)(out);
  out.flush();
  temporary.replace_target();
  detail::sync_folder(calls, path);
}
template <class Writer>
void write_atomically(const std::filesystem::path& path, Writer&& writer) {
  FileCalls calls;
  write_atomically(path, std::forward<Writer>(writer), calls);
}

}  // namespace hashweave
