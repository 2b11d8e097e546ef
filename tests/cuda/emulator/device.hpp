#pragma once
// What kernels (*.cuh) see of the device when they are compiled by a host's compiler: the words of CUDA's language, and
// the primitives of hashweave/cuda/device.cuh with checks in them.
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <hashweave/core/mat.hpp>
#include <type_traits>

#include "cuda/emulator/machine.hpp"
#include "cuda/emulator/memory.hpp"

#define HASHWEAVE_CUDA_EMULATED 1
#define __global__
#define __device__
#define __shared__ static  // blocks run one after the other: one copy serves them all
#define __launch_bounds__(...)
#define HASHWEAVE_UNROLL

namespace hashweave::cuda {

struct Device {};

inline Size thread_x() { return static_cast<Size>(emulator::thread_index.x); }
inline Size threads_x() { return static_cast<Size>(emulator::block_extent.x); }
inline Size block_x() { return static_cast<Size>(emulator::block_index.x); }
inline Size block_y() { return static_cast<Size>(emulator::block_index.y); }
inline Size blocks_x() { return static_cast<Size>(emulator::grid_extent.x); }

/// A place in device memory: read where it is converted, written where it is assigned to.
template <class T>
class Ref {
 public:
  explicit Ref(T* p) : p_{p} {}
  Ref(const Ref&) = default;
  operator T() const {
    emulator::check_read(p_, sizeof(T));
    return *p_;
  }
  Ref& operator=(T v) {
    emulator::check_write(p_, sizeof(T));
    *p_ = v;
    return *this;
  }
  Ref& operator=(const Ref& other) { return *this = T{other}; }
  Ref& operator+=(T v) { return *this = T{*this} + v; }
  Ref& operator-=(T v) { return *this = T{*this} - v; }
  Ref& operator*=(T v) { return *this = T{*this} * v; }
  T* address() const { return p_; }

 private:
  T* p_;
};

template <class T>
auto at(T* p, Size i) {
  if constexpr (std::is_const_v<T>) {
    return std::remove_const_t<T>(Ref<std::remove_const_t<T>>{const_cast<std::remove_const_t<T>*>(p + i)});
  } else {
    return Ref<T>{p + i};
  }
}
template <class T>
auto at(const Mat<T>& m, Size r, Size c) {
  if (r < 0 || r >= m.rows || c < 0 || c >= m.cols) {
    emulator::fault("touches element (" + std::to_string(r) + ", " + std::to_string(c) + ") of a matrix of " +
                    std::to_string(m.rows) + " x " + std::to_string(m.cols));
  }
  return at(m.data, r * m.ld + c);
}

/// N values that the threads of a block share; not initialised.
template <class T, int N>
class Shared {
 public:
  class Place {
   public:
    Place(Shared& all, Size i) : all_{all}, i_{i} {}
    Place(const Place&) = default;
    operator T() const {
      emulator::Record& record = all_.records_[i_];
      if (record.write_block != emulator::running.block) emulator::fault("reads shared memory that was never written");
      if (const char* what = record.read(me())) emulator::fault(std::string{what} + " (shared memory)");
      return all_.values_[i_];
    }
    Place& operator=(T v) {
      if (const char* what = all_.records_[i_].write(me())) emulator::fault(std::string{what} + " (shared memory)");
      all_.values_[i_] = v;
      return *this;
    }
    Place& operator=(const Place& other) { return *this = T{other}; }
    Place& operator+=(T v) { return *this = T{*this} + v; }

   private:
    /// What other blocks did with the same memory is of no interest.
    static emulator::Running me() {
      emulator::Running one = emulator::running;
      one.launch_first = one.block;
      return one;
    }

    Shared& all_;
    Size i_;
  };
  Place operator[](Size i) {
    if (i < 0 || i >= N) emulator::fault("touches shared memory out of bounds");
    return {*this, i};
  }
  T add_atomically(Size i, T v) {
    if (i < 0 || i >= N) emulator::fault("touches shared memory out of bounds");
    if (records_[i].write_block != emulator::running.block)
      emulator::fault("reads shared memory that was never written");
    const T before = values_[i];
    values_[i] += v;
    return before;
  }

 private:
  T values_[N];
  emulator::Record records_[N];
};

/// All threads of the block are here before any goes on.
inline void barrier() { emulator::wait_for_block(); }

/// What a lane of the own warp gives.
template <class T>
T shuffle(T mine, Size lane) {
  static_assert(sizeof(T) <= emulator::slot_bytes);
  const unsigned first = emulator::thread_index.x / 32 * 32;
  emulator::give(&mine, sizeof mine);
  emulator::wait_for_warp();
  std::memcpy(&mine, emulator::given_by(first + static_cast<unsigned>(lane) % 32), sizeof mine);
  return mine;
}
template <class T>
T shuffle_xor(T mine, int mask) {
  return shuffle(mine, static_cast<Size>(emulator::thread_index.x % 32) ^ mask);
}
/// One bit a lane: where `holds` is true.
inline std::uint32_t ballot(bool holds) {
  std::uint32_t all = holds ? 1U << emulator::thread_index.x % 32 : 0U;
  for (int mask = 16; mask > 0; mask /= 2) all |= shuffle_xor(all, mask);
  return all;
}
/// d += a b by the whole warp, which exchanges what each lane has of a (16, 16) and b (16, 8).
inline void multiply_fragments(float (&d)[4], const std::uint32_t (&a)[4], const std::uint32_t (&b)[2]) {
  const unsigned lane = emulator::thread_index.x % 32, first = emulator::thread_index.x - lane;
  std::uint32_t rows[2][8], columns[2][8], words[4];  // pairs of neighbours along what is summed over
  emulator::give(a, sizeof a);
  emulator::wait_for_warp();
  for (unsigned p = 0; p < 4; ++p) {
    std::memcpy(words, emulator::given_by(first + lane / 4 * 4 + p), sizeof a);
    for (unsigned i = 0; i < 4; ++i) rows[i % 2][p + i / 2 * 4] = words[i];
  }
  emulator::give(b, sizeof b);
  emulator::wait_for_warp();
  for (unsigned c = 0; c < 2; ++c) {
    for (unsigned p = 0; p < 4; ++p) {
      std::memcpy(words, emulator::given_by(first + (lane % 4 * 2 + c) * 4 + p), sizeof b);
      for (unsigned i = 0; i < 2; ++i) columns[c][p + i * 4] = words[i];
    }
  }
  const auto low = [](std::uint32_t pair) { return std::bit_cast<float>(pair << 16); };
  const auto high = [](std::uint32_t pair) { return std::bit_cast<float>(pair & 0xffff0000U); };
  for (unsigned i = 0; i < 4; ++i) {
    for (unsigned p = 0; p < 8; ++p) {
      d[i] += low(rows[i / 2][p]) * low(columns[i % 2][p]);
      d[i] += high(rows[i / 2][p]) * high(columns[i % 2][p]);
    }
  }
}
/// Whether the device has that.
inline bool has_fragments() { return emulator::fragments; }
/// Whether it holds for any thread of the block; a barrier as `barrier` is.
inline bool any_of_block(bool holds) {
  emulator::give_block(holds);
  emulator::wait_for_block();
  bool any = false;
  for (unsigned t = 0; t < emulator::block_extent.x; ++t) any = any || emulator::given_to_block(t);
  return any;
}
inline std::uint32_t bits_of(float x) { return std::bit_cast<std::uint32_t>(x); }
inline float float_of_bits(std::uint32_t bits) { return std::bit_cast<float>(bits); }
inline int bits_set(std::uint32_t v) { return __builtin_popcount(v); }
inline int bits_set(std::uint64_t v) { return __builtin_popcountll(v); }
inline std::uint32_t high_product(std::uint32_t a, std::uint32_t b) {
  return static_cast<std::uint32_t>(std::uint64_t{a} * b >> 32);
}

/// Adds to an integer that other threads add to; gives what it was.
template <class T>
T add_atomically(T* p, T v) {
  static_assert(std::is_integral_v<T>, "sums of floating-point numbers would depend on the order");
  emulator::check_atomic(p, sizeof v);
  const T before = *p;
  *p += v;
  return before;
}

/// Runs kernel(args...) in across x down blocks.
struct Blocks {
  Size across = 1, down = 1;
};
template <class... P>
void launch(Device&, Blocks blocks, Size threads, void (*kernel)(P...), std::type_identity_t<P>... args) {
  if (blocks.across == 0 || blocks.down == 0) return;
  emulator::perform([=] {
    auto call = [&] { kernel(args...); };
    emulator::run_blocks(
        static_cast<unsigned>(blocks.across), static_cast<unsigned>(blocks.down), static_cast<unsigned>(threads),
        [](void* p) { (*static_cast<decltype(call)*>(p))(); }, &call);
  });
}

/// Copies any memory of the host or the device to the device's.
inline void copy_shared(Device&, void* to, const void* from, std::size_t bytes) {
  if (emulator::recording != nullptr && !emulator::is_devices(from))
    emulator::fault("a copy of memory that is not pinned while launches are recorded");
  emulator::perform([=] { emulator::copy_in(to, from, bytes); });
}

}  // namespace hashweave::cuda
