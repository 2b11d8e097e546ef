// WordPiece on made-up captions: words of one to three syllables that are whole tokens, in pieces, or capital; with
// accents; and texts in a script of which only letters are tokens. Items: texts.
#include <hashweave/core/random.hpp>
#include <hashweave/text/bert_tokenizer.hpp>
#include <set>
#include <string>
#include <vector>

#include "support/bench.hpp"

namespace wordpiece_bench {
using namespace hashweave;

constexpr std::size_t texts = 10'000;

std::string syllable(std::uint32_t bits) {
  constexpr std::string_view consonants = "bcdfghjklmnprstvw", vowels = "aeiou";
  return {consonants[bits % consonants.size()], vowels[(bits >> 8) % vowels.size()]};
}
std::string letter(char32_t point) {
  char bytes[4];
  return {bytes, encode_utf8(point, bytes)};
}

// Every syllable, alone and as a continuation; twenty thousand words of two and three; Greek letters.
Vocabulary vocabulary() {
  std::vector<std::string> tokens{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", ",", "a"};
  std::vector<std::string> syllables;
  for (std::uint32_t c = 0; c < 17; ++c)
    for (std::uint32_t v = 0; v < 5; ++v) syllables.push_back(syllable(c | v << 8));
  for (const std::string& s : syllables) tokens.insert(tokens.end(), {s, std::string("##") + s});
  for (const std::string& s : syllables)
    for (const std::string& t : syllables) tokens.push_back(s + t);
  for (std::size_t i = 0; i < 20'000; ++i)
    tokens.push_back(syllables[i % 85] + syllables[i / 85 % 85] + syllables[i / 7225 + i % 31]);
  for (char32_t c = 0x3B1; c < 0x3CA; ++c) tokens.insert(tokens.end(), {letter(c), std::string("##") + letter(c)});
  std::vector<std::string> unique;
  std::set<std::string> known;
  for (std::string& token : tokens)
    if (known.insert(token).second) unique.push_back(std::move(token));
  return Vocabulary{std::move(unique)};
}

enum Script : int { plain, pieces, accents, greek };

std::vector<std::string> captions(int script) {
  std::vector<std::string> out;
  for (std::uint32_t n = 0; n < texts; ++n) {
    const RandomStream stream{11, 0, n};
    std::uint32_t draw = 0;
    std::string text;
    for (std::uint32_t w = 8 + stream.bits(draw++) % 8; w > 0; --w) {
      const std::uint32_t count = (script == pieces ? 3 : 1) + stream.bits(draw++) % 3;
      for (std::uint32_t s = 0; s < count; ++s) {
        const std::uint32_t bits = stream.bits(draw++);
        std::string part =
            script == greek ? letter(0x391 + bits % 17) + letter(0x3B1 + (bits >> 8) % 17) : syllable(bits);
        if (s == 0 && script != greek && bits >> 28 == 0) part[0] = static_cast<char>(part[0] - 32);
        if (script == accents && bits >> 30 == 0) part = part.substr(0, 1) + "\u00e9";
        text += part;
      }
      text += w == 1 ? " ." : " ";
    }
    out.push_back(std::move(text));
  }
  return out;
}

void encode(bench::State& state) {
  const BertTokenizer tokenizer{vocabulary()};
  const auto batch = captions(static_cast<int>(state.range(0)));
  double bytes = 0;
  for (const std::string& text : batch) bytes += bench::number(text.size());
  bench::measure<float>(state, {.items = bench::number(batch.size()), .bytes = bytes},
                        [&] { benchmark::DoNotOptimize(tokenizer.encode_batch(batch).ids.data()); });
}
void make(bench::State& state) {
  const Vocabulary all = vocabulary();
  bench::measure<float>(state, {.items = bench::number(all.size())}, [&] {
    const BertTokenizer tokenizer{all};
    benchmark::DoNotOptimize(&tokenizer);
  });
}

BENCHMARK(encode)->Name("wordpiece")->ArgName("plain_pieces_accents_greek")->DenseRange(plain, greek)->UseRealTime();
BENCHMARK(make)->Name("wordpiece_build")->UseRealTime();

}  // namespace wordpiece_bench
