// Local heads of two bits each.
// expect: DualStream: Bits must be a multiple of 2 Groups, and each local head needs at least four bits
// expect: DualStream<.*TransformerBlock<16, 2, 32.*, 16, 8, 2
#include <hashweave/hashweave.hpp>
using namespace hashweave;
using Arch = TransHash<32, 8, 16, 3, 8, 2, TransformerBlock<16, 2, 32>>;
Model<Cpu<float>, Arch, Pixels<3, 32, 32>> model;
