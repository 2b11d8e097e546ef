#include <catch2/catch.hpp>
#include <hashweave/text/bert_words.hpp>
#include <hashweave/text/clip_words.hpp>
#include <hashweave/text/unicode.hpp>
#include <hashweave/text/utf8.hpp>
#include <sstream>

#include "text/support.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

std::string words_of(const BertWords& cut, std::string_view text) {
  BertWords::Scratch scratch;
  std::string out;
  cut.split(text, scratch, [&](const char* word, std::size_t bytes) { out.append(word, bytes).push_back(' '); });
  return out;
}

constexpr bool decodes(std::string_view text, char32_t point, int bytes) {
  const DecodedPoint d = decode_utf8(text.data(), text.data() + text.size());
  return d.point == point && d.bytes == bytes;
}
static_assert(decodes("a", 'a', 1) && decodes("\xC3\xA9", 0xE9, 2) && decodes("\xE4\xB8\xAD", 0x4E2D, 3));
static_assert(decodes("\xF0\x9F\x98\x80", 0x1F600, 4) && decodes("\xF4\x8F\xBF\xBF", 0x10FFFF, 4));
static_assert(decodes("\xC0\x80", 0xFFFD, 1) && decodes("\xED\xA0\x80", 0xFFFD, 1) && decodes("\x80", 0xFFFD, 1));
static_assert(decodes("\xF0\x9F\x98", 0xFFFD, 3) && decodes("\xF0\x9F!", 0xFFFD, 2) && decodes("\xF5\x80", 0xFFFD, 1));
static_assert(decodes("\xE0\x9F\xBF", 0xFFFD, 1) && decodes("\xF4\x90\x80\x80", 0xFFFD, 1));

}  // namespace

TEST_CASE("Every code point comes back from UTF-8", "[text]") {
  for (char32_t c = 0; c <= unicode::last_point; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    const std::string bytes = utf8(c);
    const DecodedPoint d = decode_utf8(bytes.data(), bytes.data() + bytes.size());
    if (d.point != c || d.bytes != std::ssize(bytes) || !is_utf8(bytes) || count_points(bytes) != 1) {
      INFO("code point " << static_cast<unsigned>(c));
      REQUIRE(false);
    }
  }
}

TEST_CASE("Every scalar value is normalised and cut as the recorded answers say", "[text]") {
  std::size_t blocks = 0;
  for (const std::string& line : lines_of("text/data/scalars.txt")) {
    std::istringstream in{line};
    std::string rules_text;
    std::uint32_t first = 0;
    std::uint64_t expected = 0;
    in >> rules_text >> std::hex >> first >> expected;
    BertRules rules;
    rules.clean_text = rules_text[0] == '1';
    rules.handle_chinese_chars = rules_text[1] == '1';
    if (rules_text[2] != '-') rules.strip_accents = rules_text[2] == '1';
    rules.lowercase = rules_text[3] == '1';
    const BertWords cut{rules};
    BertWords::Scratch scratch;
    Digest digest;
    for (char32_t c = first; c < first + 4096; ++c) {
      if (c >= 0xD800 && c < 0xE000) continue;
      cut.split(std::string{"a"}.append(utf8(c)).append("b"), scratch, [&](const char* word, std::size_t bytes) {
        digest.add(std::string_view{word, bytes}).add(" ");
      });
    }
    INFO("rules " << rules_text << ", block " << std::hex << first);
    REQUIRE(digest.value() == expected);
    ++blocks;
  }
  REQUIRE(blocks == 4 * 272);
}

TEST_CASE("Words of BERT are cut at white space, punctuation and ideographs", "[text]") {
  const BertWords cut;
  CHECK(words_of(cut, "") == "");
  CHECK(words_of(cut, " \t\n ") == "");
  CHECK(words_of(cut, "Hello, World!") == "hello , world ! ");
  CHECK(words_of(cut, "na\u00efve CAF\u00c9 \u00c5ngstr\u00f6m") == "naive cafe angstrom ");
  CHECK(words_of(cut, "\u6771\u4eacab") == "\u6771 \u4eac ab ");
  CHECK(words_of(cut, "zero\u200bwidth\x01\x7f") == "zerowidth ");
  CHECK(words_of(cut, "a\u2028b\u3000c\u00a0d") == "a b c d ");
  CHECK(words_of(cut, "\u0391\u03a3") == "\u03b1\u03c3 ");  // no final sigma
  CHECK(words_of(cut, std::string_view{"x\0y", 3}) == "xy ");
}

TEST_CASE("The rules of BERT's normaliser work one by one", "[text]") {
  const std::string text =
      "\u00c9a\u4e2d\x01"
      "b";
  BertRules rules;
  CHECK(words_of(BertWords{rules}, text) == "ea \u4e2d b ");
  rules.lowercase = false;
  CHECK(words_of(BertWords{rules}, text) == "\u00c9a \u4e2d b ");
  rules.strip_accents = true;
  CHECK(words_of(BertWords{rules}, text) == "Ea \u4e2d b ");
  rules.handle_chinese_chars = false;
  CHECK(words_of(BertWords{rules}, text) == "Ea\u4e2db ");
  rules.clean_text = false;
  CHECK(words_of(BertWords{rules}, text) ==
        "Ea\u4e2d\x01"
        "b ");
  rules = {};
  rules.strip_accents = false;
  CHECK(words_of(BertWords{rules}, "\u0130x") == "i\u0307x ");
}

TEST_CASE("Combining characters that stay are put into canonical order", "[text]") {
  const BertWords cut;  // U+1D165 has class 216, U+302E 224; U+034F is a mark of class 0, U+0301 one of class 230
  CHECK(words_of(cut, "a\u302e\U0001d165") == "a\U0001d165\u302e ");
  CHECK(words_of(cut, "a\u302e\u0301\U0001d165") == "a\U0001d165\u302e ");
  CHECK(words_of(cut, "a\u302e\u034f\U0001d165") == "a\u302e\U0001d165 ");
  CHECK(words_of(cut, "a\u302eb\U0001d165") == "a\u302eb\U0001d165 ");
  CHECK(words_of(cut, "a\u302e \U0001d165") == "a\u302e \U0001d165 ");
  std::string run, sorted;
  for (int i = 0; i < 100'000; ++i) run += i % 2 == 0 ? "\u302e" : "\U0001d165";
  for (int i = 0; i < 100'000; ++i) sorted += i < 50'000 ? "\U0001d165" : "\u302e";
  REQUIRE(words_of(cut, run) == sorted + " ");  // in less than a moment
}

TEST_CASE("Bytes that are not UTF-8 are dropped, or kept as U+FFFD", "[text]") {
  const std::string text =
      "a\xFF"
      "b\xC3 \xE4\xB8"
      "c\xED\xA0\x80";
  CHECK(words_of(BertWords{}, text) == "ab c ");
  BertRules rules;
  rules.clean_text = false;
  CHECK(words_of(BertWords{rules}, text) ==
        "a\ufffd"
        "b\ufffd \ufffd"
        "c\ufffd\ufffd\ufffd ");
}

TEST_CASE("Composition undoes decomposition", "[text]") {
  const auto composed_again = [](char32_t c) {
    std::vector<char32_t> parts;
    for (const char32_t part : unicode::mappings().decompose(c)) parts.push_back(part);
    return composed(parts);
  };
  for (const char32_t c : {U'\u00c5', U'\u1e69', U'\u01d6', U'\u1fa7', U'\uac00', U'\uac01', U'\ud7a3', U'\u0958'}) {
    const auto whole = composed_again(c);
    if (c == U'\u0958') CHECK(whole == std::vector<char32_t>{0x915, 0x93c});  // excluded from composition
    if (c != U'\u0958') CHECK(whole == std::vector<char32_t>{c});
  }
  CHECK(composed({U'\u212b'}) == std::vector<char32_t>{0xc5});
  CHECK(composed({'s', 0x307, 0x323}) == std::vector<char32_t>{0x1e69});
  CHECK(composed({'a', 0x315, 0x300, 0x5ae, 0x300}) == std::vector<char32_t>{0xe0, 0x5ae, 0x300, 0x315});
  CHECK(composed({0x301, 'e', 'e', 0x301}) == std::vector<char32_t>{0x301, 'e', 0xe9});
}
