// A code that cannot be shared out among three local heads.
// expect: DualStream: Bits must be a multiple of 2 Groups, and each local head needs at least four bits
// expect: DualStream<.*TransformerBlock<16, 2, 32.*, 16, 32, 3
#include <hashweave/hashweave.hpp>
using namespace hashweave;
using Arch = TransHash<32, 8, 16, 3, 32, 3, TransformerBlock<16, 2, 32>>;
Model<Cpu<float>, Arch, Pixels<3, 32, 32>> model;
