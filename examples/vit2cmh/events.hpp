#pragma once
#include <cstdint>
#include <filesystem>
#include <hashweave/core/types.hpp>
#include <hashweave/io/file.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

/// TensorBoard's event files: records of protocol buffer messages (`Event`), each with CRC-32C checksums.
/// Source: TensorBoard's event.proto and summary.proto, TensorFlow's record_writer.cc.
namespace vit2cmh {

using hashweave::Size;

/// One record: length, checksum of the length, the message, its checksum; the checksums are masked.
std::string event_record(std::string_view message);
/// The message that every file begins with: which version of the format it has.
std::string version_event(double wall_time);
/// One value of the curve `tag`. `wall_time` is in seconds since 1970.
std::string scalar_event(double wall_time, Size step, std::string_view tag, float value);
/// How many of the values lie where: 30 bins of equal width. Values that are not finite are left out.
std::string histogram_event(double wall_time, Size step, std::string_view tag, std::span<const float> values);
/// From here on steps begin at `step` again: TensorBoard drops what older files of the folder hold from there on.
std::string restart_event(double wall_time, Size step);

/// Appends to a file of its own, `events.out.tfevents.<unix time>.<host>`, in a folder that it makes where needed; a
/// name already taken gets a number behind it. What was flushed survives a crash: a reader ignores a cut last record.
/// Nothing is ever written twice: after an error the file stays as it is, and further calls are errors too.
/// Throws `hashweave::MachineError` where the disk is full or fails, `hashweave::Error` where the folder is at fault.
class EventWriter {
 public:
  explicit EventWriter(const std::filesystem::path& folder);
  /// The same with other system calls. They outlive this.
  EventWriter(const std::filesystem::path& folder, hashweave::FileCalls& calls);
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;
  /// Flushes; errors are lost here, so call `flush` before.
  ~EventWriter();

  void scalar(std::string_view tag, double value, Size step);
  void histogram(std::string_view tag, std::span<const float> values, Size step);
  /// Call this once after resuming from the checkpoint of `step`.
  void restart(Size step);
  /// Hands what was written so far to the system.
  void flush();

  const std::filesystem::path& path() const { return path_; }

 private:
  void require_intact() const;
  void append(std::string_view message);

  hashweave::FileCalls own_calls_;
  hashweave::FileCalls& calls_;
  std::filesystem::path path_;
  int file_ = -1;
  std::optional<hashweave::FileWriter> out_;
  bool failed_ = false;
};

}  // namespace vit2cmh
