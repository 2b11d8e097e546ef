// Images into the text tower.
// expect: this layer does not accept what reaches it
// expect-clang: Joint<.*TokenEmbed<1000, 64, 32, 2>.*, hashweave::Pixels<3, 32, 32> ?>
// expect-gcc: Joint<.*\[with Layer = .*TokenEmbed<1000, 64, 32, 2>.*; Reaching = hashweave::Pixels<3, 32, 32>\]
#include <hashweave/hashweave.hpp>
using namespace hashweave;
using Arch = BertTower<1000, 64, 32, 2, 4, 64>;
Model<Cpu<float>, Arch, Pixels<3, 32, 32>> model;
