#pragma once
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <hashweave/core/error.hpp>
#include <hashweave/text/added_tokens.hpp>
#include <hashweave/text/bert_words.hpp>
#include <hashweave/text/packed_ids.hpp>
#include <hashweave/text/vocabulary.hpp>
#include <hashweave/text/wordpiece.hpp>
#include <iterator>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave {

/// What a BERT tokenizer is, apart from its vocabulary.
struct BertTokenizerOptions {
  BertRules words{};
  WordPieceRules pieces{};
  std::string first = "[CLS]";      ///< begins every sequence
  std::string separator = "[SEP]";  ///< ends every text
  /// Found as they stand in raw text, where the vocabulary has them.
  std::vector<std::string> added{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
  std::optional<Size> max_length{};  ///< longest sequence in tokens, with the special ones; texts are cut to it
};

/// The tokenizer of BERT: special tokens, normalisation and words, WordPiece, and `[CLS] A [SEP]` or `[CLS] A [SEP] B
/// [SEP]`. Gives the ids of the Hugging Face fast tokenizer, token for token (docs/tokenizer.md). Bytes that are not
/// UTF-8 count as U+FFFD. Constant once made: threads may share it.
class BertTokenizer {
 public:
  /// @throws Error if the vocabulary lacks a special token or `max_length` leaves no room for a pair's special tokens.
  explicit BertTokenizer(Vocabulary vocabulary, BertTokenizerOptions options = {})
      : vocabulary_{std::move(vocabulary)},
        options_{std::move(options)},
        words_{options_.words},
        pieces_{vocabulary_, options_.pieces},
        first_{vocabulary_.id(options_.first, "BertTokenizer")},
        separator_{vocabulary_.id(options_.separator, "BertTokenizer")} {
    require(options_.max_length.value_or(3) >= 3, "BertTokenizer", "longest sequence", "at least 3 tokens",
            *options_.max_length);
    std::vector<AddedTokens::Token> added;
    for (const std::string& name : options_.added) {
      if (const auto id = vocabulary_.find(name)) added.push_back({name, *id});
    }
    added_ = AddedTokens{std::move(added)};
  }
  /// From a vocab.txt.
  /// @throws Error as above, and as `Vocabulary::read` does.
  explicit BertTokenizer(const std::filesystem::path& vocabulary_file, BertTokenizerOptions options = {})
      : BertTokenizer{Vocabulary::read(vocabulary_file), std::move(options)} {}

  /// `[CLS] text [SEP]`.
  Encoding encode(std::string_view text) const {
    Work work;
    Encoding out;
    append(text, work, out.ids);
    out.types.assign(out.ids.size(), 0);
    return out;
  }
  /// `[CLS] first [SEP] second [SEP]`; the second text and its [SEP] have type 1. The longer text is cut first.
  Encoding encode(std::string_view first, std::string_view second) const {
    Work work;
    Encoding out;
    append_pair(first, second, work, out.ids, out.types);
    return out;
  }

  /// Every text as `encode` gives it, packed; all types are 0.
  template <TextRange R>
  PackedIds encode_batch(const R& texts) const {
    Work work;
    PackedIds out;
    for (auto&& text : texts) {
      append(text, work, out.ids);
      out.offsets.push_back(std::ssize(out.ids));
    }
    return out;
  }
  /// Every pair as `encode` gives it, packed.
  /// @throws Error unless there are as many second texts as first ones.
  template <TextRange R, TextRange Q>
  PackedIds encode_batch(const R& first, const Q& second) const {
    require(std::ranges::distance(first) == std::ranges::distance(second), "BertTokenizer", "number of second texts",
            std::ranges::distance(first), std::ranges::distance(second));
    Work work;
    PackedIds out;
    auto other = std::ranges::begin(second);
    for (auto&& text : first) {
      append_pair(text, *other++, work, out.ids, out.types);
      out.offsets.push_back(std::ssize(out.ids));
    }
    return out;
  }

  const Vocabulary& vocabulary() const { return vocabulary_; }
  const BertTokenizerOptions& options() const { return options_; }

 private:
  struct Work {
    BertWords::Scratch words;
    std::vector<std::int32_t> second;
  };
  static_assert(BertWords::padding >= WordPiece::padding);

  void append_text(std::string_view text, Work& work, std::vector<std::int32_t>& ids) const {
    added_.split(
        text,
        [&](std::string_view part) {
          words_.split(part, work.words,
                       [&](const char* word, std::size_t bytes) { pieces_.append(word, bytes, ids); });
        },
        [&](std::int32_t id) { ids.push_back(id); });
  }
  void append(std::string_view text, Work& work, std::vector<std::int32_t>& ids) const {
    const std::size_t before = ids.size();
    ids.push_back(first_);
    append_text(text, work, ids);
    if (options_.max_length) {
      ids.resize(std::min(ids.size(), before + static_cast<std::size_t>(*options_.max_length) - 1));
    }
    ids.push_back(separator_);
  }
  void append_pair(std::string_view first, std::string_view second, Work& work, std::vector<std::int32_t>& ids,
                   std::vector<std::int32_t>& types) const {
    ids.push_back(first_);
    const std::size_t begin = ids.size();
    append_text(first, work, ids);
    work.second.clear();
    append_text(second, work, work.second);
    if (options_.max_length) {
      const auto [a, b] =
          kept(ids.size() - begin, work.second.size(), static_cast<std::size_t>(*options_.max_length) - 3);
      ids.resize(begin + a);
      work.second.resize(b);
    }
    ids.push_back(separator_);
    types.resize(ids.size(), 0);
    ids.insert(ids.end(), work.second.begin(), work.second.end());
    ids.push_back(separator_);
    types.resize(ids.size(), 1);
  }
  // How many tokens are kept of texts of a and b tokens: the longer one is cut until both are equal.
  static std::pair<std::size_t, std::size_t> kept(std::size_t a, std::size_t b, std::size_t most) {
    if (a + b <= most) return {a, b};
    if (a > b) {
      const auto [less, more] = kept(b, a, most);
      return {more, less};
    }
    if (2 * a <= most) return {a, most - a};
    return {most / 2, most - most / 2};
  }

  Vocabulary vocabulary_;
  BertTokenizerOptions options_;
  BertWords words_;
  WordPiece pieces_;
  std::int32_t first_, separator_;
  AddedTokens added_;
};

}  // namespace hashweave
