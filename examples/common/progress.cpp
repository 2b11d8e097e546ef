#include "progress.hpp"

#include "number_text.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <unistd.h>
#include <utility>

namespace examples {

Progress::Progress(std::string title, std::int64_t total, std::string unit, std::int64_t done)
    : title_{std::move(title)},
      unit_{std::move(unit)},
      total_{total},
      begun_{done},
      done_{done},
      terminal_{isatty(STDERR_FILENO) != 0} {}

Progress::~Progress() { finish(); }

void Progress::add(std::int64_t more, std::string_view note) {
  done_ += more;
  if (!note.empty()) note_ = note;
  show(done_ >= total_);
}

void Progress::say(std::string_view line) {
  if (terminal_) std::fputs("\r\033[K", stderr);
  std::fprintf(stderr, "%.*s\n", static_cast<int>(line.size()), line.data());
  if (terminal_ && !finished_) show(true);
}

void Progress::finish() {
  if (finished_) return;
  finished_ = true;
  if (terminal_) std::fputs("\r\033[K", stderr);
}

void Progress::show(bool last) {
  const auto now = Clock::now();
  const double since = std::chrono::duration<double>(now - shown_).count();
  if (!last && since < (terminal_ ? 0.2 : 15.0)) return;
  shown_ = now;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  const double rate = static_cast<double>(done_ - begun_) / std::max(seconds, 1e-9);
  const std::string left =
      rate > 0 && done_ < total_ ? ", " + duration_text(static_cast<double>(total_ - done_) / rate) + " left" : "";
  if (terminal_) std::fputs("\r\033[K", stderr);
  std::fprintf(stderr, "%s  %lld/%lld %s  %.*f/s%s%s%s", title_.c_str(), static_cast<long long>(done_),
               static_cast<long long>(total_), unit_.c_str(), rate < 10 ? 2 : 0, rate, left.c_str(),
               note_.empty() ? "" : "  ", note_.c_str());
  std::fputs(terminal_ ? "" : "\n", stderr);
  std::fflush(stderr);
}

}  // namespace examples
