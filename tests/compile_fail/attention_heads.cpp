// A width that is no multiple of the number of heads.
// expect: SelfAttention: the width must be a multiple of the number of heads
// expect: SelfAttention<16, 3
#include <hashweave/hashweave.hpp>
using namespace hashweave;
using Arch = Chain<LayerNorm<16>, SelfAttention<16, 3>>;
Model<Cpu<float>, Arch, Tokens<16>> model;
