// A user's program: every consumer project beside this file builds it.
#include <cstdio>
#include <hashweave/core/error.hpp>
#include <hashweave/core/mat.hpp>
#include <hashweave/version.hpp>
#include <string>
#include <thread>

#include "other.hpp"

int main() {
  float values[] = {1, 2, 3, 4, 5, 6};
  float sum = 0;
  // a thread shows that the link flags are right
  std::thread adder{[&] { sum = sum_of(hashweave::matrix<const float>(values, 2, 3)); }};
  adder.join();
  try {
    hashweave::require(sum == 0, "consumer", "sum of the matrix", 0, sum);
  } catch (const hashweave::Error& error) {
    std::printf("hashweave %s: %s\n", hashweave::version, error.what());
    return std::string{error.what()} == "consumer: sum of the matrix: expected 0, got 21" ? 0 : 1;
  }
  return 1;
}
