#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <hashweave/core/error.hpp>
#include <hashweave/text/vocabulary.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace hashweave {

/// What a WordPiece model is, apart from its vocabulary.
struct WordPieceRules {
  std::string unknown = "[UNK]";    ///< stands for a word that cannot be made of pieces
  std::string continuation = "##";  ///< begins every piece but the first of a word
  Size longest_word = 100;          ///< in code points; a longer word is unknown
};

/// Cuts a word into pieces of the vocabulary: always the longest that fits; a word with a rest that no piece begins is
/// unknown as a whole. Words of at most 15 bytes are looked up whole first, everything else walks a trie.
/// Cost: linear in the word's bytes times its pieces.
/// Source: Wu et al., "Google's Neural Machine Translation System", 2016, section 4.1; Song et al., "Fast WordPiece
/// Tokenization", EMNLP 2021, section 2 (the greedy definition).
class WordPiece {
 public:
  /// Bytes behind a word that may be read.
  static constexpr std::size_t padding = 16;

  /// @throws Error if the vocabulary lacks the unknown token or the rules make no sense.
  explicit WordPiece(const Vocabulary& vocabulary, const WordPieceRules& rules = {})
      : unknown_{vocabulary.id(rules.unknown, "WordPiece")}, longest_{rules.longest_word} {
    require(!rules.continuation.empty(), "WordPiece", "prefix of continuations", "at least 1 byte", "none");
    require(rules.longest_word > 0, "WordPiece", "longest word", "at least 1", rules.longest_word);
    for (std::int32_t id = 0; id < vocabulary.size(); ++id) {
      std::string_view token = vocabulary.token(id);
      insert(first_piece, token, id);
      if (!token.starts_with(rules.continuation)) continue;
      token.remove_prefix(rules.continuation.size());
      insert(later_piece, token, id);
    }
    std::size_t whole = 0;
    for (const std::string& token : vocabulary.tokens()) whole += token.size() <= whole_bytes ? 1 : 0;
    whole_words_.resize(std::bit_ceil(2 * whole + 2));
    for (std::int32_t id = 0; id < vocabulary.size(); ++id) remember(vocabulary.token(id), id);
  }

  std::int32_t unknown() const { return unknown_; }

  /// Appends the ids of a word's pieces. `padding` bytes behind the word may be read.
  void append(const char* word, std::size_t bytes, std::vector<std::int32_t>& ids) const {
    if (bytes <= whole_bytes) [[likely]] {
      const Key key = key_of(word, bytes);
      for (std::size_t slot = slot_of(key);; slot = (slot + 1) & (whole_words_.size() - 1)) {
        const WholeWord& w = whole_words_[slot];
        if (((w.key[0] ^ key[0]) | (w.key[1] ^ key[1])) == 0) return ids.push_back(w.id);
        if (w.id < 0) break;
      }
    }
    append_pieces(word, bytes, ids);
  }

 private:
  using Key = std::array<std::uint64_t, 2>;  // up to 15 bytes, then the length
  struct WholeWord {
    Key key{};
    std::int32_t id = -1;
  };
  struct Edge {
    std::uint32_t key = 0, to = 0;  // (node, byte) and the node that it leads to
  };
  static constexpr std::size_t whole_bytes = 15;
  static constexpr std::uint32_t first_piece = 0, later_piece = 1;  // the roots of the trie; no edge leads to them

  static Key key_of(const char* word, std::size_t bytes) {
    Key key;
    std::memcpy(key.data(), word, sizeof key);
    if constexpr (std::endian::native == std::endian::big) {
      for (std::uint64_t& half : key) half = __builtin_bswap64(half);
    }
    const auto low_bytes = [](std::size_t n) { return n >= 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << (8 * n)) - 1; };
    key[0] &= low_bytes(bytes);
    key[1] &= low_bytes(bytes > 8 ? bytes - 8 : 0);
    key[1] |= std::uint64_t{bytes} << 56;
    return key;
  }
  std::size_t slot_of(const Key& key) const {
    const std::uint64_t h = (key[0] ^ std::rotl(key[1] * 0x9E3779B97F4A7C15, 29)) * 0xD6E8FEB86659FD93;
    return (h >> 32) & (whole_words_.size() - 1);
  }
  void remember(std::string_view token, std::int32_t id) {
    if (token.empty() || token.size() > whole_bytes || count_points(token) > static_cast<std::size_t>(longest_)) return;
    std::array<char, 16> padded{};
    std::copy(token.begin(), token.end(), padded.begin());
    const Key key = key_of(padded.data(), token.size());
    std::size_t slot = slot_of(key);
    while (whole_words_[slot].id >= 0) slot = (slot + 1) & (whole_words_.size() - 1);
    whole_words_[slot] = {key, id};
  }

  // The trie: an edge from a node by a byte is a slot of one hash table, which holds node, byte and where it leads.
  static std::uint32_t edge_key(std::uint32_t node, char byte) { return node << 8 | static_cast<unsigned char>(byte); }
  std::size_t edge_slot(std::uint32_t key) const { return (key * 0x9E3779B97F4A7C15 >> 32) & (edges_.size() - 1); }
  /// The node behind an edge, or 0.
  std::uint32_t follow(std::uint32_t node, char byte) const {
    const std::uint32_t key = edge_key(node, byte);
    for (std::size_t slot = edge_slot(key);; slot = (slot + 1) & (edges_.size() - 1)) {
      if (edges_[slot].to == 0) return 0;
      if (edges_[slot].key == key) return edges_[slot].to;
    }
  }
  void insert(std::uint32_t node, std::string_view token, std::int32_t id) {
    if (token.empty()) return;
    for (const char byte : token) {
      const std::uint32_t known = follow(node, byte);
      if (known != 0) {
        node = known;
        continue;
      }
      if (2 * tokens_.size() > edges_.size()) {
        std::vector<Edge> old(2 * edges_.size());
        old.swap(edges_);
        for (const Edge& edge : old) place(edge);
      }
      const auto next = static_cast<std::uint32_t>(tokens_.size());
      place({edge_key(node, byte), next});
      tokens_.push_back(-1);
      node = next;
    }
    tokens_[node] = id;
  }
  void place(const Edge& edge) {
    if (edge.to == 0) return;
    std::size_t slot = edge_slot(edge.key);
    while (edges_[slot].to != 0) slot = (slot + 1) & (edges_.size() - 1);
    edges_[slot] = edge;
  }

  void append_pieces(const char* word, std::size_t bytes, std::vector<std::int32_t>& ids) const {
    const std::size_t before = ids.size();
    const auto longest = static_cast<std::size_t>(longest_);
    bool known = bytes <= longest || count_points({word, bytes}) <= longest;
    std::uint32_t root = first_piece;
    for (std::size_t at = 0; known && at < bytes; root = later_piece) {
      std::int32_t piece = -1;
      std::size_t piece_end = at;
      std::uint32_t node = root;
      for (std::size_t i = at; i < bytes; ++i) {
        node = follow(node, word[i]);
        if (node == 0) break;
        if (tokens_[node] < 0) continue;
        piece = tokens_[node];
        piece_end = i + 1;
      }
      known = piece >= 0;
      if (known) ids.push_back(piece);
      at = piece_end;
    }
    if (known) return;
    ids.resize(before);
    ids.push_back(unknown_);
  }

  std::int32_t unknown_;
  Size longest_;
  std::vector<WholeWord> whole_words_;
  std::vector<Edge> edges_ = std::vector<Edge>(4096);
  std::vector<std::int32_t> tokens_{-1, -1};  // of each node: the token that ends there, or -1
};

}  // namespace hashweave
