#pragma once
#include <hashweave/core/random.hpp>
#include <hashweave/cuda/device.cuh>

namespace hashweave::cuda {

/// Number i of the stream, the same as `stream.bits(i)` on the host.
inline __device__ std::uint32_t random_bits(const RandomStream& stream, std::uint64_t i) {
  std::uint32_t a = static_cast<std::uint32_t>(i / 4), b = static_cast<std::uint32_t>(i / 4 >> 32);
  std::uint32_t c = stream.place, d = stream.step;
  std::uint32_t k0 = static_cast<std::uint32_t>(stream.seed), k1 = static_cast<std::uint32_t>(stream.seed >> 32);
  for (int round = 0; round < PhiloxConstants::rounds; ++round) {
    const std::uint32_t first = PhiloxConstants::first, second = PhiloxConstants::second;
    const std::uint32_t high = high_product(first, a), low = first * a;
    const std::uint32_t next_a = high_product(second, c) ^ b ^ k0, next_c = high ^ d ^ k1;
    b = second * c;
    d = low;
    a = next_a;
    c = next_c;
    k0 += PhiloxConstants::key0;
    k1 += PhiloxConstants::key1;
  }
  const unsigned which = static_cast<unsigned>(i % 4);
  return which == 0 ? a : which == 1 ? b : which == 2 ? c : d;
}

/// The stream that is meant: in recorded work a read of the device's memory says where it begins.
inline __device__ RandomStream resolved(const PlacedStream& placed) {
  if (placed.base == nullptr) return placed.stream;
  const RandomState base = at(placed.base, 0);
  return {base.seed, base.step, base.place + placed.stream.place};
}

/// x kept and divided by 1 - rate, or 0.
template <class T>
struct Dropping {
  PlacedStream stream;
  std::uint32_t limit = 0;
  T keep = 1;

  Dropping() = default;
  Dropping(double rate, const PlacedStream& s)
      : stream{s}, limit{static_cast<std::uint32_t>(rate * 0x1p32)}, keep{static_cast<T>(1 / (1 - rate))} {}
  __device__ T operator()(T x, std::uint64_t number) const {
    return random_bits(resolved(stream), number) >= limit ? x * keep : T{0};
  }
};

}  // namespace hashweave::cuda
