#include <catch2/catch.hpp>
#include <hashweave/cpu/philox.hpp>

using namespace hashweave;

TEST_CASE("The CPU's random numbers are those of the stream", "[cpu]") {
  constexpr std::uint64_t last = (std::uint64_t{1} << 58) - 1;  // counters beyond 32 bits
  for (const std::uint64_t group : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0x0fffffff}, last}) {
    for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{0x123456789abcdef}, ~std::uint64_t{0}}) {
      const RandomStream stream{seed, 0xfffffffe, 7};
      CHECK(cpu::philox_group(stream, group) == stream.group(group));
    }
  }
}
