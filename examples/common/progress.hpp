#pragma once
/// One line on a terminal that is written again and again; plain lines elsewhere.
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace examples {

class Progress {
 public:
  /// `total` in `unit`s; nothing is shown when `quiet`.
  Progress(std::string title, std::int64_t total, std::string unit, std::int64_t done = 0);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void add(std::int64_t more, std::string_view note = {});
  /// A line of its own, above the progress line.
  void say(std::string_view line);
  void finish();

 private:
  using Clock = std::chrono::steady_clock;
  void show(bool last);

  std::string title_, unit_, note_;
  std::int64_t total_, begun_, done_;
  Clock::time_point start_ = Clock::now(), shown_{};
  bool terminal_, finished_ = false;
};

}  // namespace examples
