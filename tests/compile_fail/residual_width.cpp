// A Linear inside a residual that does not take what reaches it.
// expect: this layer does not accept what reaches it
// expect-clang: Joint<hashweave::Linear<24, 16.*>, hashweave::Tokens<32> ?>
// expect-gcc: Joint<.*\[with Layer = hashweave::Linear<24, 16.*>; Reaching = hashweave::Tokens<32>\]
#include <hashweave/hashweave.hpp>
using namespace hashweave;
using Arch = Chain<Residual<LayerNorm<16>, Linear<16, 32>, Relu, Linear<24, 16>>>;
Model<Cpu<float>, Arch, Tokens<16>> model;
