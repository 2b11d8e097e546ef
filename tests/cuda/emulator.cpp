// The emulated device does what a device does, and finds the faults that are planted here.
#include "cuda/emulator/device.hpp"
// the emulated device comes before any kernel
#include <catch2/catch.hpp>
#include <hashweave/core/random.hpp>
#include <hashweave/cuda/reduce.cuh>
#include <vector>

using namespace hashweave;
using namespace hashweave::cuda;

namespace {

/// n numbers in the device's memory, not written unless values are given.
struct Numbers {
  explicit Numbers(Size count) : n{count}, data{reinterpret_cast<int*>(CudaMemory::allocate(bytes(), 64))} {}
  explicit Numbers(const std::vector<int>& values) : Numbers{static_cast<Size>(values.size())} {
    CudaMemory::copy_from_host(data, values.data(), bytes());
  }
  Numbers(const Numbers&) = delete;
  ~Numbers() { CudaMemory::deallocate(reinterpret_cast<std::byte*>(data), 64); }
  std::size_t bytes() const { return static_cast<std::size_t>(n) * sizeof(int); }
  std::vector<int> on_host() const {
    std::vector<int> values(static_cast<std::size_t>(n));
    CudaMemory::copy_to_host(values.data(), data, bytes());
    return values;
  }

  Size n;
  int* data;
};

/// Runs the kernel on so many blocks of so many threads.
void run(void (*kernel)(int*, Size), const Numbers& numbers, Blocks blocks, Size threads) {
  Device device;
  launch(device, blocks, threads, kernel, numbers.data, numbers.n);
}
auto message(const std::string& part) { return Catch::Matchers::Contains(part); }

void number_kernel(int* out, Size) {
  at(out, (block_y() * blocks_x() + block_x()) * threads_x() + thread_x()) =
      static_cast<int>(100000 * block_y() + 1000 * block_x() + thread_x());
}
void warp_kernel(int* out, Size) {
  const int x = static_cast<int>(thread_x());
  const int sum = warp_sum(x), most = warp_max(x), third = shuffle(x, 3);
  const int even = bits_set(ballot(x % 2 == 0));
  at(out, thread_x()) = sum * 1000000 + most * 1000 + third * 10 + (even == 16 ? 1 : 0);
}
void block_kernel(int* out, Size) {
  const int x = static_cast<int>(thread_x());
  const bool any = any_of_block(x == 70), none = any_of_block(x == 1000);
  at(out, thread_x()) = block_sum(x) + (any ? 100000 : 0) + (none ? 1000000 : 0) + 10000000 * (block_max(x) == 95);
}
void count_kernel(int* out, Size) { add_atomically(out, 1); }

}  // namespace

TEST_CASE("The emulated device numbers blocks and threads as CUDA does", "[cuda][emulator]") {
  const Numbers out{3 * 2 * 32};
  run(number_kernel, out, {3, 2}, 32);
  const std::vector<int> got = out.on_host();
  CHECK(got[0] == 0);
  CHECK(got[33] == 1001);
  CHECK(got[5 * 32 + 31] == 102031);
}

TEST_CASE("The emulated device has barriers, shared memory, shuffles, votes and atomics", "[cuda][emulator]") {
  const Numbers lanes{64}, block{96}, count{std::vector<int>{5}};
  run(warp_kernel, lanes, {}, 64);
  CHECK(lanes.on_host()[0] == 496 * 1000000 + 31 * 1000 + 31);
  CHECK(lanes.on_host()[40] == 1520 * 1000000 + 63 * 1000 + 351);
  run(block_kernel, block, {}, 96);
  CHECK(block.on_host() == std::vector<int>(96, 96 * 95 / 2 + 100000 + 10000000));
  run(count_kernel, count, {7, 3}, 64);
  CHECK(count.on_host()[0] == 5 + 7 * 3 * 64);
}

namespace {

/// a (16, 16) and b (16, 8) as the bits of bfloat16 and d (16, 8) as those of float, one after the other for each warp;
/// d += a b. Elements a0 to a7, b0 to b3 and d0 to d3 of a lane are where PTX ISA's formulas say.
void fragments_kernel(int* all, Size) {
  int* p = all + warp() * 512;
  const Size group = lane() / 4, in_group = lane() % 4;
  std::uint32_t a[4]{}, b[2]{};
  float d[4];
  for (Size i = 0; i < 8; ++i) {
    const Size row = (0 <= i && i < 2) || (4 <= i && i < 6) ? group : group + 8;
    const Size col = i < 4 ? in_group * 2 + (i & 1) : in_group * 2 + (i & 1) + 8;
    a[i / 2] |= static_cast<std::uint32_t>(at(p, row * 16 + col)) << (i % 2 == 0 ? 0 : 16);
  }
  for (Size i = 0; i < 4; ++i) {
    const Size row = i < 2 ? in_group * 2 + (i & 1) : in_group * 2 + (i & 1) + 8;
    b[i / 2] |= static_cast<std::uint32_t>(at(p, 256 + row * 8 + group)) << (i % 2 == 0 ? 0 : 16);
  }
  const auto place = [&](Size i) { return 384 + (i < 2 ? group : group + 8) * 8 + in_group * 2 + (i & 1); };
  for (Size i = 0; i < 4; ++i) d[i] = std::bit_cast<float>(int{at(p, place(i))});
  multiply_fragments(d, a, b);
  for (Size i = 0; i < 4; ++i) at(p, place(i)) = std::bit_cast<int>(d[i]);
}

}  // namespace

TEST_CASE("The emulated device multiplies fragments of bf16 matrices", "[cuda][emulator]") {
  const RandomStream stream{1, 0, 0};
  const auto number = [&](std::size_t i) {  // bf16 holds it, and float the sums of its products
    return (static_cast<float>(stream.bits(i) % 511) - 255) / 8;
  };
  std::vector<int> values(2 * 512);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(number(i));
    values[i] = static_cast<int>(i % 512 < 384 ? bits >> 16 : bits);
  }
  const Numbers numbers{values};
  run(fragments_kernel, numbers, {}, 64);
  const std::vector<int> got = numbers.on_host();
  for (const std::size_t own : {0U, 512U}) {
    for (std::size_t r = 0; r < 16; ++r) {
      for (std::size_t c = 0; c < 8; ++c) {
        const std::size_t d = own + 384 + r * 8 + c;
        float wanted = number(d);
        for (std::size_t k = 0; k < 16; ++k) wanted += number(own + r * 16 + k) * number(own + 256 + k * 8 + c);
        CHECK(std::bit_cast<float>(got[d]) == wanted);
      }
    }
  }
}

namespace {

void no_barrier_kernel(int* out, Size n) {
  __shared__ Shared<int, 64> held;
  held[thread_x()] = at(out, thread_x());
  at(out, thread_x()) = held[n - 1 - thread_x()];
}
void one_barrier_too_few_kernel(int* out, Size n) {
  __shared__ Shared<int, 64> held;
  for (int i = 0; i < 2; ++i) {  // a second barrier is missing at the end
    held[thread_x()] = static_cast<int>(thread_x()) + i;
    barrier();
    at(out, thread_x()) = held[n - 1 - thread_x()];
  }
}
void barrier_of_some_kernel(int*, Size) {
  if (thread_x() < 40) barrier();
}
void shuffle_of_some_kernel(int* out, Size) {
  if (thread_x() < 20) at(out, thread_x()) = shuffle_xor(1, 1);
}
void fragments_of_some_kernel(int*, Size) {
  float d[4]{};
  if (lane() != 5) multiply_fragments(d, {0, 0, 0, 0}, {0, 0});
}
void beyond_kernel(int* out, Size n) { at(out, n + thread_x()) = 1; }
void before_kernel(int* out, Size) { at(out, -1 - thread_x()) = 1; }
void beyond_row_kernel(int* out, Size n) {
  const Mat<int> m = matrix(out, n / 8, Size{8});
  at(m, 0, thread_x() + 1) = 1;
}
void shared_beyond_kernel(int*, Size) {
  __shared__ Shared<int, 31> held;
  held[thread_x()] = 1;
}
void unwritten_kernel(int* out, Size) { at(out, thread_x()) += 1; }
void shared_unwritten_kernel(int* out, Size) {
  __shared__ Shared<int, 64> held;
  if (block_x() == 0) held[thread_x()] = 1;
  at(out, block_x() * 32 + thread_x()) = held[thread_x()];
}
void blocks_write_kernel(int* out, Size) { at(out, thread_x()) = static_cast<int>(block_x()); }
void blocks_read_kernel(int* out, Size) {
  if (block_x() == 1) at(out, thread_x()) = 1;
  if (block_x() != 1 && thread_x() == 0) at(out, 32 + block_x()) = at(out, 7);
}
void threads_write_kernel(int* out, Size) { at(out, thread_x() / 2) = 1; }

}  // namespace

TEST_CASE("The emulated device finds missing barriers", "[cuda][emulator]") {
  const Numbers numbers{std::vector<int>(64, 1)};
  CHECK_THROWS_WITH(run(no_barrier_kernel, numbers, {}, 64),
                    message("was never written") || message("without a barrier"));
  CHECK_THROWS_WITH(run(one_barrier_too_few_kernel, numbers, {}, 64), message("without a barrier between (shared"));
  CHECK_THROWS_WITH(run(barrier_of_some_kernel, numbers, {}, 64), message("while others wait at a barrier"));
  CHECK_THROWS_WITH(run(shuffle_of_some_kernel, numbers, {}, 32), message("while others wait at a barrier"));
  CHECK_THROWS_WITH(run(fragments_of_some_kernel, numbers, {}, 64), message("while others wait at a barrier"));
  CHECK_THROWS_WITH(run(threads_write_kernel, numbers, {}, 32), message("writes what another thread wrote"));
  run(blocks_write_kernel, numbers, {1, 1}, 64);  // after a fault it still works
}

TEST_CASE("The emulated device finds accesses out of bounds", "[cuda][emulator]") {
  const Numbers numbers{std::vector<int>(64, 1)};
  CHECK_THROWS_WITH(run(beyond_kernel, numbers, {}, 32), message("out of bounds"));
  CHECK_THROWS_WITH(run(before_kernel, numbers, {}, 32), message("out of bounds"));
  CHECK_THROWS_WITH(run(beyond_row_kernel, numbers, {}, 32), message("element (0, 8) of a matrix of 8 x 8"));
  CHECK_THROWS_WITH(run(shared_beyond_kernel, numbers, {}, 32), message("shared memory out of bounds"));
  Tape<CudaMemory> tape;
  tape.take<int>(32);
  const auto mark = tape.mark();
  int* gone = tape.take<int>(32);
  tape.release(mark);
  Device device;
  CHECK_THROWS_WITH(launch(device, {}, 32, blocks_write_kernel, gone, 32), message("out of bounds"));
  int on_host = 0;
  CHECK_THROWS_WITH(launch(device, {}, 32, blocks_write_kernel, &on_host, 1), message("not the device's"));
}

TEST_CASE("The emulated device finds reads of what was never written", "[cuda][emulator]") {
  const Numbers numbers{64};
  CHECK_THROWS_WITH(run(unwritten_kernel, numbers, {}, 32), message("never written"));
  CHECK_THROWS_WITH(run(shared_unwritten_kernel, numbers, {2, 1}, 32), message("shared memory that was never written"));
  const Numbers others{64};
  CHECK_THROWS_WITH(others.on_host(), message("never written"));
  Tape<CudaMemory> tape;
  const auto mark = tape.mark();
  CudaMemory::zero(tape.take<int>(32), 32 * sizeof(int));
  tape.release(mark);
  Device device;
  CHECK_THROWS_WITH(launch(device, {}, 32, unwritten_kernel, tape.take<int>(32), 32), message("never written"));
}

TEST_CASE("The emulated device finds blocks that depend on one another", "[cuda][emulator]") {
  const Numbers numbers{std::vector<int>(64, 1)};
  CHECK_THROWS_WITH(run(blocks_write_kernel, numbers, {2, 1}, 32), message("writes what another block"));
  CHECK_THROWS_WITH(run(blocks_read_kernel, numbers, {2, 1}, 32), message("of the same launch reads"));
  CHECK_THROWS_WITH(run(blocks_read_kernel, Numbers{std::vector<int>(64, 1)}, {3, 1}, 32), message("another block"));
}

TEST_CASE("The emulated device refuses launches that no device takes", "[cuda][emulator]") {
  const Numbers numbers{std::vector<int>(64, 1)};
  CHECK_THROWS_AS(run(count_kernel, numbers, {}, 33), Error);
  CHECK_THROWS_AS(run(count_kernel, numbers, {}, 2048), Error);
  CHECK_THROWS_AS(run(count_kernel, numbers, {1, 65536}, 32), Error);
  run(count_kernel, numbers, {0, 1}, 32);  // no blocks: nothing to do
}
