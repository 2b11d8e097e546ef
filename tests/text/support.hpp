#pragma once
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <hashweave/core/error.hpp>
#include <hashweave/core/random.hpp>
#include <hashweave/text/utf8.hpp>
#include <hashweave/text/vocabulary.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace hashweave::test {

/// A file of tests/.
inline std::filesystem::path test_file(const char* name) { return std::filesystem::path{HASHWEAVE_TESTS} / name; }

/// The lines of a file of tests/.
inline std::vector<std::string> lines_of(const char* name) {
  std::ifstream in{test_file(name)};
  require(in.is_open(), name, "file", "one that opens", "none");
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// The vocabulary of bert-base-uncased.
inline const Vocabulary& bert_vocabulary() {
  static const Vocabulary all = Vocabulary::read(test_file("golden/tokenizer/vocab.txt"));
  return all;
}

/// Thirty-odd tokens, enough for a few words.
inline std::string small_vocabulary() {
  std::string text;
  for (const char* token : {"[PAD]", "[UNK]", "[CLS]", "[SEP]",  "[MASK]",       "a",
                            "b",     "un",    "##aff", "##able", "##a",          "##b",
                            "the",   "dog",   "##s",   "run",    "##ning",       ",",
                            ".",     "!",     "#",     "ab",     "abc",          "##abc",
                            "caf",   "##e",   "e",     "\u4e2d", "\u0440\u0443", "##\u043a\u0430"})
    text += std::string{token} + "\n";
  return text;
}

/// FNV-1a, 64 bits, of bytes in pieces.
class Digest {
 public:
  Digest& add(std::string_view bytes) {
    for (const char c : bytes) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return *this;
  }
  Digest& add(std::int32_t number) {
    for (int shift = 0; shift < 32; shift += 8) hash_ = (hash_ ^ ((number >> shift) & 0xFF)) * 0x100000001b3;
    return *this;
  }
  std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xcbf29ce484222325;
};

/// A code point as UTF-8.
inline std::string utf8(char32_t point) {
  char bytes[4];
  return {bytes, encode_utf8(point, bytes)};
}

/// Random string `number`, as tools/make_tokenizer_digests.py draws it.
inline std::string random_string(std::uint32_t number) {
  static constexpr char32_t blocks[]{0x80,   0x100,  0x300,  0x370,  0x400,   0x600,   0x900,   0xE00,
                                     0x1100, 0x1E00, 0x1F00, 0x2000, 0x2100,  0x3000,  0x4E00,  0xAC00,
                                     0xF900, 0xFB00, 0xFE00, 0xFF00, 0x1D100, 0x1D400, 0x1F600, 0x2F800};
  const RandomStream stream{2022, 0, number};
  std::string out;
  const std::uint32_t length = 1 + stream.bits(0) % 40;
  for (std::uint32_t k = 0; k < length; ++k) {
    const std::uint32_t a = stream.bits(2 * k + 1), b = stream.bits(2 * k + 2), kind = a % 8;
    char32_t point = b % 0x110000;
    if (kind < 4) point = 0x20 + b % 95;
    if (kind == 4 || kind == 5) point = blocks[(a >> 8) % std::size(blocks)] + b % 256;
    if (kind == 6) point = ' ';
    out += point >= 0xD800 && point < 0xE000 ? "x" : utf8(point);
  }
  return out;
}

/// Text with a few random faults: bytes changed, taken out, doubled, or the end cut off.
inline std::string mutated(std::string text, const RandomStream& stream) {
  std::uint64_t draw = 0;
  const auto below = [&](std::size_t n) { return n == 0 ? 0 : stream.bits(draw++) % n; };
  for (std::size_t faults = 1 + below(4); faults > 0 && !text.empty(); --faults) {
    const std::size_t at = below(text.size()), count = 1 + below(12);
    switch (below(5)) {
      case 0:
        text[at] = static_cast<char>(below(256));
        break;
      case 1:
        text.erase(at, count);
        break;
      case 2:
        text.insert(at, text.substr(below(text.size()), count));
        break;
      case 3:
        text[at] = "0129{}[]\",:\n -"[below(14)];
        break;
      default:
        text.resize(below(10) == 0 ? at : text.size());
        break;
    }
  }
  return text;
}

}  // namespace hashweave::test
