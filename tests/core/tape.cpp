#include <hashweave/core/tape.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <tuple>
#include <vector>

#include "support/resident.hpp"

using namespace hashweave;

namespace {

using HostTape = Tape<HostMemory>;
/// Memory that cannot be made zero, and how many pieces of it are held.
struct NeverZero : HostMemory {
  static inline int held = 0;
  static std::byte* allocate(std::size_t bytes, std::size_t alignment) {
    ++held;
    return HostMemory::allocate(bytes, alignment);
  }
  static void deallocate(std::byte* p, std::size_t alignment) noexcept {
    --held;
    HostMemory::deallocate(p, alignment);
  }
  static void clear(void*, std::size_t) = delete;
  static void zero(void*, std::size_t) { throw Error{"zero"}; }
};
bool aligned(const void* p) { return reinterpret_cast<std::uintptr_t>(p) % 64 == 0; }

}  // namespace

TEST_CASE("Buffers of a tape are aligned to 64 bytes and do not overlap", "[core][tape]") {
  HostTape tape;
  char* a = tape.take<char>(1);
  double* b = tape.take<double>(9);
  char* c = tape.take<char>(0);
  char* d = tape.take<char>(64);
  for (const void* p : {static_cast<const void*>(a), static_cast<const void*>(b), static_cast<const void*>(c),
                        static_cast<const void*>(d)}) {
    CHECK(aligned(p));
  }
  CHECK(reinterpret_cast<char*>(b) - a == 64);
  CHECK(c - reinterpret_cast<char*>(b) == 128);
  CHECK(d - c == 64);  // even an empty buffer has an address of its own
  CHECK(tape.used() == 64 + 128 + 64 + 64);
}
TEST_CASE("After its first step a tape is exactly as large as the step's peak", "[core][tape]") {
  HostTape tape;
  CHECK(tape.capacity() == 0);
  tape.rewind();
  CHECK(tape.capacity() == 0);
  for (const Size bytes : {Size{1000}, Size{3'000'000}}) {  // less and more than the first block
    tape.take<char>(bytes);
    const auto mark = tape.mark();
    tape.take<char>(bytes);
    tape.release(mark);
    tape.take<char>(64);
    tape.rewind();
    const auto rounded = static_cast<std::size_t>((bytes + 63) / 64 * 64);
    CHECK(tape.high_water() == 2 * rounded);
    CHECK(tape.capacity() == tape.high_water());
    CHECK(tape.used() == 0);
    CHECK(tape.step_peak() == 0);
  }
}
TEST_CASE("A step as large as those before takes the same memory again", "[core][tape]") {
  HostTape tape;
  const auto step = [&] {
    char* first = tape.take<char>(2'000'000);
    tape.take<char>(500'000);
    return first;
  };
  step();
  tape.rewind();
  const char* place = step();
  const std::size_t capacity = tape.capacity();
  for (int i = 0; i < 3; ++i) {
    tape.rewind();
    CHECK(step() == place);
    CHECK(tape.capacity() == capacity);
    CHECK(tape.step_peak() == capacity);
  }
}
TEST_CASE("A tape grows within a step without moving what was taken", "[core][tape]") {
  HostTape tape;
  tape.take<char>(64);
  tape.rewind();
  int* first = tape.take<int>(16);
  for (int i = 0; i < 16; ++i) first[i] = i;
  for (int i = 0; i < 40; ++i) CHECK(aligned(tape.take<char>(100'000)));
  for (int i = 0; i < 16; ++i) CHECK(first[i] == i);
  CHECK(tape.capacity() >= tape.used());
  tape.rewind();
  CHECK(tape.capacity() == tape.high_water());
  CHECK(tape.high_water() == 64 + 40 * 100'032);
}
TEST_CASE("Release gives back what was taken since the mark, across blocks", "[core][tape]") {
  HostTape tape;
  tape.take<char>(64);
  const auto mark = tape.mark();
  char* again = tape.take<char>(64);
  tape.take<char>(5'000'000);  // in a block of its own
  CHECK(tape.used() == 64 + 64 + 5'000'000);
  tape.release(mark);
  CHECK(tape.used() == 64);
  CHECK(tape.take<char>(64) == again);
  CHECK(tape.step_peak() == 64 + 64 + 5'000'000);
}
TEST_CASE("What is taken again from the same mark lies where it lay", "[core][tape]") {
  HostTape tape;
  auto& brief = tape.brief();
  std::vector<char*> places[2];
  for (auto& found : places) {  // the second time there are blocks enough from the start
    const auto mark = brief.mark();
    for (const Size bytes : {1000, 900'000, 3'000'000, 70, 5'000'000, 64}) found.push_back(brief.take<char>(bytes));
    brief.release(mark);
  }
  CHECK(places[0] == places[1]);
}
TEST_CASE("A tape's sizes are of both its stacks, and both are rewound", "[core][tape]") {
  HostTape tape;
  tape.take<char>(64);
  tape.brief().take<char>(3'000'000);
  CHECK(tape.used() == 64 + 3'000'000);
  CHECK(tape.step_peak() == 64 + 3'000'000);
  tape.rewind();
  CHECK(tape.used() == 0);
  CHECK(tape.brief().capacity() == 3'000'000);
  CHECK(tape.capacity() == 64 + 3'000'000);
  CHECK(tape.capacity() == tape.high_water());
}
TEST_CASE("A tape counts how often it became empty", "[core][tape]") {
  HostTape tape;
  CHECK(tape.emptied() == 0);
  const auto empty = tape.mark();
  tape.take<char>(1);
  const auto mark = tape.mark();
  tape.take<char>(1);
  tape.release(mark);
  CHECK(tape.emptied() == 0);
  tape.release(empty);
  CHECK(tape.emptied() == 1);
  tape.take<char>(3'000'000);  // outgrows the block
  tape.rewind();
  CHECK(tape.emptied() == 2);
}
TEST_CASE("A tape hands memory back between two marks, no more than it may", "[core][tape]") {
  constexpr std::size_t large = std::size_t{1} << 21;  // a page
  constexpr Size piece = 4 * large;
  for (const bool grown : {true, false}) {  // in one block, or in several
    HostTape tape;
    const auto fill = [&] {
      tape.take<char>(piece);
      const auto from = tape.mark();
      char* dead = tape.take<char>(piece);
      std::fill_n(dead, piece, 'x');
      const auto to = tape.mark();
      char* alive = tape.take<char>(piece);
      std::fill_n(alive, piece, 'y');
      return std::tuple{from, to, dead, alive};
    };
    if (grown) {
      fill();
      tape.rewind();
    }
    {
      const auto [from, to, dead, alive] = fill();
      tape.hand_back(from, to);
      CHECK(tape.handed_back() == 0);  // it may not
      CHECK(std::all_of(dead, dead + piece, [](char c) { return c == 'x'; }));
    }
    if (!grown) continue;
    tape.rewind();
    tape.may_hand_back(2 * large);
    {
      const auto [from, to, dead, alive] = fill();
      tape.hand_back(from, to);
      CHECK(tape.handed_back() == (reinterpret_cast<std::uintptr_t>(dead) % large == 0 ? 2 * large : large));
      CHECK(std::all_of(alive, alive + piece, [](char c) { return c == 'y'; }));
      CHECK(tape.used() == 3 * piece);
    }
    tape.rewind();
    CHECK(tape.handed_back() == 0);
    tape.may_hand_back(100 * large);
    {
      const auto [from, to, dead, alive] = fill();
      const std::size_t before = test::resident_pages(dead, piece);
      CHECK(before == piece / 4096);
      tape.hand_back(from, to);
      const std::size_t once = tape.handed_back();
      CHECK(once >= piece - 2 * large);
      CHECK(before - test::resident_pages(dead, piece) == once / 4096);
      tape.hand_back(from, to);
      CHECK(tape.handed_back() == once);  // counted once
      tape.hand_back({}, to);             // and what lies before it
      CHECK(tape.handed_back() >= 2 * once);
      CHECK(test::resident_pages(alive, piece) == piece / 4096);
    }
    tape.release({});
    tape.hand_back_unused();
    char* all = tape.take<char>(3 * piece);
    CHECK(test::resident_pages(all, 3 * piece) <= 2 * large / 4096);  // but for the ends of the block
    std::fill_n(all, 3 * piece, 'z');
    const auto end = tape.mark();
    tape.hand_back({}, end);  // taken anew, it counts anew
    CHECK(tape.handed_back() > 2 * piece);
  }
}
TEST_CASE("A buffer in a backend's memory is zero at first and moves without copying", "[core][memory]") {
  Buffer<float, HostMemory> a{100};
  CHECK(aligned(a.data()));
  CHECK(a.bytes() == 400);
  float sum = 0;
  for (Size i = 0; i < a.size(); ++i) sum += a.data()[i] == 0 ? 1.0F : 0.0F;
  CHECK(sum == 100);
  const float* place = a.data();
  Buffer<float, HostMemory> b{std::move(a)};
  CHECK(b.data() == place);
  CHECK(b.size() == 100);
  Buffer<float, HostMemory> c;
  CHECK(c.data() == nullptr);
  c = std::move(b);
  CHECK(c.data() == place);
}
TEST_CASE("Large buffers are zero, and aligned, in memory that was used before", "[core][memory]") {
  for (const Size bytes : {Size{3} << 20, (Size{4} << 20) - 1, Size{4} << 20, (Size{5} << 20) + 12345}) {
    for (int round = 0; round < 3; ++round) {
      Buffer<char, HostMemory> buffer{bytes};
      REQUIRE(aligned(buffer.data()));
      REQUIRE(std::all_of(buffer.data(), buffer.data() + bytes, [](char c) { return c == 0; }));
      std::fill_n(buffer.data(), bytes, char{1});
    }
  }
}
TEST_CASE("More memory than there are addresses is refused", "[core][memory]") {
  CHECK_THROWS_AS(HostMemory::allocate(SIZE_MAX - 5, 64), std::bad_alloc);
}
TEST_CASE("A buffer that cannot be made zero is given back", "[core][memory]") {
  CHECK_THROWS_AS((Buffer<float, NeverZero>{100}), Error);
  CHECK(NeverZero::held == 0);
}
