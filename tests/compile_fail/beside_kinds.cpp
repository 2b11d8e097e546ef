// Branches that give tokens and vectors cannot stand side by side.
// expect: Beside: both branches must give the same kind of rows
// expect: SideBySide<.*Tokens<16>.*Vectors<16>
#include <hashweave/hashweave.hpp>
using namespace hashweave;
using Arch = Beside<LayerNorm<16>, FirstToken<16>>;
Model<Cpu<float>, Arch, Tokens<16>> model;
