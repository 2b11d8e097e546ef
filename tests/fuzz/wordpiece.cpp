// The input up to the first zero byte is a vocab.txt, or a tokenizer.json if it begins with {; the rest is the text.
#include <cstdint>
#include <cstdlib>
#include <hashweave/text/tokenizer_json.hpp>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hashweave;
  const std::string_view all{reinterpret_cast<const char*>(data), size};
  const std::size_t cut = std::min(all.find('\0'), size);
  const std::string_view vocabulary = all.substr(0, cut), text = all.substr(std::min(cut + 1, size));
  BertWords::Scratch scratch;
  for (const bool lowercase : {false, true}) {
    BertRules rules;
    rules.lowercase = lowercase;
    rules.clean_text = lowercase;
    BertWords{rules}.split(text, scratch, [](const char*, std::size_t bytes) {
      if (bytes == 0) std::abort();
    });
  }
  try {
    const BertTokenizer tokenizer = vocabulary.starts_with('{') ? parse_bert_tokenizer_json(vocabulary)
                                                                : BertTokenizer{Vocabulary::parse(vocabulary)};
    const Encoding pair = tokenizer.encode(text, text);
    if (pair.ids.size() != pair.types.size()) std::abort();
    for (const std::int32_t id : pair.ids)
      if (id < 0 || id >= tokenizer.vocabulary().size()) std::abort();
  } catch (const Error&) {  // the answer to a vocabulary at fault
  }
  try {
    ClipTokenizer::from_merges_text(vocabulary).encode(text);
  } catch (const Error&) {
  }
  return 0;
}
