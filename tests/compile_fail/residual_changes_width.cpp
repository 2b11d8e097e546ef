// The branch of a residual that gives another width than it takes.
// expect: this layer must give back what it takes
// expect-clang: GivesBack<hashweave::Chain<hashweave::Linear<16, 8.*> ?>, hashweave::Tokens<16>, hashweave::Tokens<8>
// ?> expect-gcc: GivesBack<.*\[with Layer = hashweave::Chain<hashweave::Linear<16, 8.*> ?>; Takes =
// hashweave::Tokens<16>; Gives = hashweave::Tokens<8>\]
#include <hashweave/hashweave.hpp>
using namespace hashweave;
using Arch = Chain<Residual<Linear<16, 8>>, LayerNorm<8>>;
Model<Cpu<float>, Arch, Tokens<16>> model;
