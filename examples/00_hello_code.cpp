// A binary code is a row of bits; how alike two things are is how few bits differ. Retrieval is XOR and popcount.
#include <cstdio>
#include <hashweave/index/hamming_index.hpp>
#include <hashweave/index/pack.hpp>
#include <vector>

using namespace hashweave;

int main() {
  // What a hash head gives: numbers in (-1, 1), one row a sample. A bit is 1 where the number is positive.
  const std::vector<float> relaxed{
      0.9F,  -0.8F, 0.7F,  0.6F,  -0.9F, -0.7F, 0.8F,  0.9F,
      0.9F,  0.8F,  -0.6F, -0.9F, 0.7F,  -0.8F, 0.9F,  0.6F,  // a cat
      0.8F,  -0.9F, 0.6F,  -0.2F, -0.8F, -0.9F, 0.7F,  0.9F,
      0.8F,  0.9F,  -0.7F, -0.8F, 0.6F,  -0.9F, 0.8F,  0.7F,  // a kitten
      -0.9F, 0.7F,  -0.6F, 0.8F,  0.9F,  0.8F,  -0.7F, -0.9F,
      0.6F,  -0.8F, 0.9F,  0.7F,  0.8F,  0.9F,  -0.8F, -0.6F,  // a lorry
  };
  const char* names[] = {"cat", "kitten", "lorry"};

  const std::vector<Code<16>> codes = pack<16>(matrix(relaxed.data(), 3, 16));
  for (std::size_t a = 0; a < codes.size(); ++a) {
    for (std::size_t b = a + 1; b < codes.size(); ++b) {
      std::printf("%s and %s differ in %td of 16 bits\n", names[a], names[b], hamming(codes[a], codes[b]));
    }
  }

  const HammingIndex<16> index{codes};
  std::printf("nearest to the cat:\n");
  for (const Hit& hit : index.search(codes[0], 3)) {
    std::printf("  %-7s at distance %td\n", names[hit.id], hit.distance);
  }
}
