#pragma once
#include <cstddef>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace hashweave {

/// What the library throws when data, files or run-time sizes are at fault.
/// The message reads `where: what: expected E, got G`.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The machine is at fault, not what was asked for: disk full, input or output error, no memory or descriptors left, no
/// such device.
class MachineError : public Error {
 public:
  using Error::Error;
};

/// A number among words, such as "at most 5": put together only when it is printed, so that a check costs no memory.
struct Phrase {
  std::string_view before;
  std::ptrdiff_t number = 0;
  std::string_view after{};

  friend std::ostream& operator<<(std::ostream& out, const Phrase& p) { return out << p.before << p.number << p.after; }
};

/// Throws `Error` with the message `where: what: expected E, got G`; E and G are anything that can be streamed.
template <class Expected, class Got>
[[noreturn]] void fail(std::string_view where, std::string_view what, const Expected& expected, const Got& got) {
  std::ostringstream text;
  text << where << ": " << what << ": expected " << expected << ", got " << got;
  throw Error{text.str()};
}

/// `fail` unless the condition holds. The message is built only when it is needed.
template <class Expected, class Got>
void require(bool holds, std::string_view where, std::string_view what, const Expected& expected, const Got& got) {
  if (!holds) [[unlikely]]
    fail(where, what, expected, got);
}

}  // namespace hashweave
