// A trunk that gives a code for every token.
// expect: CrossModal: the trunk must give one vector a sample
// expect-clang: TrunkGives<.*hashweave::Tokens<16> ?>
// expect-gcc: TrunkGives<.*\[with Trunk = .*; Gives = hashweave::Tokens<16>\]
#include <hashweave/hashweave.hpp>
using namespace hashweave;
using ImageTower = Chain<VitTower<32, 16, 64, 1, 4, 128>, Linear<64, 48>>;
using TextTower = Chain<BertTower<1000, 64, 32, 1, 4, 64>, Linear<32, 48>>;
using Trunk = Chain<SharedCrossEncoder<48, 1, 4, 96, AllTokens>, HashHead<48, 16>>;
Model<Cpu<float>, CrossModal<ImageTower, TextTower, Trunk>, Pixels<3, 32, 32>, TokenIds> model;
