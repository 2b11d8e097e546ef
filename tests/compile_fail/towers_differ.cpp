// Two towers that give tokens of different widths.
// expect: CrossModal: both towers must give the same samples to the trunk
// expect-clang: TrunkJoint<.*hashweave::Tokens<48>, hashweave::Tokens<40> ?>
// expect-gcc: TrunkJoint<.*\[with Trunk = .*; FromImages = hashweave::Tokens<48>; FromTexts = hashweave::Tokens<40>\]
#include <hashweave/hashweave.hpp>
using namespace hashweave;
using ImageTower = Chain<VitTower<32, 16, 64, 1, 4, 128>, Linear<64, 48>>;
using TextTower = Chain<BertTower<1000, 64, 32, 1, 4, 64>, Linear<32, 40>>;
using Trunk = Chain<SharedCrossEncoder<48, 1, 4, 96>, HashHead<48, 16>>;
Model<Cpu<float>, CrossModal<ImageTower, TextTower, Trunk>, Pixels<3, 32, 32>, TokenIds> model;
