// Sentences of unequal lengths lie end to end in one matrix. There is no padding, so there are no masks, and a short
// sentence costs what a short sentence costs.
#include <cmath>
#include <cstdio>
#include <hashweave/hashweave.hpp>
#include <vector>

using namespace hashweave;
using B = Cpu<float>;

int main() {
  // BERT in small: embeddings, two blocks, then the first token of each sentence.
  using Tower = Chain<BertTower<100, 32, 64, 2, 4, 128>, FirstToken<64>>;
  B be;
  Model<B, Tower, TokenIds> model;
  model.params.initialise(7);
  std::printf("%td parameters, among them %s\n", model.params.count(), model.params.entries()[9].name.c_str());

  const std::vector<std::int32_t> ids{2, 17, 45, 3, /**/ 2, 8, 3, /**/ 2, 17, 45, 66, 71, 12, 3};
  const std::vector<Size> offsets{0, 4, 7, 14};
  const View<B, TokenIds> sentences{ids.data(), checked_segments(offsets, static_cast<Size>(ids.size()))};
  const auto together = model.infer(be, sentences);
  std::printf("%td sentences, %td tokens in all, %td vectors of %td\n", sentences.segments.count,
              sentences.segments.rows(), together.rows, together.mat().cols);

  // A sentence gives the same vector whether it comes alone or in company.
  const std::vector<Size> one{0, 3};
  const auto alone = model.infer(be, View<B, TokenIds>{ids.data() + 4, checked_segments(one, 3)});
  float worst = 0;
  for (Size c = 0; c < 64; ++c) worst = std::max(worst, std::abs(alone.mat()(0, c) - together.mat()(1, c)));
  std::printf("largest difference between alone and in company: %.1e\n", static_cast<double>(worst));

  // What cannot be known at compile time is checked at the border, with one clear message.
  try {
    const std::vector<std::int32_t> wrong{2, 100, 3};
    model.infer(be, View<B, TokenIds>{wrong.data(), checked_segments(one, 3)});
  } catch (const Error& e) {
    std::printf("as it should be: %s\n", e.what());
    return worst < 1e-5F ? 0 : 1;
  }
  return 1;
}
