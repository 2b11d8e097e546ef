#pragma once
#include <cstdio>
#include <exception>
#include <hashweave/index/with_bits.hpp>
#include <hashweave/io/npy.hpp>
#include <iostream>
#include <string>
#include <vector>

#include "support/codes.hpp"

// Our side of a comparison of searches, and what it hands to the other.
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

/// The codes of a comparison and its queries, written to codes.npy and queries.npy of a folder.
template <Size Bits>
struct SharedCodes {
  std::vector<Code<Bits>> codes, queries;

  SharedCodes(const std::string& folder, Size count, Size query_count)
      : codes{clustered_codes<Bits>(count, 1)}, queries{clustered_codes<Bits>(query_count, 2)} {
    write_codes(folder + "/codes.npy", codes);
    write_codes(folder + "/queries.npy", queries);
  }
};

/// The main program `name FOLDER BITS CODES QUERIES`: says "ready `ready`" once there is a Side<Bits>{codes}, which
/// then answers the lines of the standard input.
template <template <Size> class Side>
int answer_lines(const char* name, const std::string& ready, int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: %s FOLDER BITS CODES QUERIES\n", name);
    return 2;
  }
  try {
    with_bits<BitsList<64, 128, 256>>(std::stol(argv[2]), [&](auto bits) {
      Side<bits()> side{{argv[1], std::stol(argv[3]), std::stol(argv[4])}};
      std::printf("ready %s\n", ready.c_str());
      std::fflush(stdout);
      for (std::string line; std::getline(std::cin, line);) side.answer(line);
    });
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", name, error.what());
    return 1;
  }
  return 0;
}

}  // namespace hashweave::bench
