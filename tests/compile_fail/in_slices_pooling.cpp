// A pooling branch, whose output has another number of rows, cannot be cut into slices.
// expect: this layer does not accept what reaches it
// expect-clang: Joint<hashweave::InSlices<.*FirstToken<16> ?>, hashweave::Tokens<16> ?>
// expect-gcc: Joint<.*\[with Layer = hashweave::InSlices<.*FirstToken<16> ?>; Reaching = hashweave::Tokens<16>\]
#include <hashweave/hashweave.hpp>
using namespace hashweave;
using Arch = Chain<InSlices<Linear<16, 16>, FirstToken<16>>>;
Model<Cpu<float>, Arch, Tokens<16>> model;
