#pragma once
#include <cstdint>
#include <filesystem>
#include <hashweave/core/error.hpp>
#include <hashweave/text/bert_tokenizer.hpp>
#include <hashweave/text/clip_tokenizer.hpp>
#include <hashweave/text/vocabulary.hpp>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hashweave {

namespace detail {

using Json = nlohmann::json;

// JSON from outside: no key twice, at most 32 levels.
inline Json parse_tokenizer_json(std::string_view text, const std::string& where) {
  std::vector<std::set<std::string>> keys(1);
  const auto check = [&](int depth, Json::parse_event_t event, Json& value) {
    using Event = Json::parse_event_t;
    require(depth <= 32, where, "levels of JSON", "at most 32", depth);
    if (event == Event::object_start) keys.emplace_back();
    if (event == Event::object_end) keys.pop_back();
    if (event == Event::key) {
      const auto& key = value.get_ref<const std::string&>();
      require(keys.back().insert(key).second, where, "JSON key", quote_text(key) + " once", "twice");
    }
    return true;
  };
  try {
    return Json::parse(text, check);
  } catch (const Json::exception& e) {
    fail(where, "JSON", "valid JSON", e.what());
  }
}

// One component of a tokenizer.json and what it is called, so that every complaint can name it.
struct Component {
  const Json& value;
  std::string name, where;

  bool has(const char* key) const { return value.is_object() && value.contains(key) && !value.at(key).is_null(); }
  Component at(const char* key) const {
    require(has(key), where, name, std::string("a member ") + quote_text(key), "none");
    return {value.at(key), name.empty() ? key : name + "." + key, where};
  }
  std::string text() const {
    require(value.is_string(), where, name, "a string", value.type_name());
    return value.get<std::string>();
  }
  bool flag() const {
    require(value.is_boolean(), where, name, "true or false", value.type_name());
    return value.get<bool>();
  }
  std::int32_t number() const {
    require(value.is_number_unsigned() && value.get<std::uint64_t>() < 1U << 30, where, name, "a number from 0 to 2^30",
            value.type_name());
    return value.get<std::int32_t>();
  }
  bool flag(const char* key, bool otherwise) const { return has(key) ? at(key).flag() : otherwise; }
  const Json& array() const {
    require(value.is_array(), where, name, "an array", value.type_name());
    return value;
  }
  void expect(const char* key, std::string_view wanted) const {
    const std::string got = at(key).text();
    require(got == wanted, where, at(key).name, wanted, got);
  }
};

/// Tokens by id from a JSON object of ids by token.
/// @throws Error unless the ids are 0 to n - 1, each once.
inline std::vector<std::string> tokens_by_id(const Component& vocabulary) {
  const auto& [value, name, where] = vocabulary;
  require(value.is_object() && !value.empty(), where, name, "an object with tokens", value.type_name());
  std::vector<std::string> tokens(value.size());
  std::vector<bool> known(value.size());
  for (const auto& [token, its_id] : value.items()) {
    const std::string entry = name + " " + quote_text(token);
    const auto id = static_cast<std::size_t>(Component{its_id, entry, where}.number());
    require(id < tokens.size(), where, entry, "ids 0 to " + std::to_string(tokens.size() - 1) + " without a gap", id);
    require(!known[id], where, entry, "an id of its own", std::to_string(id) + ", the id of " + quote_text(tokens[id]));
    known[id] = true;
    tokens[id] = token;
  }
  return tokens;
}

inline void read_added_tokens(const Component& all, std::vector<std::string>& tokens, std::vector<std::string>& added) {
  for (std::size_t i = 0; i < all.array().size(); ++i) {
    const Component one{all.value[i], all.name + "[" + std::to_string(i) + "]", all.where};
    for (const char* key : {"single_word", "lstrip", "rstrip", "normalized"})
      require(!one.flag(key, false), one.where, one.name + "." + key, "false", "true");
    const std::string text = one.at("content").text();
    const auto id = static_cast<std::size_t>(one.at("id").number());
    require(id <= tokens.size(), one.where, one.at("id").name, "at most " + std::to_string(tokens.size()), id);
    if (id == tokens.size()) tokens.push_back(text);
    require(tokens[id] == text, one.where, one.name, quote_text(tokens[id]) + ", token " + std::to_string(id),
            quote_text(text));
    added.push_back(text);
  }
}

// The ids of the template must be those of the vocabulary.
inline void expect_token(const Component& place, const Json& id, const std::string& token,
                         const std::vector<std::string>& tokens) {
  const auto number =
      static_cast<std::size_t>(Component{id, place.name + " " + quote_text(token), place.where}.number());
  require(number < tokens.size() && tokens[number] == token, place.where, place.name + " " + quote_text(token),
          "its id in the vocabulary", number);
}

inline void read_bert_processing(const Component& processor, const std::vector<std::string>& tokens,
                                 BertTokenizerOptions& options) {
  for (const auto& [key, into] : {std::pair{"cls", &options.first}, std::pair{"sep", &options.separator}}) {
    const Component pair = processor.at(key);
    require(pair.array().size() == 2, pair.where, pair.name, "a token and its id", pair.value.size());
    *into = Component{pair.value[0], pair.name, pair.where}.text();
    expect_token(pair, pair.value[1], *into, tokens);
  }
}

// A template as text: special tokens by name, sequences as $A and $B, each with its type.
inline std::string template_text(const Component& pieces) {
  std::string out;
  for (const Json& piece : pieces.array()) {
    const bool special = piece.is_object() && piece.contains("SpecialToken");
    const Component one{piece, pieces.name, pieces.where};
    const Component inner = one.at(special ? "SpecialToken" : "Sequence");
    if (!out.empty()) out += ' ';
    if (!special) out += '$';
    out += inner.at("id").text();
    out += ':';
    out += std::to_string(inner.at("type_id").number());
  }
  return out;
}

inline void read_template(const Component& processor, const std::vector<std::string>& tokens,
                          BertTokenizerOptions& options) {
  const std::string single = template_text(processor.at("single")), pair = template_text(processor.at("pair"));
  const std::size_t middle = single.find(":0 $A:0 ");
  require(middle != std::string::npos && single.ends_with(":0"), processor.where, processor.at("single").name,
          "[CLS]:0 $A:0 [SEP]:0", single);
  options.first = single.substr(0, middle);
  options.separator = single.substr(middle + 8, single.size() - middle - 10);
  const std::string wanted = single + " $B:1 " + options.separator + ":1";
  require(pair == wanted, processor.where, processor.at("pair").name, wanted, pair);
  for (const std::string& token : {options.first, options.separator}) {
    const Component special = processor.at("special_tokens").at(token.c_str());
    const Component ids = special.at("ids");
    require(ids.array().size() == 1, ids.where, ids.name, "one id", ids.value.size());
    expect_token(ids, ids.value[0], token, tokens);
  }
}

}  // namespace detail

/// A BERT tokenizer from the text of a tokenizer.json. Accepted are WordPiece models with BertNormalizer,
/// BertPreTokenizer and the usual template; `padding` and `decoder` do not matter here and are left out.
/// @throws Error naming the component that is missing or that is something else.
inline BertTokenizer parse_bert_tokenizer_json(std::string_view text, const std::string& where = "tokenizer.json") {
  const detail::Json json = detail::parse_tokenizer_json(text, where);
  const detail::Component root{json, "", where};
  BertTokenizerOptions options;
  const auto model = root.at("model"), normalizer = root.at("normalizer"), processor = root.at("post_processor");
  model.expect("type", "WordPiece");
  options.pieces.unknown = model.at("unk_token").text();
  options.pieces.continuation = model.at("continuing_subword_prefix").text();
  options.pieces.longest_word = model.at("max_input_chars_per_word").number();
  auto tokens = detail::tokens_by_id(model.at("vocab"));
  options.added.clear();
  if (root.has("added_tokens")) detail::read_added_tokens(root.at("added_tokens"), tokens, options.added);
  normalizer.expect("type", "BertNormalizer");
  options.words.clean_text = normalizer.flag("clean_text", true);
  options.words.handle_chinese_chars = normalizer.flag("handle_chinese_chars", true);
  if (normalizer.has("strip_accents")) options.words.strip_accents = normalizer.at("strip_accents").flag();
  options.words.lowercase = normalizer.flag("lowercase", true);
  root.at("pre_tokenizer").expect("type", "BertPreTokenizer");
  if (processor.at("type").text() == "BertProcessing") {
    detail::read_bert_processing(processor, tokens, options);
  } else {
    processor.expect("type", "TemplateProcessing");
    detail::read_template(processor, tokens, options);
  }
  if (root.has("truncation")) {
    const auto truncation = root.at("truncation");
    truncation.expect("strategy", "LongestFirst");
    if (truncation.has("direction")) truncation.expect("direction", "Right");
    options.max_length = truncation.at("max_length").number();
  }
  return BertTokenizer{Vocabulary{std::move(tokens), where}, std::move(options)};
}

/// A BERT tokenizer from a folder with a tokenizer.json or, failing that, a vocab.txt and the tokenizer_config.json
/// that may lie beside it; or from either file.
/// @throws Error if there is none of them or one is at fault.
inline BertTokenizer read_bert_tokenizer(const std::filesystem::path& place) {
  namespace fs = std::filesystem;
  std::error_code trouble;
  if (fs::is_directory(place, trouble))
    return read_bert_tokenizer(place /
                               (fs::exists(place / "tokenizer.json", trouble) ? "tokenizer.json" : "vocab.txt"));
  if (place.extension() == ".json") return parse_bert_tokenizer_json(read_text_file(place), place.string());
  BertTokenizerOptions options;
  const fs::path file = place.parent_path() / "tokenizer_config.json";
  if (fs::exists(file, trouble)) {
    const detail::Json json = detail::parse_tokenizer_json(read_text_file(file), file.string());
    const detail::Component config{json, "", file.string()};
    options.words.lowercase = config.flag("do_lower_case", true);
    options.words.handle_chinese_chars = config.flag("tokenize_chinese_chars", true);
    if (config.has("strip_accents")) options.words.strip_accents = config.at("strip_accents").flag();
  }
  return BertTokenizer{place, std::move(options)};
}

/// A CLIP tokenizer from a vocab.json (ids by token) and a merges.txt.
/// @throws Error if a file cannot be read, ids have gaps, or as `ClipTokenizer` does.
inline ClipTokenizer read_clip_tokenizer(const std::filesystem::path& vocabulary, const std::filesystem::path& merges,
                                         ClipTokenizerOptions options = {}) {
  const detail::Json json = detail::parse_tokenizer_json(read_text_file(vocabulary), vocabulary.string());
  auto tokens = detail::tokens_by_id({json, "vocabulary", vocabulary.string()});
  const auto rules = ClipTokenizer::parse_merges(read_text_file(merges), Size{1} << 22, merges.string());
  return ClipTokenizer{Vocabulary{std::move(tokens), vocabulary.string()}, rules, std::move(options)};
}

}  // namespace hashweave
