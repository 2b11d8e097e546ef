// A trunk that is wider than the towers.
// expect: this layer does not accept what reaches it
// expect-clang: Joint<hashweave::LayerNorm<64>, hashweave::Tokens<48>>
// expect-gcc: Joint<.*\[with Layer = hashweave::LayerNorm<64>; Reaching = hashweave::Tokens<48>\]
#include <hashweave/hashweave.hpp>
using namespace hashweave;
using ImageTower = Chain<VitTower<32, 16, 64, 1, 4, 128>, Linear<64, 48>>;
using TextTower = Chain<BertTower<1000, 64, 32, 1, 4, 64>, Linear<32, 48>>;
using Trunk = Chain<SharedCrossEncoder<64, 1, 4, 96>, HashHead<64, 16>>;
Model<Cpu<float>, CrossModal<ImageTower, TextTower, Trunk>, Pixels<3, 32, 32>, TokenIds> model;
