#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <hashweave/text/tokenizer_json.hpp>
#include <nlohmann/json.hpp>

#include "support/check_error.hpp"
#include "support/damaged.hpp"
#include "text/exercise.hpp"
#include "text/support.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

using Json = nlohmann::json;

Json small_json() {
  Json vocabulary = Json::object();
  const Vocabulary v = Vocabulary::parse(small_vocabulary());
  for (std::int32_t id = 0; id < v.size(); ++id) vocabulary[std::string(v.token(id))] = id;
  const auto added = [&](const char* content, std::int32_t id) {
    return Json{{"id", id},        {"content", content}, {"special", true},    {"single_word", false},
                {"lstrip", false}, {"rstrip", false},    {"normalized", false}};
  };
  const auto special = [](const char* id, int type) { return Json{{"SpecialToken", {{"id", id}, {"type_id", type}}}}; };
  const auto sequence = [](const char* id, int type) { return Json{{"Sequence", {{"id", id}, {"type_id", type}}}}; };
  const auto template_token = [](const char* id, int number) {
    return Json{{"id", id}, {"ids", Json::array({number})}, {"tokens", Json::array({id})}};
  };
  return {
      {"version", "1.0"},
      {"truncation", nullptr},
      {"padding", {{"strategy", {{"Fixed", 128}}}, {"direction", "Right"}, {"pad_id", 0}}},
      {"added_tokens",
       {added("[PAD]", 0), added("[UNK]", 1), added("[CLS]", 2), added("[SEP]", 3), added("[MASK]", 4)}},
      {"normalizer",
       {{"type", "BertNormalizer"},
        {"clean_text", true},
        {"handle_chinese_chars", true},
        {"strip_accents", nullptr},
        {"lowercase", true}}},
      {"pre_tokenizer", {{"type", "BertPreTokenizer"}}},
      {"post_processor",
       {{"type", "TemplateProcessing"},
        {"single", {special("[CLS]", 0), sequence("A", 0), special("[SEP]", 0)}},
        {"pair", {special("[CLS]", 0), sequence("A", 0), special("[SEP]", 0), sequence("B", 1), special("[SEP]", 1)}},
        {"special_tokens", {{"[CLS]", template_token("[CLS]", 2)}, {"[SEP]", template_token("[SEP]", 3)}}}}},
      {"decoder", {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", true}}},
      {"model",
       {{"type", "WordPiece"},
        {"unk_token", "[UNK]"},
        {"continuing_subword_prefix", "##"},
        {"max_input_chars_per_word", 100},
        {"vocab", vocabulary}}}};
}

template <class F>
void refused(F&& change, std::initializer_list<const char*> parts) {
  Json json = small_json();
  change(json);
  check_error([&] { parse_bert_tokenizer_json(json.dump(), "t.json"); }, parts);
}

class Folder {
 public:
  explicit Folder(const char* name) : path_{std::filesystem::temp_directory_path() / name} {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::filesystem::path write(const char* name, const std::string& text) const {
    std::ofstream{path_ / name, std::ios::binary} << text;
    return path_ / name;
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

const std::string sample = "The dogs, running unaffable \u4e2dab CAF\u00c9 [MASK]";

}  // namespace

TEST_CASE("A tokenizer.json gives the ids that its vocab.txt gives", "[text]") {
  const BertTokenizer plain{Vocabulary::parse(small_vocabulary())};
  Json json = small_json();
  CHECK(parse_bert_tokenizer_json(json.dump()).encode(sample, "ab") == plain.encode(sample, "ab"));
  json["post_processor"] = {{"type", "BertProcessing"}, {"sep", {"[SEP]", 3}}, {"cls", {"[CLS]", 2}}};
  CHECK(parse_bert_tokenizer_json(json.dump()).encode(sample, "ab") == plain.encode(sample, "ab"));
}

TEST_CASE("A tokenizer.json's settings are followed", "[text]") {
  Json json = small_json();
  json["truncation"] = {{"direction", "Right"}, {"max_length", 5}, {"strategy", "LongestFirst"}, {"stride", 0}};
  CHECK(parse_bert_tokenizer_json(json.dump()).encode(sample).ids.size() == 5);
  json = small_json();
  json["normalizer"]["lowercase"] = false;
  CHECK(parse_bert_tokenizer_json(json.dump()).encode("The the").ids == std::vector<std::int32_t>{2, 1, 12, 3});
  json = small_json();
  json["added_tokens"].erase(4);
  CHECK(parse_bert_tokenizer_json(json.dump()).encode("[MASK]").ids == std::vector<std::int32_t>{2, 1, 1, 1, 3});
  json["added_tokens"].push_back({{"id", 30}, {"content", "<new>"}, {"normalized", false}});
  CHECK(parse_bert_tokenizer_json(json.dump()).encode("a<new>").ids == std::vector<std::int32_t>{2, 5, 30, 3});
}

TEST_CASE("A component that is not BERT's is refused by name", "[text]") {
  refused([](Json& j) { j["model"]["type"] = "BPE"; }, {"t.json", "model.type", "WordPiece", "BPE"});
  refused([](Json& j) { j["normalizer"]["type"] = "NFC"; }, {"normalizer.type", "BertNormalizer", "NFC"});
  refused([](Json& j) { j["normalizer"] = nullptr; }, {"'normalizer'", "none"});
  refused([](Json& j) { j["pre_tokenizer"]["type"] = "Whitespace"; }, {"pre_tokenizer.type", "Whitespace"});
  refused([](Json& j) { j["post_processor"]["type"] = "Roberta"; }, {"post_processor.type", "Roberta"});
  refused([](Json& j) { j["post_processor"]["single"].erase(2); }, {"post_processor.single", "[SEP]:0"});
  refused([](Json& j) { j["post_processor"]["pair"][3]["Sequence"]["type_id"] = 0; },
          {"post_processor.pair", "$B:1", "$B:0"});
  refused([](Json& j) { j["post_processor"]["special_tokens"]["[SEP]"]["ids"][0] = 9; },
          {"special_tokens.[SEP].ids", "9"});
  refused(
      [](Json& j) {
        j["truncation"] = {{"max_length", 9}, {"strategy", "OnlyFirst"}};
      },
      {"truncation.strategy", "OnlyFirst"});
  refused([](Json& j) { j["added_tokens"][1]["lstrip"] = true; }, {"added_tokens[1].lstrip", "false"});
  refused([](Json& j) { j["added_tokens"][1]["normalized"] = true; }, {"added_tokens[1].normalized"});
  refused([](Json& j) { j["added_tokens"][1]["content"] = "[X]"; }, {"added_tokens[1]", "[UNK]", "[X]"});
  refused([](Json& j) { j["added_tokens"][1]["id"] = 99; }, {"added_tokens[1].id", "at most 30", "99"});
}

TEST_CASE("A vocabulary with gaps, equal ids or missing tokens is refused", "[text]") {
  refused([](Json& j) { j["model"]["vocab"]["dog"] = 77; }, {"model.vocab 'dog'", "without a gap", "77"});
  refused([](Json& j) { j["model"]["vocab"]["dog"] = 12; }, {"model.vocab 'the'", "id of its own", "'dog'"});
  refused([](Json& j) { j["model"]["vocab"]["dog"] = -1; }, {"model.vocab 'dog'", "number"});
  refused([](Json& j) { j["model"]["vocab"] = Json::object(); }, {"model.vocab"});
  refused([](Json& j) { j["model"]["unk_token"] = "<unk>"; }, {"token", "<unk>"});
  check_error([] { parse_bert_tokenizer_json("{\"model\": {\"a\": 1, \"a\": 2}}", "t"); },
              {"t", "JSON key", "'a'", "twice"});
  check_error([] { parse_bert_tokenizer_json(std::string(100'000, '['), "t"); }, {"t", "levels", "32"});
  check_error([] { parse_bert_tokenizer_json("{", "t"); }, {"t", "JSON"});
}

TEST_CASE("A tokenizer is read from a folder, by what lies there", "[text]") {
  const Folder folder{"hashweave_tokenizer_folder"};
  check_error([&] { read_bert_tokenizer(folder.path()); }, {"vocab.txt", "none"});
  folder.write("vocab.txt", small_vocabulary());
  CHECK(read_bert_tokenizer(folder.path()).encode("The").ids == std::vector<std::int32_t>{2, 12, 3});
  folder.write("tokenizer_config.json", R"({"do_lower_case": false, "strip_accents": null, "model_max_length": 512})");
  CHECK(read_bert_tokenizer(folder.path()).encode("The").ids == std::vector<std::int32_t>{2, 1, 3});
  const auto file = folder.write("tokenizer.json", small_json().dump());
  CHECK(read_bert_tokenizer(folder.path()).encode("The").ids == std::vector<std::int32_t>{2, 12, 3});
  CHECK(read_bert_tokenizer(file).vocabulary().size() == 30);
}

TEST_CASE("Damaged tokenizer.json files are read or refused", "[text]") {
  const std::string good = small_json().dump();
  std::uint32_t refusals = 0;
  for (std::uint32_t i = 0; i < damaged_files; ++i) {
    try {
      const BertTokenizer t = parse_bert_tokenizer_json(mutated(good, {2, 0, i}));
      for (const std::int32_t id : t.encode(sample).ids)
        if (id < 0 || id >= t.vocabulary().size()) FAIL("id " << id);
    } catch (const Error&) {
      ++refusals;
    }
  }
  CHECK(refusals > damaged_files / 10);
  CHECK(refusals < damaged_files - 1);
}

TEST_CASE("The seeds of the fuzz target of tokenizers are read or refused", "[text]") {
  int seeds = 0;
  for (const auto& entry : std::filesystem::directory_iterator{test_file("fuzz/corpus/wordpiece")}) {
    CAPTURE(entry.path().string());
    CHECK_NOTHROW(exercise_tokenizers(read_text_file(entry.path())));
    ++seeds;
  }
  CHECK(seeds > 2);
}
