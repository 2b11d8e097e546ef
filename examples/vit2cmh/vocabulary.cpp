#include "vocabulary.hpp"

#include <algorithm>
#include <hashweave/io/file.hpp>
#include <hashweave/text/bert_words.hpp>
#include <hashweave/text/utf8.hpp>
#include <map>
#include <string>
#include <vector>

namespace vit2cmh {
using namespace hashweave;

namespace {
std::size_t character_bytes(unsigned char first) { return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4; }
}  // namespace

void write_vocabulary(const std::filesystem::path& to, const CaptionList& captions, Size size) {
  std::map<std::string, Size> words, characters;
  const BertWords rules;
  BertWords::Scratch scratch;
  for (Size i = 0; i < captions.size(); ++i)
    rules.split(captions[i], scratch, [&](const char* data, std::size_t bytes) {
      const std::string word{data, bytes};
      ++words[word];
      for (std::size_t at = 0; at < word.size();) {
        const std::size_t n = std::min(character_bytes(static_cast<unsigned char>(word[at])), word.size() - at);
        ++characters[word.substr(at, n)];
        at += n;
      }
    });
  const auto by_frequency = [](const std::map<std::string, Size>& counts) {
    std::vector<std::pair<Size, std::string>> order;
    for (const auto& [text, count] : counts) order.emplace_back(-count, text);
    std::sort(order.begin(), order.end());
    return order;
  };
  std::vector<std::string> tokens{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  const auto room = static_cast<std::size_t>(size);
  for (const auto& [count, text] : by_frequency(characters))
    if (tokens.size() + 2 <= room / 2) {
      tokens.push_back(text);
      tokens.push_back("##" + text);
    }
  for (const auto& [count, text] : by_frequency(words))
    if (tokens.size() < room && !characters.contains(text)) tokens.push_back(text);
  write_atomically(to, [&](FileWriter& out) {
    for (const std::string& token : tokens) {
      out.write(token);
      out.write(std::string_view{"\n"});
    }
  });
}

}  // namespace vit2cmh
