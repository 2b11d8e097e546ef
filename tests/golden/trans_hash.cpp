#include <golden/check_layer.hpp>
#include <hashweave/cmh/trans_hash.hpp>

using namespace hashweave;
using namespace hashweave::golden;

namespace {

Family mgvt() {
  return joined({{{{"patch_embed.cls_token", {"cls"}},
                   {"patch_embed.pos_embed", {"pos"}},
                   {"patch_embed.proj", {"patch"}},
                   {"global.head", {"global_head"}},
                   {"local.head.weight", {"local_heads.0.weight", "local_heads.1.weight"}},
                   {"local.head.bias", {"local_heads.0.bias", "local_heads.1.bias"}}}},
                 placed("blocks.{i}", "blocks.{i}", torch_encoder_layer),
                 placed("global.block", "global_block", torch_encoder_layer),
                 placed("local.block", "local_block", torch_encoder_layer)});
}

const Golden trans_hash{"transhash_mgvt", [](auto& check) {
                          check.expect("layer", "MGVT");
                          check.expect("depth_common", 2.0);
                          check.expect("groups", 2.0);
                          check.expect("bits", 16.0);
                          check.expect("heads", 4.0);
                          check.expect("mlp", 96.0);
                          check.expect("norm", "pre");
                          check.expect("activation", "gelu");
                          check.expect("image_size", 32.0);
                          check.expect("patch_size", 8.0);
                          check.expect("split", "torch.tensor_split: the first N mod K groups are one token longer");
                          using Model = TransHash<32, 8, 24, 3, 16, 2, TransformerBlock<24, 4, 96>>;
                          check_layer<Pixels<3, 32, 32>>(check, with_eps<Model>(check.number("eps")), mgvt(),
                                                         "pixel_values");
                        }};

}  // namespace
