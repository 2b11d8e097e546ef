#pragma once
#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <hashweave/core/error.hpp>
#include <hashweave/text/added_tokens.hpp>
#include <hashweave/text/byte_pair.hpp>
#include <hashweave/text/clip_words.hpp>
#include <hashweave/text/packed_ids.hpp>
#include <hashweave/text/vocabulary.hpp>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave {

/// What a CLIP tokenizer is, apart from its vocabulary and merges.
struct ClipTokenizerOptions {
  std::string first = "<|startoftext|>";  ///< begins every sequence
  std::string last = "<|endoftext|>";     ///< ends every sequence; the text tower is read there
  std::optional<Size> max_length{};       ///< longest sequence in tokens, with these two; 77 in published models
};

/// The tokenizer of CLIP's text tower: composed, lowercase words as byte pairs between two special tokens. Gives the
/// ids of the Hugging Face fast tokenizer (docs/tokenizer.md). Bytes that are not UTF-8 count as U+FFFD. Constant once
/// made: threads may share it.
class ClipTokenizer {
 public:
  /// Merges that CLIP's published vocabulary uses, of the many more in its file.
  static constexpr Size published_merges = 49152 - 256 - 2;

  /// @throws Error if the vocabulary lacks a special token, a byte or a token of a merge, or `max_length` is below 2.
  ClipTokenizer(Vocabulary vocabulary, const std::vector<BytePair::Merge>& merges, ClipTokenizerOptions options = {})
      : vocabulary_{std::move(vocabulary)},
        options_{std::move(options)},
        pairs_{vocabulary_, merges},
        first_{vocabulary_.id(options_.first, "ClipTokenizer")},
        last_{vocabulary_.id(options_.last, "ClipTokenizer")},
        added_{{{options_.first, first_}, {options_.last, last_}}} {
    require(options_.max_length.value_or(2) >= 2, "ClipTokenizer", "longest sequence", "at least 2 tokens",
            *options_.max_length);
  }

  /// From a file of merges alone, as CLIP's own bpe_simple_vocab_16e6.txt, unpacked: the vocabulary is the bytes, the
  /// bytes at the end of a word, the merges and the two special tokens, in this order.
  /// @throws Error as above, and if the file cannot be read or a line is no merge.
  static ClipTokenizer from_merges(const std::filesystem::path& file, ClipTokenizerOptions options = {}) {
    return from_merges_text(read_text_file(file), std::move(options), file.string());
  }
  /// The same, from the text of such a file.
  static ClipTokenizer from_merges_text(std::string_view text, ClipTokenizerOptions options = {},
                                        std::string_view where = "merges") {
    const auto merges = parse_merges(text, published_merges, where);
    const ByteLetters letters;
    std::vector<std::string> tokens;
    for (const char* end : {"", "</w>"}) {
      for (const int b : letters.order()) tokens.push_back(letters[static_cast<unsigned char>(b)] + end);
    }
    for (const auto& [first, second] : merges) tokens.push_back(first + second);
    tokens.insert(tokens.end(), {options.first, options.last});
    return ClipTokenizer{Vocabulary{std::move(tokens), where}, merges, std::move(options)};
  }
  /// Merges, one a line, two tokens with a space between them; the first line may be a `#version`. At most `limit`.
  /// @throws Error if a line is no merge.
  static std::vector<BytePair::Merge> parse_merges(std::string_view text, Size limit,
                                                   std::string_view where = "merges") {
    std::vector<BytePair::Merge> merges;
    for (Size number = 1; !text.empty() && std::ssize(merges) < limit; ++number) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (line.empty() || (number == 1 && (line.starts_with("#version") || line.starts_with("\"bpe")))) continue;
      const std::size_t space = line.find(' ');
      require(space != std::string_view::npos && space > 0 && space + 1 < line.size() &&
                  line.find(' ', space + 1) == std::string_view::npos,
              where, "line " + std::to_string(number), "two tokens with a space between them", "other text");
      merges.push_back({std::string(line.substr(0, space)), std::string(line.substr(space + 1))});
    }
    return merges;
  }

  /// `<|startoftext|> text <|endoftext|>`.
  std::vector<std::int32_t> encode(std::string_view text) const {
    std::vector<std::int32_t> ids;
    append(text, ids);
    return ids;
  }
  /// Every text as `encode` gives it, packed.
  template <TextRange R>
  PackedIds encode_batch(const R& texts) const {
    PackedIds out;
    for (auto&& text : texts) {
      append(text, out.ids);
      out.offsets.push_back(std::ssize(out.ids));
    }
    return out;
  }

  const Vocabulary& vocabulary() const { return vocabulary_; }
  const ClipTokenizerOptions& options() const { return options_; }

 private:
  void append(std::string_view text, std::vector<std::int32_t>& ids) const {
    const std::size_t before = ids.size();
    ids.push_back(first_);
    added_.split(
        text,
        [&](std::string_view part) { words_.split(part, [&](std::string_view word) { pairs_.append(word, ids); }); },
        [&](std::int32_t id) { ids.push_back(id); });
    if (options_.max_length) {
      ids.resize(std::min(ids.size(), before + static_cast<std::size_t>(*options_.max_length) - 1));
    }
    ids.push_back(last_);
  }

  Vocabulary vocabulary_;
  ClipTokenizerOptions options_;
  ClipWords words_;
  BytePair pairs_;
  std::int32_t first_, last_;
  AddedTokens added_;
};

}  // namespace hashweave
