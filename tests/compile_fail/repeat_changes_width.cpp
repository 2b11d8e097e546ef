// A repeated layer that gives another width than it takes.
// expect: this layer must give back what it takes
// expect-clang: GivesBack<hashweave::Linear<16, 8.*>, hashweave::Tokens<16>, hashweave::Tokens<8> ?>
// expect-gcc: GivesBack<.*\[with Layer = hashweave::Linear<16, 8.*>; Takes = hashweave::Tokens<16>; Gives =
// hashweave::Tokens<8>\]
#include <hashweave/hashweave.hpp>
using namespace hashweave;
using Arch = Chain<Repeat<3, Linear<16, 8>>>;
Model<Cpu<float>, Arch, Tokens<16>> model;
