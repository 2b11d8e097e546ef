// `fits` names the layer too, deep in a composition.
// expect: this layer does not accept what reaches it
// expect-clang: Joint<hashweave::LayerNorm<12>, hashweave::Tokens<16>>
// expect-gcc: Joint<.*\[with Layer = hashweave::LayerNorm<12>; Reaching = hashweave::Tokens<16>\]
#include <hashweave/hashweave.hpp>
using namespace hashweave;
using Block = Chain<Residual<Named<"norm1", LayerNorm<12>>, Named<"attn", SelfAttention<16, 2>>>>;
static_assert(fits<Chain<Linear<8, 16>, Repeat<2, Recompute<Block>>>, Tokens<8>>());
