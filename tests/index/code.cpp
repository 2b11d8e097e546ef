#include <array>
#include <catch2/catch.hpp>
#include <hashweave/core/search.hpp>
#include <hashweave/index/code.hpp>
#include <hashweave/index/pack.hpp>
#include <limits>
#include <random>
#include <type_traits>
#include <vector>

using namespace hashweave;

namespace {

template <Size Bits>
Code<Bits> random_code(std::mt19937_64& random) {
  Code<Bits> code;
  for (Size j = 0; j < Bits; ++j) code.set(j, (random() >> 40 & 1) != 0);
  return code;
}

template <Size Bits>
Size bits_that_differ(const Code<Bits>& a, const Code<Bits>& b) {
  Size count = 0;
  for (Size j = 0; j < Bits; ++j) count += a.bit(j) != b.bit(j) ? 1 : 0;
  return count;
}

constexpr Code<24> example() {  // 1000 0000  0100 0001  1111 1110
  Code<24> code;
  for (const Size j : {0, 9, 15, 16, 17, 18, 19, 20, 21, 22}) code.set(j, true);
  return code;
}

static_assert(example().bit(0) && !example().bit(1) && example().bit(9) && !example().bit(23));
static_assert(to_bytes(example()) == std::array<std::uint8_t, 3>{0x80, 0x41, 0xfe});
static_assert(to_bytes(example(), BitOrder::lsb_first) == std::array<std::uint8_t, 3>{0x01, 0x82, 0x7f});
static_assert(from_bytes<24>(to_bytes(example())) == example());
static_assert(hamming(example(), Code<24>{}) == 10 && Hamming{}(example(), example()) == 0);
static_assert(CodeRange<std::vector<Code<64>>> && CodeRange<std::span<const Code<16>>> && !CodeRange<std::vector<int>>);
static_assert(Distance<Hamming, Code<64>> && Distance<Hamming, Code<1000>>);
static_assert(sizeof(Code<128>) == 16 && std::is_trivially_copyable_v<Code<128>>);

}  // namespace

TEST_CASE("Bits set and read back independently of each other", "[index]") {
  Code<200> code;
  for (Size j = 0; j < 200; j += 3) code.set(j, true);
  for (Size j = 0; j < 200; j += 6) code.set(j, false);
  for (Size j = 0; j < 200; ++j) REQUIRE(code.bit(j) == (j % 6 == 3));
}

TEMPLATE_TEST_CASE_SIG("Hamming distance counts the bits that differ", "[index]", ((Size Bits), Bits), 16, 40, 64, 72,
                       128, 1000, 4096) {
  std::mt19937_64 random(Bits);
  for (int trial = 0; trial < 10; ++trial) {
    const auto a = random_code<Bits>(random);
    const auto b = random_code<Bits>(random);
    REQUIRE(hamming(a, b) == bits_that_differ(a, b));
    REQUIRE(hamming(a, b) == hamming(b, a));
  }
  Code<Bits> ones;
  for (Size j = 0; j < Bits; ++j) ones.set(j, true);
  REQUIRE(hamming(ones, Code<Bits>{}) == Bits);
}

TEMPLATE_TEST_CASE_SIG("Bytes go out and come back, in both bit orders", "[index]", ((Size Bits), Bits), 16, 24, 64, 72,
                       2048) {
  std::mt19937_64 random(Bits);
  const std::vector<Code<Bits>> codes{random_code<Bits>(random), random_code<Bits>(random), random_code<Bits>(random)};
  for (const BitOrder order : {BitOrder::msb_first, BitOrder::lsb_first}) {
    const std::vector<std::uint8_t> bytes = to_bytes(codes, order);
    REQUIRE(std::ssize(bytes) == 3 * Bits / 8);
    for (Size j = 0; j < Bits; ++j) {  // byte j / 8 of the second code, its bit counted by hand
      const int place = static_cast<int>(order == BitOrder::msb_first ? 7 - j % 8 : j % 8);
      REQUIRE(codes[1].bit(j) == ((bytes[static_cast<std::size_t>(Bits / 8 + j / 8)] >> place & 1) != 0));
    }
    REQUIRE(codes_from_bytes<Bits>(bytes, order) == codes);
  }
}

TEST_CASE("Bytes that are no whole code are refused", "[index]") {
  const std::vector<std::uint8_t> bytes(7);
  REQUIRE_THROWS_WITH(from_bytes<64>(bytes), "from_bytes: bytes of a code: expected 8, got 7");
  REQUIRE_THROWS_AS(codes_from_bytes<16>(bytes), Error);
  REQUIRE(codes_from_bytes<64>({}).empty());
}

TEST_CASE("Packing sets a bit where the entry is positive, and nowhere else", "[index]") {
  // numpy.packbits([1,0,0,0,1,0,1,0, 0,1,0,0,0,0,0,0]) = [138, 64]
  const std::vector<float> h{0.5f, -0.5f, 0.0f, -0.0f, 1e-30f, -1e-30f, 2.0f, -2.0f,  //
                             -1,   3,     -1,   -1,    -1,     -1,      -1,   -1};
  const auto codes = pack<16>(matrix(h.data(), 1, 16));
  REQUIRE(to_bytes(codes) == std::vector<std::uint8_t>{138, 64});
}

TEST_CASE("Packing follows the row stride", "[index]") {
  std::vector<double> storage(3 * 20, -1.0);
  const Mat<double> h{storage.data(), 3, 16, 20};
  h(1, 5) = 1;
  h(2, 15) = 1;
  storage[16] = storage[36] = 1;  // between the rows
  const auto codes = pack<16>(h);
  REQUIRE(to_bytes(codes) == std::vector<std::uint8_t>{0, 0, 4, 0, 0, 1});
}

TEST_CASE("Unpacking gives the signs, and packing those the codes", "[index]") {
  std::mt19937_64 random(3);
  std::vector<Code<72>> codes;
  for (int i = 0; i < 4; ++i) codes.push_back(random_code<72>(random));
  const std::vector<double> signs = unpack<double>(codes);
  REQUIRE(signs.size() == 4 * 72);
  for (std::size_t i = 0; i < signs.size(); ++i)
    REQUIRE(signs[i] == (codes[i / 72].bit(static_cast<Size>(i % 72)) ? 1.0 : -1.0));
  REQUIRE(pack<72>(matrix(signs.data(), 4, 72)) == codes);
}

TEST_CASE("Packing refuses NaN and a wrong width", "[index]") {
  std::vector<float> h(32, 1.0f);
  h[21] = std::numeric_limits<float>::quiet_NaN();
  REQUIRE_THROWS_WITH(pack<16>(matrix(h.data(), 2, 16)), "pack: h(1, 5): expected a number, got NaN");
  REQUIRE_THROWS_WITH(pack<16>(matrix(h.data(), 1, 32)), "pack: columns of h: expected 16, got 32");
  REQUIRE(pack<16>(matrix(h.data(), 0, 16)).empty());
}
