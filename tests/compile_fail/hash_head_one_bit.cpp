// A code of one bit.
// expect: HashHead: a code has at least two bits
// expect: HashHead<16, 1>
#include <hashweave/hashweave.hpp>
using namespace hashweave;
using Arch = Chain<MeanPool<16>, HashHead<16, 1>>;
Model<Cpu<float>, Arch, Tokens<16>> model;
