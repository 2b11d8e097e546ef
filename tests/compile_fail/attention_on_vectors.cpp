// Attention on samples that are no sequences.
// expect: this layer does not accept what reaches it
// expect-clang: Joint<hashweave::SelfAttention<16, 2.*>, hashweave::Vectors<16> ?>
// expect-gcc: Joint<.*\[with Layer = hashweave::SelfAttention<16, 2.*>; Reaching = hashweave::Vectors<16>\]
#include <hashweave/hashweave.hpp>
using namespace hashweave;
using Arch = Chain<FirstToken<16>, SelfAttention<16, 2>>;
Model<Cpu<float>, Arch, Tokens<16>> model;
