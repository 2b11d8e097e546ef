// Our side of the comparison with the Hugging Face tokenizers package.
//   peer_tokenizers speed VOCAB TEXTS ROUNDS     tokenizes the lines of TEXTS, one thread; a JSON line a round
//   peer_tokenizers ids VOCAB RULES < FRAMES     RULES: four of 0 1 -: clean, ideographs, strip accents, lowercase
//   peer_tokenizers pairs VOCAB RULES LENGTH < FRAMES       pairs of texts, cut to LENGTH tokens
//   peer_tokenizers words RULES < FRAMES         normalised words instead of ids
//   peer_tokenizers clip MERGES < FRAMES         CLIP's byte pairs
// Frames in: 32-bit length, bytes. Frames out: 32-bit count, then as many 32-bit ids, or bytes.
#include <cstdio>
#include <cstring>
#include <ctime>
#include <hashweave/text/bert_tokenizer.hpp>
#include <hashweave/text/clip_tokenizer.hpp>
#include <string>
#include <vector>

using namespace hashweave;

namespace {

BertRules rules_of(std::string_view text) {
  BertRules rules;
  rules.clean_text = text.at(0) == '1';
  rules.handle_chinese_chars = text.at(1) == '1';
  if (text.at(2) != '-') rules.strip_accents = text.at(2) == '1';
  rules.lowercase = text.at(3) == '1';
  return rules;
}

bool read_frame(std::string& text) {
  std::uint32_t bytes = 0;
  if (std::fread(&bytes, sizeof bytes, 1, stdin) != 1) return false;
  text.resize(bytes);
  return std::fread(text.data(), 1, bytes, stdin) == bytes;
}

void write_frame(const void* data, std::size_t count, std::size_t width) {
  const auto number = static_cast<std::uint32_t>(count);
  std::fwrite(&number, sizeof number, 1, stdout);
  std::fwrite(data, width, count, stdout);
}

int speed(const char* vocabulary, const char* file, int rounds) {
  const BertTokenizer tokenizer{std::filesystem::path{vocabulary}};
  const std::string text = read_text_file(file);
  std::vector<std::string_view> lines;
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t line = std::min(rest.find('\n'), rest.size());
    lines.push_back(rest.substr(0, line));
    rest.remove_prefix(std::min(line + 1, rest.size()));
  }
  for (int round = 0; round < rounds; ++round) {
    const std::clock_t start = std::clock();  // processor time
    const PackedIds packed = tokenizer.encode_batch(lines);
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    std::uint64_t digest = 0xcbf29ce484222325;
    for (const std::int32_t id : packed.ids) digest = (digest ^ static_cast<std::uint32_t>(id)) * 0x100000001b3;
    std::printf("{\"texts\": %zu, \"tokens\": %zu, \"seconds\": %.6f, \"digest\": \"%016llx\"}\n", lines.size(),
                packed.ids.size(), seconds, static_cast<unsigned long long>(digest));
  }
  return 0;
}

int answer(const std::string& mode, int argc, char** argv) {
  std::string text, second;
  if (mode == "clip") {
    const ClipTokenizer tokenizer = ClipTokenizer::from_merges(argv[2]);
    while (read_frame(text)) {
      const auto ids = tokenizer.encode(text);
      write_frame(ids.data(), ids.size(), sizeof(std::int32_t));
    }
  } else if (mode == "words") {
    const BertWords words{rules_of(argv[2])};
    BertWords::Scratch scratch;
    while (read_frame(text)) {
      std::string out;
      words.split(text, scratch, [&](const char* word, std::size_t n) { out.append(word, n).push_back(' '); });
      write_frame(out.data(), out.size(), 1);
    }
  } else {
    BertTokenizerOptions options;
    options.words = rules_of(argv[3]);
    if (argc > 4) options.max_length = std::stoi(argv[4]);
    const BertTokenizer tokenizer{std::filesystem::path{argv[2]}, options};
    while (read_frame(text)) {
      if (mode == "pairs" && !read_frame(second)) return 1;
      const Encoding e = mode == "pairs" ? tokenizer.encode(text, second) : tokenizer.encode(text);
      write_frame(e.ids.data(), e.ids.size(), sizeof(std::int32_t));
      if (mode == "pairs") write_frame(e.types.data(), e.types.size(), sizeof(std::int32_t));
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 2 ? argv[1] : "";
  try {
    if (mode == "speed" && argc == 5) return speed(argv[2], argv[3], std::stoi(argv[4]));
    if (mode == "clip" || mode == "words" || ((mode == "ids" || mode == "pairs") && argc > 3))
      return answer(mode, argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
  }
  std::fprintf(stderr, "see the head of tokenizers.cpp\n");
  return 2;
}
