#pragma once
#include <algorithm>
#include <cstdint>
#include <hashweave/text/tokenizer_json.hpp>
#include <stdexcept>
#include <string_view>

namespace hashweave::test {

inline void sound(bool holds, const char* what) {
  if (!holds) throw std::logic_error{what};
}

/// The input up to the first zero byte is a vocab.txt, a tokenizer.json if it begins with {, and merges; the rest is
/// the text. Hostile bytes may make the tokenizers throw `Error`, nothing else; this throws where ids make no sense.
inline void exercise_tokenizers(std::string_view all) {
  const std::size_t cut = std::min(all.find('\0'), all.size());
  const std::string_view vocabulary = all.substr(0, cut), text = all.substr(std::min(cut + 1, all.size()));
  BertWords::Scratch scratch;
  for (const bool lowercase : {false, true}) {
    BertRules rules;
    rules.lowercase = lowercase;
    rules.clean_text = lowercase;
    BertWords{rules}.split(text, scratch, [](const char*, std::size_t bytes) { sound(bytes > 0, "an empty word"); });
  }
  try {
    const BertTokenizer tokenizer = vocabulary.starts_with('{') ? parse_bert_tokenizer_json(vocabulary)
                                                                : BertTokenizer{Vocabulary::parse(vocabulary)};
    const Encoding pair = tokenizer.encode(text, text);
    sound(pair.ids.size() == pair.types.size(), "a type for each id");
    for (const std::int32_t id : pair.ids)
      sound(id >= 0 && id < tokenizer.vocabulary().size(), "an id outside of the vocabulary");
  } catch (const Error&) {  // the answer to a vocabulary at fault
  }
  try {
    ClipTokenizer::from_merges_text(vocabulary).encode(text);
  } catch (const Error&) {
  }
}

}  // namespace hashweave::test
