#include <catch2/catch.hpp>
#include <hashweave/core/random.hpp>
#include <hashweave/cuda/hamming.hpp>
#include <hashweave/index/hamming_index.hpp>

using namespace hashweave;

namespace {

/// Codes of which the first few bits alone are random, so that many distances are equal.
template <Size Bits>
std::vector<Code<Bits>> some_codes(Size n, Size random_bits, std::uint64_t seed) {
  std::vector<Code<Bits>> codes(static_cast<std::size_t>(n));
  const RandomStream stream{seed, 0, 0};
  for (Size i = 0; i < n; ++i) {
    for (Size b = 0; b < random_bits; ++b)
      codes[static_cast<std::size_t>(i)].set(b, stream.bits(static_cast<std::uint64_t>(i * random_bits + b)) % 2 != 0);
  }
  return codes;
}

template <Size Bits>
void check_search(Size n, Size random_bits, Size count) {
  const auto codes = some_codes<Bits>(n, random_bits, 1), queries = some_codes<Bits>(count, random_bits, 2);
  const HammingIndex<Bits, LinearScan> host{codes};
  CudaHammingIndex<Code<Bits>> device{codes, 256};
  CHECK(device.size() == n);
  for (const Size k : {Size{1}, Size{10}, n / 2 + 1, n + 5}) {
    const auto wanted = host.search(std::span<const Code<Bits>>{queries}, k);
    const auto got = device.search(queries, k);
    REQUIRE(got.size() == wanted.size());
    for (std::size_t q = 0; q < got.size(); ++q) {
      std::vector<CudaHit> same;
      for (const Hit& hit : wanted[q]) same.push_back({hit.id, static_cast<std::int32_t>(hit.distance)});
      CHECK(got[q] == same);
    }
  }
}

/// All within a radius, as `HammingIndex` finds them.
template <Size Bits>
void check_radius(CudaHammingIndex<Code<Bits>>& device, const std::vector<Code<Bits>>& codes,
                  const std::vector<Code<Bits>>& queries) {
  const HammingIndex<Bits, LinearScan> host{codes};
  REQUIRE(device.size() == std::ssize(codes));
  for (const Size radius : {Size{0}, Size{1}, Size{3}, Bits / 2, Bits, Bits + 9}) {
    CAPTURE(radius);
    const auto got = device.search_radius(queries, radius);
    REQUIRE(got.size() == queries.size());
    for (std::size_t q = 0; q < got.size(); ++q) {
      std::vector<CudaHit> same;
      for (const Hit& hit : host.search_radius(queries[q], radius))
        same.push_back({hit.id, static_cast<std::int32_t>(hit.distance)});
      CHECK(got[q] == same);
    }
  }
}

}  // namespace

TEST_CASE("CUDA's Hamming search finds all within a radius, and what was added later", "[cuda][index]") {
  auto codes = some_codes<48>(700, 6, 1);
  const auto queries = some_codes<48>(70, 7, 2);  // more than one batch; some of them have no hit at 0
  CudaHammingIndex<Code<48>> device{std::span{codes}.first(1), 256};
  check_radius<48>(device, {codes[0]}, queries);
  device.add(std::span{codes}.subspan(1, 299));
  device.add({});
  device.add(std::span{codes}.subspan(300));
  check_radius<48>(device, codes, queries);
  const auto wide = some_codes<4096>(300, 5, 3);
  CudaHammingIndex<Code<4096>> longest{wide, 256};
  check_radius<4096>(longest, wide, some_codes<4096>(3, 5, 4));
  CHECK_THROWS_WITH(device.search_radius(queries, -1), Catch::Contains("radius: expected at least 0, got -1"));
}

TEST_CASE("CUDA's Hamming search finds what the CPU's finds, ties included", "[cuda][index]") {
  SECTION("128 bits, all random") { check_search<128>(700, 128, 6); }
  SECTION("many equal distances over several chunks") { check_search<48>(1000, 4, 5); }
  SECTION("one code") { check_search<128>(1, 64, 3); }
  SECTION("a length that is no multiple of 64, a chunk's last code") { check_search<48>(257, 20, 1); }
  SECTION("the longest codes") { check_search<4096>(300, 100, 2); }
}

TEST_CASE("CUDA's Hamming search refuses what it cannot do", "[cuda][index]") {
  const auto codes = some_codes<48>(3, 48, 1);
  CHECK_THROWS_WITH((CudaHammingIndex<Code<48>>{{}}), Catch::Contains("number of codes"));
  CHECK_THROWS_WITH((CudaHammingIndex<Code<48>>{codes, 255}), Catch::Contains("codes in a chunk"));
  CudaHammingIndex<Code<48>> index{codes};
  CHECK_THROWS_WITH(index.search(codes, 0), Catch::Contains("k: expected at least 1"));
  CHECK(index.search({}, 1).empty());
}
