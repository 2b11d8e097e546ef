#include <catch2/catch.hpp>
#include <hashweave/text/bert_tokenizer.hpp>
#include <string>
#include <thread>
#include <vector>

using namespace hashweave;

TEST_CASE("Threads may share a tokenizer", "[text][threads]") {
  const BertTokenizer t{Vocabulary::parse("[UNK]\n[CLS]\n[SEP]\nthe\ndog\n##s\ne\n\u4e2d\n")};
  const std::string text = "The dogs, \u4e2d\u00c9 [SEP] the \u1e14\u302e\U0001d165";
  const auto expected = t.encode(text).ids;
  std::vector<std::thread> threads;
  std::vector<int> wrong(4);
  for (std::size_t n = 0; n < wrong.size(); ++n) {
    threads.emplace_back([&, n] {
      for (int i = 0; i < 200; ++i) wrong[n] += t.encode(text).ids != expected ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(expected == std::vector<std::int32_t>{1, 3, 4, 5, 0, 7, 6, 2, 3, 0, 2});
  CHECK(wrong == std::vector<int>(4));
}
