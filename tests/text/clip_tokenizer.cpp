#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <hashweave/text/clip_tokenizer.hpp>
#include <hashweave/text/tokenizer_json.hpp>
#include <nlohmann/json.hpp>

#include "support/check_error.hpp"
#include "support/damaged.hpp"
#include "text/support.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

using Ids = std::vector<std::int32_t>;

const ClipTokenizer& clip() {  // with the first 600 merges of the published tokenizer
  static const ClipTokenizer tokenizer = ClipTokenizer::from_merges(test_file("text/data/clip_merges.txt"));
  return tokenizer;
}

std::string joined(std::string_view text) {
  std::string out;
  for (const std::int32_t id : clip().encode(text)) out += std::string(clip().vocabulary().token(id)) + "|";
  return out;
}

}  // namespace

TEST_CASE("CLIP's ids are those of the recorded cases", "[text]") {
  std::size_t cases = 0;
  for (const std::string& line : lines_of("text/data/clip.jsonl")) {
    const auto one = nlohmann::json::parse(line);
    INFO(line);
    REQUIRE(clip().encode(one.at("text").get<std::string>()) == one.at("ids").get<Ids>());
    ++cases;
  }
  REQUIRE(cases > 100);
}

TEST_CASE("Byte pairs are merged in the order of the list", "[text]") {
  CHECK(clip().vocabulary().size() == 512 + 600 + 2);
  CHECK(joined("The man") == "<|startoftext|>|the</w>|man</w>|<|endoftext|>|");
  CHECK(joined("") == "<|startoftext|>|<|endoftext|>|");
  CHECK(joined("x<|endoftext|>") == "<|startoftext|>|x</w>|<|endoftext|>|<|endoftext|>|");
}

TEST_CASE("Contractions, letters, digits and the rest are words of their own", "[text]") {
  CHECK(joined("12") == "<|startoftext|>|1</w>|2</w>|<|endoftext|>|");
  CHECK(joined("a!?b") == "<|startoftext|>|a</w>|!|?</w>|b</w>|<|endoftext|>|");
  CHECK(joined("a's") == "<|startoftext|>|a</w>|'s</w>|<|endoftext|>|");
}

TEST_CASE("CLIP's sequences are cut to the longest length, the last token kept", "[text]") {
  const ClipTokenizer t =
      ClipTokenizer::from_merges(test_file("text/data/clip_merges.txt"), ClipTokenizerOptions{.max_length = 6});
  const Ids whole = clip().encode("1 2 3 4 5 6 7 8"), cut = t.encode("1 2 3 4 5 6 7 8");
  CHECK(cut == Ids{whole[0], whole[1], whole[2], whole[3], whole[4], whole.back()});
  const std::vector<std::string> texts{"1 2 3 4 5 6 7 8", "", "A dog"};
  const PackedIds packed = t.encode_batch(texts);
  CHECK(packed.offsets == std::vector<Size>{0, 6, 8, 8 + std::ssize(t.encode("A dog"))});
  CHECK(packed.types.empty());
}

TEST_CASE("A vocab.json and a merges.txt give the tokenizer that the merges alone give", "[text]") {
  nlohmann::json vocabulary;
  for (std::int32_t id = 0; id < clip().vocabulary().size(); ++id)
    vocabulary[std::string(clip().vocabulary().token(id))] = id;
  const auto file = std::filesystem::temp_directory_path() / "hashweave_clip_vocab.json";
  std::ofstream{file} << vocabulary.dump();
  const ClipTokenizer t = read_clip_tokenizer(file, test_file("text/data/clip_merges.txt"));
  CHECK(t.encode("Two dogs' na\u00efve 'll run") == clip().encode("Two dogs' na\u00efve 'll run"));
  std::filesystem::remove(file);
}

TEST_CASE("Merges at fault are refused with a reason", "[text]") {
  const auto from = [](const char* text) { return [text] { ClipTokenizer::from_merges_text(text, {}, "m"); }; };
  check_error(from("#version\na b\nab\n"), {"m", "line 3", "two tokens"});
  check_error(from("a b c\n"), {"m", "line 1", "two tokens"});
  check_error(from("a b\na b\n"), {"m", "token 513", "'ab' again"});
  check_error(from("a xyz\n"), {"merge", "'xyz'"});
  check_error([] { ClipTokenizer::from_merges("/no/such/file"); }, {"/no/such/file"});
  check_error([] { ClipTokenizer::from_merges_text("a b\n", {.max_length = 1}); }, {"longest sequence", "2", "1"});
}

TEST_CASE("Long words and any bytes are taken", "[text]") {
  CHECK(clip().encode(std::string(200'000, 'z')).size() > damaged_files / 10);
  std::string bytes;
  for (int b = 0; b < 256; ++b) bytes += static_cast<char>(b);
  for (const std::int32_t id : clip().encode(bytes)) REQUIRE((id >= 0 && id < clip().vocabulary().size()));
}

TEST_CASE("Damaged lists of merges are read or refused", "[text]") {
  const std::string good = "#version\nt h\nth e</w>\na n\nan d</w>\n\u00c3 \u00a9</w>\n";
  std::uint32_t refused = 0;
  for (std::uint32_t i = 0; i < damaged_files; ++i) {
    try {
      const ClipTokenizer t = ClipTokenizer::from_merges_text(mutated(good, {3, 0, i}));
      for (const std::int32_t id : t.encode("the and caf\u00e9 than"))
        if (id < 0 || id >= t.vocabulary().size()) FAIL("id " << id);
    } catch (const Error&) {
      ++refused;
    }
  }
  CHECK(refused > damaged_files / 10);
  CHECK(refused < damaged_files - 1);
}
