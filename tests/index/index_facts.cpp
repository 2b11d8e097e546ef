#include <catch2/catch.hpp>
#include <hashweave/index/index_facts.hpp>
#include <hashweave/index/index_file.hpp>
#include <io/files.hpp>
#include <numeric>
#include <random>

using namespace hashweave;
using namespace hashweave::test;

TEST_CASE("The facts of an index file are those of the index", "[index][files]") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "facts.idx";
  std::mt19937_64 random(3);
  std::vector<Code<64>> codes(5000);
  for (auto& code : codes) code.words[0] = random();
  HammingIndex<64, MultiIndexHashing<4>> index{codes};
  index.compact();
  save_index(index, path);

  IndexFacts facts = index_facts(path);
  CHECK(facts.bits == 64);
  CHECK(facts.codes == 5000);
  CHECK(facts.generation == 1);
  CHECK(facts.bytes == std::filesystem::file_size(path));
  REQUIRE(facts.parts.size() == 1);
  CHECK(facts.parts[0].chunks == 4);
  CHECK(facts.parts[0].chunk_bits > 0);

  IndexFile<64, MultiIndexHashing<4>> file{path};
  std::vector<std::int64_t> gone(100);
  std::iota(gone.begin(), gone.end(), 7);
  file.index().remove(gone);
  file.index().add(std::span{codes}.first(10));
  file.commit();
  facts = index_facts(path);
  CHECK(facts.generation == 2);
  CHECK(facts.codes == 4910);
  REQUIRE(facts.parts.size() == 2);
  CHECK(facts.parts[0].removed == 100);
  CHECK(facts.parts[1].codes == 10);
  CHECK(facts.parts[1].chunks == 0);

  put(path, std::string(10000, 'x'));
  CHECK_THROWS_AS(index_facts(path), Error);
}
