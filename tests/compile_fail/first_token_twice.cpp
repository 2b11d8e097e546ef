// The first token of what is no sequence any more.
// expect: this layer does not accept what reaches it
// expect-clang: Joint<hashweave::FirstToken<16>, hashweave::Vectors<16> ?>
// expect-gcc: Joint<.*\[with Layer = hashweave::FirstToken<16>; Reaching = hashweave::Vectors<16>\]
#include <hashweave/hashweave.hpp>
using namespace hashweave;
using Arch = Chain<FirstToken<16>, Linear<16, 16>, FirstToken<16>>;
Model<Cpu<float>, Arch, Tokens<16>> model;
