#include <hashweave/nn/batch_norm.hpp>
#include <hashweave/nn/embedding.hpp>
#include <hashweave/nn/patch_embed.hpp>
#include <hashweave/nn/self_attention.hpp>
#include <hashweave/nn/split_tokens.hpp>

#include "support/check_error.hpp"
#include "support/check_gradient.hpp"

using namespace hashweave;
using namespace hashweave::test;

namespace {

template <class L, class V>
void check_refused(V x, std::initializer_list<const char*> parts) {
  B be{1};
  const Parameters<B, L> params;
  check_error([&] { L{}.forward(be, *params, x); }, parts);
  check_error([&] { infer(be, L{}, *params, x); }, parts);
}

}  // namespace

TEST_CASE("Token ids outside the vocabulary are refused", "[nn][errors]") {
  Batch<TokenIds> ids{{2, 2}};
  ids.values = {0, 4, 5, 1};
  check_refused<Embedding<5, 3>>(ids.view(), {"TokenEmbed", "id of token 2", "expected 0 to 4, got 5"});
  ids.values = {0, 4, 4, -1};
  check_refused<TokenEmbed<5, 4, 3>>(ids.view(), {"TokenEmbed", "id of token 3", "expected 0 to 4, got -1"});
}
TEST_CASE("Token types outside their table are refused", "[nn][errors]") {
  Batch<TokenIds> ids{{2}};
  ids.types = {0, 2};
  check_refused<TokenEmbed<5, 4, 3, 2>>(ids.view(), {"TokenEmbed", "type of token 1", "expected 0 to 1, got 2"});
  ids.types = {-1, 0};
  check_refused<TokenEmbed<5, 4, 3, 2>>(ids.view(), {"TokenEmbed", "type of token 0", "expected 0 to 1, got -1"});
}
TEST_CASE("Sequences longer than the position table are refused", "[nn][errors]") {
  Batch<TokenIds> ids{{4, 5}};
  check_refused<TokenEmbed<5, 4, 3>>(ids.view(), {"TokenEmbed", "longest sequence", "expected at most 4, got 5"});
}
TEST_CASE("Sequences longer than the logit bias are refused", "[nn][errors]") {
  Batch<Tokens<2>> x{{1, 4}};
  check_refused<SelfAttention<2, 1, Full, LearnedLogitBias<3>>>(
      x.view(), {"SelfAttention", "longest sequence", "expected at most 3, got 4"});
}
TEST_CASE("Empty batches of token ids or images are refused", "[nn][errors]") {
  check_refused<Embedding<5, 3>>(View<B, TokenIds>{}, {"TokenEmbed", "sequences in the batch", "at least 1, got 0"});
  check_refused<PatchEmbed<3, 4, 4, 2, 5>>(View<B, Pixels<3, 4, 4>>{},
                                           {"PatchEmbed", "images in the batch", "at least 1, got 0"});
}
TEST_CASE("BatchNorm refuses to train on a single row", "[nn][errors]") {
  B be{1};
  const Parameters<B, BatchNorm<3>> params;
  Batch<Vectors<3>> x{{1}};
  check_error([&] { BatchNorm<3>{}.forward(be, *params, x.view()); },
              {"BatchNorm", "rows of a training batch", "expected at least 2, got 1"});
  CHECK_NOTHROW(infer(be, BatchNorm<3>{}, *params, x.view()));
}
TEST_CASE("SplitTokens refuses sequences with fewer tokens than groups", "[nn][errors]") {
  Batch<Tokens<2>> x{{5, 3}};
  check_refused<SplitTokens<3, 2>>(x.view(), {"SplitTokens", "tokens of a sequence", "expected at least 4, got 3"});
}
TEST_CASE("FoldRows refuses rows that do not come in groups", "[nn][errors]") {
  Batch<Vectors<2>> x{{5}};
  check_refused<FoldRows<2, 2>>(x.view(), {"FoldRows", "rows", "expected a multiple of 2, got 5"});
}
TEST_CASE("Offsets that are no segments are refused", "[core][errors]") {
  const auto check = [](std::vector<Size> offsets, Size rows, std::initializer_list<const char*> parts) {
    check_error([&] { (void)checked_segments(offsets, rows); }, parts);
  };
  check({}, 0, {"segments", "number of offsets", "at least 2", "got 0"});
  check({0}, 0, {"segments", "number of offsets", "at least 2", "got 1"});
  check({1, 3}, 3, {"segments", "first offset", "expected 0, got 1"});
  check({0, 2, 2, 3}, 3, {"segments", "length of sequence 1", "at least 1, got 0"});
  check({0, 2, 1, 3}, 3, {"segments", "length of sequence 1", "at least 1, got -1"});
  check({0, 2, 4}, 3, {"segments", "last offset", "expected 3, got 4"});
  check({0, 2}, 3, {"segments", "last offset", "expected 3, got 2"});
  const std::vector<Size> good{0, 2, 3};
  const Segments s = checked_segments(good, 3);
  CHECK(s.count == 2);
  CHECK(s.rows() == 3);
  CHECK(s.longest() == 2);
  CHECK(s.length(1) == 1);
}
