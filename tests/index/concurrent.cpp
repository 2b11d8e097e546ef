#include <atomic>
#include <catch2/catch.hpp>
#include <hashweave/index/hamming_index.hpp>
#include <random>
#include <span>
#include <thread>
#include <vector>

using namespace hashweave;

TEST_CASE("Searches go on while another thread adds, removes and updates", "[index][threads]") {
  std::mt19937_64 random(5);
  std::vector<Code<64>> codes(20'000);
  for (auto& code : codes) code.words[0] = random() | random();
  HammingIndex<64, MultiIndexHashing<>> index{std::span(codes).first(2000)};
  std::atomic<bool> done = false;
  std::vector<std::thread> searchers;
  std::atomic<int> wrong = 0, searches = 0;
  for (int t = 0; t < 2; ++t)
    searchers.emplace_back([&, t] {
      for (std::size_t i = static_cast<std::size_t>(t); !done || searches < 20; ++i) {
        // items 0 to 999 are never touched: whoever asks for one finds it, whatever else is going on
        const auto id = static_cast<std::int64_t>(i % 1000);
        const auto hits = index.search(codes[static_cast<std::size_t>(id)], 5);
        if (hits.empty() || hits[0].distance != 0 || !index.reconstruct(id)) ++wrong;
        ++searches;
      }
    });
  for (std::size_t at = 2000; at < codes.size(); at += 500) {
    index.add(std::span(codes).subspan(at, 500));
    index.remove(std::vector<std::int64_t>{static_cast<std::int64_t>(at), static_cast<std::int64_t>(at) + 3});
    index.update(std::span(codes).first(1), std::vector<std::int64_t>{static_cast<std::int64_t>(at) + 1});
    if (at % 4000 == 0) index.compact();
  }
  done = true;
  for (auto& searcher : searchers) searcher.join();
  CHECK(wrong == 0);
  CHECK(index.size() == 20'000 - 72);
}
