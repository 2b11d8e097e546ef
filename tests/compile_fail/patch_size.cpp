// A patch that does not divide the image's side.
// expect: PatchEmbed: the patch must divide the image's height and width
// expect: PatchEmbed<3, 224, 224, 15, 64
#include <hashweave/hashweave.hpp>
using namespace hashweave;
using Arch = VitTower<224, 15, 64, 2, 4, 128>;
Model<Cpu<float>, Arch, Pixels<3, 224, 224>> model;
