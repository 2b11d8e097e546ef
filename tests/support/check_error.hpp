#pragma once
#include <catch2/catch.hpp>
#include <hashweave/core/error.hpp>
#include <initializer_list>
#include <string>

namespace hashweave::test {

/// f throws hashweave::Error, and its message contains all of these parts in this order.
template <class F>
void check_error(F&& f, std::initializer_list<const char*> parts) {
  std::string message = "nothing thrown";
  try {
    f();
  } catch (const Error& e) {
    message = e.what();
  }
  INFO("the message: " << message);
  std::size_t from = 0;
  for (const char* part : parts) {
    INFO("the part: " << part);
    const std::size_t at = message.find(part, from);
    REQUIRE(at != std::string::npos);
    from = at + std::string{part}.size();
  }
}

}  // namespace hashweave::test
