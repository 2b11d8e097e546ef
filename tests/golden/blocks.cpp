#include <golden/check_layer.hpp>
#include <hashweave/cmh/transformer_block.hpp>

using namespace hashweave;
using namespace hashweave::golden;

namespace {

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
