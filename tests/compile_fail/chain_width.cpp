// A Linear in a chain that is wider than what reaches it.
// expect: this layer does not accept what reaches it
// expect-clang: Joint<hashweave::Linear<24, 8.*>, hashweave::Tokens<32> ?>
// expect-gcc: Joint<.*\[with Layer = hashweave::Linear<24, 8.*>; Reaching = hashweave::Tokens<32>\]
#include <hashweave/hashweave.hpp>
using namespace hashweave;
using Arch = Chain<Linear<16, 32>, Gelu, Linear<24, 8>>;
Model<Cpu<float>, Arch, Tokens<16>> model;
