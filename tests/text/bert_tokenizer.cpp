#include <catch2/catch.hpp>
#include <hashweave/core/view.hpp>
#include <hashweave/text/bert_tokenizer.hpp>
#include <nlohmann/json.hpp>
#include <span>
#include <sstream>

#include "support/check_error.hpp"
#include "support/damaged.hpp"
#include "text/support.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

using Ids = std::vector<std::int32_t>;

const BertTokenizer& bert() {
  static const BertTokenizer tokenizer{bert_vocabulary()};
  return tokenizer;
}

BertTokenizer small(BertTokenizerOptions options = {}) {
  return BertTokenizer{Vocabulary::parse(small_vocabulary()), std::move(options)};
}

std::string joined(const BertTokenizer& tokenizer, const Ids& ids) {
  std::string out;
  for (const std::int32_t id : ids) {
    if (!out.empty()) out += ' ';
    out += tokenizer.vocabulary().token(id);
  }
  return out;
}

struct OnHost {  // as much of a backend as a view of token ids needs
  using Scalar = float;
};

}  // namespace

TEST_CASE("The ids of bert-base-uncased are those of the recorded cases", "[text][golden]") {
  std::size_t cases = 0;
  for (const std::string& line : lines_of("golden/tokenizer/cases.jsonl")) {
    const auto one = nlohmann::json::parse(line);
    INFO(line);
    REQUIRE(bert().encode(one.at("text").get<std::string>()).ids == one.at("ids").get<Ids>());
    ++cases;
  }
  REQUIRE(cases == 600);
}

TEST_CASE("Twenty thousand random strings have the recorded ids and words", "[text]") {
  const BertWords cut;
  BertWords::Scratch scratch;
  std::uint32_t number = 0;
  for (const std::string& line : lines_of("text/data/random.txt")) {
    std::istringstream in{line};
    std::uint32_t first = 0;
    std::uint64_t expected = 0;
    in >> first >> std::hex >> expected;
    REQUIRE(first == number);
    Digest digest;
    for (; number < first + 1000; ++number) {
      const std::string text = random_string(number);
      for (const std::int32_t id : bert().encode(text).ids) digest.add(id);
      cut.split(text, scratch, [&](const char* word, std::size_t bytes) {
        digest.add(std::string_view{word, bytes}).add(" ");
      });
    }
    INFO("strings from " << first);
    REQUIRE(digest.value() == expected);
  }
  REQUIRE(number == 20'000);
}

TEST_CASE("Pairs and texts that are cut have the recorded ids and types", "[text]") {
  for (const std::string& line : lines_of("text/data/pairs.jsonl")) {
    const auto one = nlohmann::json::parse(line);
    BertTokenizerOptions options;
    if (!one.at("max_length").is_null()) options.max_length = one.at("max_length").get<Size>();
    static std::optional<BertTokenizer> tokenizer;  // made anew only when the length changes
    if (!tokenizer || tokenizer->options().max_length != options.max_length)
      tokenizer.emplace(bert_vocabulary(), options);
    const auto first = one.at("first").get<std::string>(), second = one.at("second").get<std::string>();
    INFO(line);
    REQUIRE(tokenizer->encode(first, second) == Encoding{one.at("ids").get<Ids>(), one.at("types").get<Ids>()});
    REQUIRE(tokenizer->encode(first).ids == one.at("single").get<Ids>());
  }
}

TEST_CASE("Words become the longest pieces from the left, or unknown as a whole", "[text]") {
  const BertTokenizer t = small();
  const auto tokens = [&](std::string_view text) { return joined(t, t.encode(text).ids); };
  CHECK(tokens("") == "[CLS] [SEP]");
  CHECK(tokens("The dogs, running!") == "[CLS] the dog ##s , run ##ning ! [SEP]");
  CHECK(tokens("unaffable") == "[CLS] un ##aff ##able [SEP]");
  CHECK(tokens("abcab ababc") == "[CLS] abc ##a ##b ab ##abc [SEP]");
  CHECK(tokens("unx affable xun") == "[CLS] [UNK] [UNK] [UNK] [SEP]");
  CHECK(tokens("CAF\u00c9 \u0440\u0443\u043a\u0430 \u4e2d") ==
        "[CLS] caf ##e \u0440\u0443 ##\u043a\u0430 \u4e2d [SEP]");
  CHECK(tokens("##s") == "[CLS] # # [UNK] [SEP]");
}

TEST_CASE("A word of more than 100 code points is unknown", "[text]") {
  const BertTokenizer t = small();
  const auto count = [&](const std::string& word) { return std::ssize(t.encode(word).ids) - 2; };
  CHECK(count(std::string(100, 'b')) == 100);
  CHECK(count(std::string(101, 'b')) == 1);
  std::string word = "b";
  for (int i = 0; i < 49; ++i)
    word +=
        "\u0301\u200b"
        "b";  // marks and what is invisible do not count
  CHECK(count(word) == 50);
  BertTokenizerOptions options;
  options.pieces.longest_word = 2;
  CHECK(small(options).encode("the ab").ids == Ids{2, 1, 21, 3});
}

TEST_CASE("Special tokens are found in raw text", "[text]") {
  const BertTokenizer t = small();
  const auto tokens = [&](std::string_view text) { return joined(t, t.encode(text).ids); };
  CHECK(tokens("[CLS] [MASK] [SEP] [UNK] [PAD]") == "[CLS] [CLS] [MASK] [SEP] [UNK] [PAD] [SEP]");
  CHECK(tokens("a[MASK]b") == "[CLS] a [MASK] b [SEP]");
  CHECK(tokens("[mask][[MASK]") == "[CLS] [UNK] [UNK] [UNK] [UNK] [MASK] [SEP]");
  BertTokenizerOptions options;
  options.added = {"ab", "abc", "a"};
  const BertTokenizer u = small(options);
  CHECK(joined(u, u.encode("abcabaab").ids) == "[CLS] abc ab a ab [SEP]");
}

TEST_CASE("A packed batch is its texts one after another", "[text]") {
  std::vector<std::string> texts{"", "A woman waits for the tram."};
  for (std::uint32_t i = 0; i < 500; ++i) texts.push_back(random_string(i));
  const PackedIds packed = bert().encode_batch(texts);
  REQUIRE(packed.count() == std::ssize(texts));
  Ids all;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Encoding one = bert().encode(texts[i]);
    REQUIRE(packed.offsets[i] == std::ssize(all));
    all.insert(all.end(), one.ids.begin(), one.ids.end());
    REQUIRE(one.types == Ids(one.ids.size(), 0));
  }
  REQUIRE(packed.ids == all);
  REQUIRE(checked_segments(packed.offsets, std::ssize(packed.ids)).count == packed.count());
  const View<OnHost, TokenIds> view = packed.view<OnHost>();
  CHECK(view.ids == packed.ids.data());
  CHECK(view.types == nullptr);
  CHECK(view.layout().rows() == std::ssize(all));
  CHECK(view.layout().count == packed.count());

  const std::vector<std::string_view> others(texts.rbegin(), texts.rend());
  const PackedIds pairs = bert().encode_batch(texts, others);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const Encoding one = bert().encode(texts[i], others[i]);
    const auto first = static_cast<std::ptrdiff_t>(pairs.offsets[i]),
               last = static_cast<std::ptrdiff_t>(pairs.offsets[i + 1]);
    REQUIRE(Ids(pairs.ids.begin() + first, pairs.ids.begin() + last) == one.ids);
    REQUIRE(Ids(pairs.types.begin() + first, pairs.types.begin() + last) == one.types);
  }
  CHECK(pairs.view<OnHost>().types == pairs.types.data());
  check_error([&] { bert().encode_batch(texts, std::span{others}.subspan(1)); },
              {"BertTokenizer", "second texts", "502", "501"});
  CHECK(bert().encode_batch(std::vector<std::string>{}).count() == 0);
}

TEST_CASE("Vocabularies at fault are refused with a reason", "[text]") {
  check_error([] { Vocabulary::parse("", "v"); }, {"v", "tokens", "at least 1"});
  check_error([] { Vocabulary::parse("a\nb\na\n", "v"); }, {"v", "token 2", "'a' again", "token 0"});
  check_error([] { Vocabulary::parse("a\n\xFF\n", "v"); }, {"v", "token 1", "UTF-8"});
  check_error([] { Vocabulary::read("/no/such/vocab.txt"); }, {"/no/such/vocab.txt", "file"});
  check_error([] { Vocabulary::read("/"); }, {"/", "file"});
  check_error([] { BertTokenizer{Vocabulary::parse("a\n[CLS]\n[SEP]\n")}; }, {"token", "[UNK]"});
  check_error([] { BertTokenizer{Vocabulary::parse("a\n[UNK]\n[SEP]\n")}; }, {"token", "[CLS]"});
  check_error([] { BertTokenizer{Vocabulary::parse("a\n[UNK]\n[CLS]\n")}; }, {"token", "[SEP]"});
  check_error(
      [] {
        BertTokenizer{Vocabulary::parse(small_vocabulary()), {.max_length = 2}};
      },
      {"longest sequence", "3", "2"});
  check_error([] { small({.pieces = {.longest_word = 0}}); }, {"longest word"});
  check_error([] { AddedTokens{{{"", 3}}}; }, {"added token"});
}

TEST_CASE("White space at the end of a line is no part of a token", "[text]") {
  const Vocabulary v = Vocabulary::parse("a \r\nb\u3000\t\n\n\u2028\nc");
  CHECK(v.tokens() == std::vector<std::string>{"a", "b", "", "", "c"});
  CHECK(v.find("c") == 4);
  CHECK_FALSE(v.find("").has_value());
  CHECK_FALSE(v.find("d").has_value());
}

TEST_CASE("Damaged vocabularies are read or refused", "[text]") {
  std::uint32_t refused = 0;
  for (std::uint32_t i = 0; i < damaged_files; ++i) {
    try {
      const BertTokenizer t{Vocabulary::parse(mutated(small_vocabulary(), {1, 0, i}))};
      for (const std::int32_t id : t.encode("the dogs, running unaffable [MASK] ab\u4e2d").ids)
        if (id < 0 || id >= t.vocabulary().size()) FAIL("id " << id);
    } catch (const Error&) {
      ++refused;
    }
  }
  CHECK(refused > damaged_files / 10);
  CHECK(refused < damaged_files - 1);
}
