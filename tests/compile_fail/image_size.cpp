// Images of another size than the tower takes.
// expect: this layer does not accept what reaches it
// expect-clang: Joint<.*PatchEmbed<3, 224, 224, 16, 64.*>, hashweave::Pixels<3, 256, 256> ?>
// expect-gcc: Joint<.*\[with Layer = .*PatchEmbed<3, 224, 224, 16, 64.*>; Reaching = hashweave::Pixels<3, 256, 256>\]
#include <hashweave/hashweave.hpp>
using namespace hashweave;
using Arch = VitTower<224, 16, 64, 2, 4, 128>;
Model<Cpu<float>, Arch, Pixels<3, 256, 256>> model;
