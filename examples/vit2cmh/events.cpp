#include "events.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <hashweave/core/error.hpp>
#include <hashweave/io/crc32c.hpp>
#include <utility>
#include <vector>

namespace vit2cmh {
namespace {

template <class T>
void put(std::string& out, T number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

// Protocol buffers: a field is (number << 3 | kind) and its value. Kinds: 0 varint, 1 eight bytes, 2 length and bytes,
// 5 four bytes.

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7F) | 0x80);
  out += static_cast<char>(value);
}
void put_key(std::string& out, unsigned field, unsigned kind) { put_varint(out, field << 3 | kind); }
void put_integer(std::string& out, unsigned field, std::int64_t value) {
  put_key(out, field, 0);
  put_varint(out, static_cast<std::uint64_t>(value));
}
void put_double(std::string& out, unsigned field, double value) {
  put_key(out, field, 1);
  put(out, value);
}
void put_float(std::string& out, unsigned field, float value) {
  put_key(out, field, 5);
  put(out, value);
}
void put_bytes(std::string& out, unsigned field, std::string_view bytes) {
  put_key(out, field, 2);
  put_varint(out, bytes.size());
  out += bytes;
}
void put_doubles(std::string& out, unsigned field, const std::vector<double>& values) {
  put_bytes(out, field, hashweave::as_text(std::as_bytes(std::span{values})));
}

std::string event(double wall_time, std::int64_t step) {
  std::string out;
  put_double(out, 1, wall_time);
  if (step != 0) put_integer(out, 2, step);  // zero is the default, which is not written
  return out;
}
std::string summary_event(double wall_time, Size step, std::string_view value) {
  std::string summary, out = event(wall_time, step);
  put_bytes(summary, 1, value);
  put_bytes(out, 5, summary);
  return out;
}

std::uint32_t masked_crc(std::string_view bytes) {
  const std::uint32_t crc = hashweave::crc32c(hashweave::as_bytes(bytes));
  return ((crc >> 15) | (crc << 17)) + 0xA282EAD8U;
}

double now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  std::string text{name.data()};
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

}  // namespace

std::string event_record(std::string_view message) {
  std::string out;
  put(out, static_cast<std::uint64_t>(message.size()));
  put(out, masked_crc(out));
  out += message;
  put(out, masked_crc(message));
  return out;
}

std::string version_event(double wall_time) {
  std::string out = event(wall_time, 0);
  put_bytes(out, 3, "brain.Event:2");
  return out;
}

std::string scalar_event(double wall_time, Size step, std::string_view tag, float value) {
  std::string out;
  put_bytes(out, 1, tag);
  put_float(out, 2, value);
  return summary_event(wall_time, step, out);
}

std::string histogram_event(double wall_time, Size step, std::string_view tag, std::span<const float> values) {
  constexpr std::size_t bins = 30;
  double low = 0, high = 0, count = 0, sum = 0, squares = 0;
  for (const double v : values) {
    if (!std::isfinite(v)) continue;
    low = count == 0 ? v : std::min(low, v);
    high = count == 0 ? v : std::max(high, v);
    count += 1;
    sum += v;
    squares += v * v;
  }
  const double width = (high - low) / bins;
  std::vector<double> limits(width > 0 ? bins : 1, high), counts(limits.size());
  for (std::size_t i = 0; i + 1 < limits.size(); ++i) limits[i] = low + width * static_cast<double>(i + 1);
  for (const double v : values)
    if (std::isfinite(v)) counts[width > 0 ? std::min(bins - 1, static_cast<std::size_t>((v - low) / width)) : 0] += 1;

  std::string histogram, out;
  unsigned field = 1;
  for (const double v : {low, high, count, sum, squares}) put_double(histogram, field++, v);
  put_doubles(histogram, 6, limits);
  put_doubles(histogram, 7, counts);
  put_bytes(out, 1, tag);
  put_bytes(out, 5, histogram);
  return summary_event(wall_time, step, out);
}

std::string restart_event(double wall_time, Size step) {
  std::string log, out = event(wall_time, step);
  put_integer(log, 1, 1);  // SessionLog.status = START
  put_bytes(out, 7, log);
  return out;
}

EventWriter::EventWriter(const std::filesystem::path& folder) : EventWriter(folder, own_calls_) {}

EventWriter::EventWriter(const std::filesystem::path& folder, hashweave::FileCalls& calls) : calls_{calls} {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) hashweave::fail_system(folder, "making the folder", error.value());
  const double start = now();
  const std::string name =
      "events.out.tfevents." + std::to_string(static_cast<std::int64_t>(start)) + "." + host_name();
  for (int number = 0; file_ < 0; ++number) {
    path_ = folder / (number == 0 ? name : name + "." + std::to_string(number));
    file_ = calls_.open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
    if (file_ < 0 && (errno != EEXIST || number == 1000)) hashweave::fail_system(path_, "making an event file", errno);
  }
  out_.emplace(calls_, file_, path_);
  try {
    append(version_event(start));
    flush();
  } catch (...) {
    calls_.close(file_);
    throw;
  }
}

EventWriter::~EventWriter() {
  try {
    if (!failed_) out_->flush();
  } catch (const hashweave::Error&) {  // the docstring says so
  }
  calls_.close(file_);
}

void EventWriter::require_intact() const {
  if (failed_) hashweave::fail_system(path_, "writing after an earlier error", EIO);
}
void EventWriter::append(std::string_view message) {
  require_intact();
  failed_ = true;  // until it is written
  out_->write(event_record(message));
  failed_ = false;
}
void EventWriter::flush() {
  require_intact();
  failed_ = true;
  out_->flush();
  failed_ = false;
}

void EventWriter::scalar(std::string_view tag, double value, Size step) {
  append(scalar_event(now(), step, tag, static_cast<float>(value)));
}
void EventWriter::histogram(std::string_view tag, std::span<const float> values, Size step) {
  append(histogram_event(now(), step, tag, values));
}
void EventWriter::restart(Size step) { append(restart_event(now(), step)); }

}  // namespace vit2cmh
