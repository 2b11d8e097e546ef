#include <catch2/catch.hpp>
#include <hashweave/io/crc32c.hpp>
#include <string>
#include <string_view>

using namespace hashweave;

namespace {

std::uint32_t of(std::string_view text) { return crc32c(as_bytes(text)); }

/// One bit after another, as the definition says.
std::uint32_t by_definition(std::string_view text) {
  std::uint32_t crc = ~std::uint32_t{0};
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78 : 0);
  }
  return ~crc;
}

std::string some_bytes(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += static_cast<char>(i * i * 37 + i * 11 + 5);
  return text;
}

}  // namespace

TEST_CASE("CRC-32C gives the values of RFC 3720, appendix B.4", "[io]") {
  CHECK(of("") == 0);
  CHECK(of("123456789") == 0xE3069283);
  CHECK(of(std::string(32, '\0')) == 0x8A9136AA);
  CHECK(of(std::string(32, '\xff')) == 0x62A8AB43);
  std::string up, down;
  for (int i = 0; i < 32; ++i) {
    up += static_cast<char>(i);
    down += static_cast<char>(31 - i);
  }
  CHECK(of(up) == 0x46DD794E);
  CHECK(of(down) == 0x113FDB5C);
}

TEST_CASE("CRC-32C by instruction and by tables is that of the definition, at every length and alignment", "[io]") {
  const std::string text = some_bytes(100);
  for (std::size_t begin = 0; begin < 9; ++begin)
    for (std::size_t size = 0; begin + size <= text.size(); ++size) {
      const auto part = std::string_view{text}.substr(begin, size);
      const std::uint32_t expected = by_definition(part);
      if (of(part) != expected) FAIL("at " << begin << ", " << size << " bytes");
      if (~detail::crc32c_portable(~0U, as_bytes(part)) != expected) FAIL("tables at " << begin << ", " << size);
    }
}

TEST_CASE("CRC-32C of a text in two parts is that of the whole", "[io]") {
  const std::string text = some_bytes(50);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const auto all = std::string_view{text};
    CHECK(crc32c(as_bytes(all.substr(cut)), of(all.substr(0, cut))) == of(all));
  }
}
