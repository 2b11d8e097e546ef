#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <hashweave/core/error.hpp>
#include <hashweave/text/utf8.hpp>
#include <hashweave/text/vocabulary.hpp>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

namespace hashweave {

/// How byte-pair vocabularies write bytes: printable Latin-1 as itself, the others from U+0100 on, in order.
/// Source: Radford et al., "Language Models are Unsupervised Multitask Learners", 2019, section 2.2, and its code's
/// `bytes_to_unicode`.
class ByteLetters {
 public:
  ByteLetters() {
    char32_t next = 0x100;
    std::vector<int> others;
    for (int b = 0; b < 256; ++b) {
      const bool itself = (b >= '!' && b <= '~') || (b >= 0xA1 && b != 0xAD);
      if (itself) order_.push_back(b);
      if (!itself) others.push_back(b);
      std::array<char, 4> text{};
      letters_[static_cast<std::size_t>(b)].assign(
          text.data(), encode_utf8(itself ? static_cast<char32_t>(b) : next++, text.data()));
    }
    order_.insert(order_.end(), others.begin(), others.end());
  }

  const std::string& operator[](unsigned char byte) const { return letters_[byte]; }
  /// All bytes in the order in which vocabularies list them: those that stand for themselves first.
  const std::vector<int>& order() const { return order_; }

 private:
  std::array<std::string, 256> letters_;
  std::vector<int> order_;
};

/// Cuts a word into tokens by merging byte pairs: of all neighbours that a rule joins, those of the lowest rank first,
/// from the left. The last byte of a word carries the mark of its end.
/// Cost: n log n for n bytes. Source: Sennrich, Haddow, Birch, "Neural Machine Translation of Rare Words with Subword
/// Units", ACL 2016, section 3.2.
class BytePair {
 public:
  /// A rule: these two tokens become one. Its place in the list is its rank.
  struct Merge {
    std::string first, second;
  };

  /// @throws Error if the vocabulary lacks a byte or a token of a merge, or a merge is there twice.
  BytePair(const Vocabulary& vocabulary, const std::vector<Merge>& merges, const std::string& end_of_word = "</w>") {
    const ByteLetters letters;
    for (std::size_t b = 0; b < 256; ++b) {
      const std::string& letter = letters[static_cast<unsigned char>(b)];
      bytes_[b] = {vocabulary.id(letter, "BytePair"), vocabulary.id(letter + end_of_word, "BytePair")};
    }
    rules_.resize(std::bit_ceil(2 * merges.size() + 2));
    for (std::size_t rank = 0; rank < merges.size(); ++rank) {
      const auto& [first, second] = merges[rank];
      const std::uint64_t key = pair_key(vocabulary.id(first, "merge"), vocabulary.id(second, "merge"));
      std::size_t slot = slot_of(key);
      for (; rules_[slot].token >= 0; slot = (slot + 1) & (rules_.size() - 1)) {
        if (rules_[slot].key == key)
          fail("BytePair", "merge " + std::to_string(rank), "a new pair",
               detail::quote_text(first) + " " + detail::quote_text(second) + " again");
      }
      rules_[slot] = {key, static_cast<std::int32_t>(rank), vocabulary.id(first + second, "merge")};
    }
    remember_whole_words(vocabulary, letters, end_of_word);
  }

  /// Appends the ids of a word's tokens; a word has at least one byte.
  void append(std::string_view word, std::vector<std::int32_t>& ids) const {
    if (const auto whole = whole_words_.find(word); whole != whole_words_.end()) return ids.push_back(whole->second);
    merge(word, ids);
  }

 private:
  struct Rule {
    std::uint64_t key = 0;
    std::int32_t rank = 0, token = -1;
  };
  struct Symbol {
    std::int32_t token;
    int before, after;  // neighbours, or -1
    bool alive = true;
  };
  struct Candidate {
    std::int32_t rank;
    int at;
    std::int32_t token;
    bool operator<(const Candidate& other) const {  // the heap gives the greatest: the lowest rank, then the leftmost
      return std::tie(other.rank, other.at) < std::tie(rank, at);
    }
  };
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  static std::uint64_t pair_key(std::int32_t first, std::int32_t second) {
    return static_cast<std::uint64_t>(first) << 32 | static_cast<std::uint32_t>(second);
  }
  std::size_t slot_of(std::uint64_t key) const {
    return ((key ^ key >> 29) * 0x9E3779B97F4A7C15 >> 32) & (rules_.size() - 1);
  }
  const Rule* rule(std::int32_t first, std::int32_t second) const {
    const std::uint64_t key = pair_key(first, second);
    for (std::size_t slot = slot_of(key); rules_[slot].token >= 0; slot = (slot + 1) & (rules_.size() - 1)) {
      if (rules_[slot].key == key) return &rules_[slot];
    }
    return nullptr;
  }

  void merge(std::string_view word, std::vector<std::int32_t>& ids) const {
    const int count = static_cast<int>(word.size());
    std::vector<Symbol> symbols;
    std::vector<Candidate> heap;
    symbols.reserve(word.size());
    for (int i = 0; i < count; ++i) {
      const bool last = i + 1 == count;
      const auto& byte = bytes_[static_cast<unsigned char>(word[static_cast<std::size_t>(i)])];
      symbols.push_back({last ? byte.second : byte.first, i - 1, last ? -1 : i + 1});
    }
    const auto symbol = [&](int i) -> Symbol& { return symbols[static_cast<std::size_t>(i)]; };
    const auto offer = [&](int at) {
      if (at < 0 || symbol(at).after < 0) return;
      const Rule* found = rule(symbol(at).token, symbol(symbol(at).after).token);
      if (found == nullptr) return;
      heap.push_back({found->rank, at, found->token});
      std::push_heap(heap.begin(), heap.end());
    };
    for (int i = 0; i < count; ++i) offer(i);
    while (!heap.empty()) {
      std::pop_heap(heap.begin(), heap.end());
      const Candidate best = heap.back();
      heap.pop_back();
      Symbol& left = symbol(best.at);
      if (!left.alive || left.after < 0) continue;
      Symbol& right = symbol(left.after);
      const Rule* now = rule(left.token, right.token);
      if (now == nullptr || now->token != best.token) continue;  // one of the two has changed
      left.token = best.token;
      left.after = right.after;
      right.alive = false;
      if (left.after >= 0) symbol(left.after).before = best.at;
      offer(left.before);
      offer(best.at);
    }
    for (int i = 0; i >= 0 && i < count; i = symbol(i).after) ids.push_back(symbol(i).token);
  }

  // Words that merge into one token are looked up whole.
  void remember_whole_words(const Vocabulary& vocabulary, const ByteLetters& letters, const std::string& end_of_word) {
    std::unordered_map<std::string_view, char> byte_of;
    for (std::size_t b = 0; b < 256; ++b) byte_of[letters[static_cast<unsigned char>(b)]] = static_cast<char>(b);
    std::vector<std::int32_t> ids;
    for (std::int32_t id = 0; id < vocabulary.size(); ++id) {
      std::string_view token = vocabulary.token(id);
      if (!token.ends_with(end_of_word) || token.size() > 256) continue;
      token.remove_suffix(end_of_word.size());
      std::string word;
      while (!token.empty()) {
        const auto bytes = static_cast<std::size_t>(decode_utf8(token.data(), token.data() + token.size()).bytes);
        const auto byte = byte_of.find(token.substr(0, bytes));
        if (byte == byte_of.end()) break;
        word += byte->second;
        token.remove_prefix(bytes);
      }
      if (!token.empty() || word.empty()) continue;
      ids.clear();
      merge(word, ids);
      if (ids.size() == 1 && ids[0] == id) whole_words_.emplace(std::move(word), id);
    }
  }

  std::array<std::pair<std::int32_t, std::int32_t>, 256> bytes_{};  // within a word, at its end
  std::vector<Rule> rules_;
  std::unordered_map<std::string, std::int32_t, TextHash, std::equal_to<>> whole_words_;
};

}  // namespace hashweave
