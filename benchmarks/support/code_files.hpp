#pragma once
#include <hashweave/io/npy.hpp>
#include <string>
#include <vector>

#include "support/codes.hpp"

// What our side of a comparison hands to the other.
namespace hashweave::bench {

/// (n, Bits / 8) bytes, as .npy.
template <Size Bits>
void write_codes(const std::string& path, const std::vector<Code<Bits>>& codes) {
  const std::vector<std::uint8_t> bytes = to_bytes(codes);
  write_npy(path, view_of(bytes, {std::ssize(codes), Bits / 8}));
}

/// The distances of the k hits of each query, (queries, k), as .npy.
template <class Hits>
void write_distances(const std::string& path, const Hits& lists, Size k) {
  std::vector<std::int32_t> distances;
  for (const auto& hits : lists)
    for (const auto& hit : hits) distances.push_back(static_cast<std::int32_t>(hit.distance));
  write_npy(path, view_of(distances, {std::ssize(lists), k}));
}

}  // namespace hashweave::bench
