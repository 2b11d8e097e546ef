#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <hashweave/core/random.hpp>
#include <string>

namespace hashweave::test {

/// Damaged copies of a sound file: mutant i of a seed is a pure function of both.
class Mutator {
 public:
  explicit Mutator(std::uint32_t seed) : stream_{0x68617368, seed, 0} {}

  /// One to four of: the file cut off, bits flipped, a byte replaced, a run of bytes copied elsewhere, removed or
  /// doubled, a hostile number written over two, four or eight bytes, a digit changed.
  std::string mutant(std::string text, std::uint32_t i) {
    stream_.place = i;
    drawn_ = 0;
    for (auto times = 1 + draw(4); times > 0 && !text.empty(); --times) change(text);
    return text;
  }

 private:
  std::uint32_t draw(std::size_t below) {
    return static_cast<std::uint32_t>(stream_.bits(drawn_++) %
                                      static_cast<std::uint32_t>(std::max<std::size_t>(below, 1)));
  }
  void change(std::string& text) {
    const std::size_t at = draw(text.size()), run = 1 + draw(std::min<std::size_t>(text.size() - at, 64));
    switch (draw(8)) {
      case 0:
        text.resize(at);
        break;
      case 1:
        text[at] = static_cast<char>(text[at] ^ (1 << draw(8)));
        break;
      case 2:
        text[at] = static_cast<char>(draw(256));
        break;
      case 3:
        text.replace(draw(text.size()), run, text.substr(at, run));
        break;
      case 4:
        text.erase(at, run);
        break;
      case 5:
        text.insert(at, text.substr(at, run));
        break;
      case 6: {
        constexpr std::array<std::uint64_t, 12> hostile{0,
                                                        1,
                                                        0x7f,
                                                        0xff,
                                                        0x7fff,
                                                        0xffff,
                                                        0x7fffffff,
                                                        0xffffffff,
                                                        0x100000000,
                                                        0x7fffffffffffffff,
                                                        0x8000000000000000,
                                                        0xffffffffffffffff};
        const std::uint64_t number = hostile[draw(hostile.size())];
        std::memcpy(&text[at], &number, std::min<std::size_t>(std::size_t{2} << draw(3), text.size() - at));
        break;
      }
      default: {
        const auto digit = text.find_first_of("0123456789", at);
        if (digit != std::string::npos) text[digit] = static_cast<char>('0' + draw(10));
      }
    }
  }
  RandomStream stream_;
  std::uint64_t drawn_ = 0;
};

}  // namespace hashweave::test
