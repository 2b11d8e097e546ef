// A hash head that is wider than what reaches it.
// expect: this layer does not accept what reaches it
// expect-clang: Joint<hashweave::Linear<24, 64>, hashweave::Vectors<16>>
// expect-gcc: Joint<.*\[with Layer = hashweave::Linear<24, 64.*>; Reaching = hashweave::Vectors<16> ?\]
#include <hashweave/hashweave.hpp>
using namespace hashweave;
using Arch = Chain<MeanPool<16>, HashHead<24, 64>>;
Model<Cpu<float>, Arch, Tokens<16>> model;
