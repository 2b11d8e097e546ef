#include <catch2/catch.hpp>
#include <golden/check_layer.hpp>
#include <hashweave/cmh/hash_head.hpp>
#include <hashweave/cmh/transformer_block.hpp>
#include <hashweave/io/position_interpolation.hpp>
#include <hashweave/nn/activation.hpp>
#include <hashweave/nn/layer_norm.hpp>
#include <hashweave/nn/linear.hpp>
#include <hashweave/nn/self_attention.hpp>
#include <hashweave/nn/softmax.hpp>

using namespace hashweave;
using namespace hashweave::golden;

namespace {

const Golden linear{"linear", [](auto& check) {
                      check.expect("layer", "Linear");
                      check.expect("in_features", 24.0);
                      check.expect("out_features", 48.0);
                      check_layer<Tokens<24>>(check, Linear<24, 48>{}, torch_module, "input");
                    }};

const auto layer_norm_case = [](auto& check) {
  check.expect("layer", "LayerNorm");
  check_layer<Tokens<24>>(check, LayerNorm<24>{check.number("eps")}, torch_module, "input");
};
const Golden layernorm_5{"layernorm_1e-05", layer_norm_case};
const Golden layernorm_6{"layernorm_1e-06", layer_norm_case};
const Golden layernorm_12{"layernorm_1e-12", layer_norm_case};

const Golden gelu_erf{"gelu_erf", [](auto& check) {
                        check.expect("layer", "GELU");
                        check.expect("approximate", "none");
                        check_layer<Tokens<24>>(check, Gelu{}, {}, "input");
                      }};
const Golden gelu_tanh{"gelu_tanh", [](auto& check) {
                         check.expect("layer", "GELU");
                         check.expect("approximate", "tanh");
                         check_layer<Tokens<24>>(check, GeluTanh{}, {}, "input");
                       }};
const Golden quick_gelu{"quick_gelu", [](auto& check) {
                          check.expect("layer", "QuickGELU");
                          check_layer<Tokens<24>>(check, QuickGelu{}, {}, "input");
                        }};
const Golden softmax_rows{"softmax", [](auto& check) {
                            check.expect("layer", "Softmax");
                            check_layer<Tokens<24>>(check, Softmax{}, {}, "input");
                          }};

const auto attention_case = [](auto& check) {
  check.expect("layer", "MultiheadAttention");
  check.expect("heads", 4.0);
  check.expect("masked", check.has("in.mask") ? 1.0 : 0.0);
  check_layer<Tokens<24>>(check, SelfAttention<24, 4>{}, torch_attention, "x");
};
const Golden attention_full{"attention", attention_case};
const Golden attention_masked{"attention_masked", attention_case};

const Golden hash_head{"hash_head_eq6", [](auto& check) {
                         check.expect("layer", "HashHead");
                         check.expect("bits", 32.0);
                         check_layer<Vectors<32>>(check, MedianTanh<32>{}, {}, "input");
                       }};

const Golden positions{"position_interpolation", [](auto& check) {
                         check.expect("layer", "position embedding resampled to another grid");
                         check.expect("mode", "bicubic (a = -0.75), align_corners false, no antialias; CLS kept");
                         const auto from = check.values("in.position_embeddings");
                         const Size width = check.tensor("in.position_embeddings").shape.at(2);
                         const auto grid = matrix(from.data(), 26, width);
                         check.output("out.bicubic_3x3", converted<double>(resample_positions(grid, {5, 5}, {3, 3})));
                         check.output("out.bicubic_8x8", converted<double>(resample_positions(grid, {5, 5}, {8, 8})));
                       }};

template <class Block>
Golden block_case(const std::string& norm, const std::string& activation) {
  return {"block_" + norm + "ln_" + activation, [=](auto& check) {
            check.expect("layer", "TransformerBlock");
            check.expect("norm", norm);
            check.expect("activation", activation);
            check.expect("heads", 4.0);
            check.expect("hidden", 48.0);
            check_layer<Tokens<24>>(check, with_eps<Block>(check.number("eps")), torch_encoder_layer, "src");
          }};
}
const Golden pre_relu = block_case<TransformerBlock<24, 4, 48, Relu>>("pre", "relu");
const Golden pre_gelu = block_case<TransformerBlock<24, 4, 48, Gelu>>("pre", "gelu");
const Golden post_relu = block_case<PostNormBlock<24, 4, 48, Relu>>("post", "relu");
const Golden post_gelu = block_case<PostNormBlock<24, 4, 48, Gelu>>("post", "gelu");

}  // namespace

TEST_CASE("Position embeddings resampled to their own grid are unchanged", "[golden][nn]") {
  std::vector<double> values(7 * 4);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<double>(i * i));
  CHECK(resample_positions(matrix(values.data(), 7, 4), {2, 3}, {2, 3}) == values);
}

TEST_CASE("Position embeddings are resampled row by row and column by column", "[golden][nn]") {
  // a plane stays a plane where no neighbour is beyond the border
  std::vector<float> values{9};
  for (int r = 0; r < 6; ++r) {
    for (int c = 0; c < 12; ++c) values.push_back(static_cast<float>(100 * r + c));
  }
  const auto half = resample_positions(matrix(values.data(), 73, 1), {6, 12}, {3, 6});
  REQUIRE(half.size() == 19);
  CHECK(half[0] == 9.0F);
  CHECK(half[1 + 6 + 2] == Approx(100 * 2.5 + 4.5));
  CHECK(half[1 + 6 + 3] == Approx(100 * 2.5 + 6.5));
}

TEST_CASE("Position embeddings that do not fit their grid are refused", "[golden][nn]") {
  const std::vector<float> values(26 * 2);
  const auto positions_26 = matrix(values.data(), 26, 2);
  CHECK_THROWS_WITH(resample_positions(positions_26, {5, 4}, {3, 3}),
                    "resample_positions: rows of the positions: expected 21, got 26");
  CHECK_THROWS_WITH(resample_positions(positions_26, {0, 5}, {3, 3}),
                    "resample_positions: patches of the present grid: expected at least 1 x 1, got 0 x 5");
  CHECK_THROWS_WITH(resample_positions(positions_26, {5, 5}, {3, -1}),
                    "resample_positions: patches of the grid wanted: expected at least 1 x 1, got 3 x -1");
}
